"""A text in the form in which names and copies are compared, with the way back to its own offsets.

Letter by letter the same form as `directions.canonical`: compatibility forms (full-width letters, ligatures), case and
accents go, invisible characters vanish. Punctuation stays where it is, so that a name cannot run across a sentence.
"""

from __future__ import annotations

import re
import unicodedata
from array import array
from dataclasses import dataclass
from functools import lru_cache
from itertools import chain, repeat

CHARACTERS = (
    "\u1100-\u11ff\u3005-\u3007\u3040-\u30ff\u3400-\u4dbf\u4e00-\u9fff\uac00-\ud7af\uf900-\ufaff\U00020000-\U0003ffff"
)
"""Ranges of a regular expression's class: scripts without spaces between words, of which every character counts."""
TOKEN = re.compile(rf"[{CHARACTERS}]|[^\W_{CHARACTERS}]+")
"""A character of those scripts, or a word of any other."""

_VANISHING = re.compile(r"[\u0300-\u036f\u00ad\u061c\u200b-\u200f\u202a-\u202e\u2060-\u2064\ufe00-\ufe0f\ufeff]")
_UNDECOMPOSED = str.maketrans({"ø": "o", "ł": "l", "đ": "d", "ı": "i", "æ": "ae", "œ": "oe"})
_MARKS = re.compile(r"[\u0300-\u036f]*")


@dataclass(frozen=True, slots=True)
class Folded:
    """A folded text and where each of its characters stood."""

    text: str
    original: str
    places: array[int] | None
    """Of each folded character, its place in the original; None where all stand where they stood."""

    def span(self, start: int, end: int) -> tuple[int, int]:
        """Where folded[start:end], not empty, stands in the original, an accent after its last letter included."""
        if self.places is None:
            return start, end
        last = self.places[end - 1] + 1
        marks = _MARKS.match(self.original, last)
        return self.places[start], marks.end() if marks else last


def fold(text: str) -> Folded:
    """The text as names and copies are compared."""
    forms = {char: _folded(char) for char in set(text)}
    folded = text.translate({ord(char): form for char, form in forms.items() if form != char})
    if all(len(form) == 1 for form in forms.values()):
        return Folded(folded, text, None)
    counts = (len(forms[char]) for char in text)
    places = array("q", chain.from_iterable(repeat(place, count) for place, count in enumerate(counts)))
    return Folded(folded, text, places)


@lru_cache(maxsize=1 << 16)
def _folded(char: str) -> str:
    if char < "\x80":
        return char.lower()
    plain = unicodedata.normalize("NFKD", unicodedata.normalize("NFKD", char).casefold())
    kept = unicodedata.normalize("NFKC", _VANISHING.sub("", plain).translate(_UNDECOMPOSED))
    # An ellipsis need not become three dots: what holds no word keeps its place.
    return kept if not kept or TOKEN.search(kept) or len(kept) == 1 else char
