"""Where words stand in a text, told by code: a language model cannot count characters.

A model sees a text without its invisible characters, and it quotes with other white space, other width or another case
than the text has. So both are compared in one form, and every place of that form knows the character it came from.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass

from littriage.documents.folding import CHARACTERS, TOKEN

NEAR_CHARS = 160
"""A named term may stand so far from the words that support a claim, in characters of the text."""

_INVISIBLE = {"Cc", "Cf", "Co", "Cn", "Cs"}
"""As in `prompts.quoted`: control, format (zero-width, bidirectional), private, unassigned, surrogate."""

Span = tuple[int, int]
"""Characters of a text: from, up to."""


def is_invisible(char: str) -> bool:
    """Whether a reader does not see the character; white space is seen."""
    return not char.isspace() and unicodedata.category(char) in _INVISIBLE


@dataclass(frozen=True, slots=True)
class Shown:
    """A part of a text as a model sees it, and where each of its characters stands in the text."""

    text: str
    offsets: tuple[int, ...]
    """One for each character of `text`."""

    def span(self, first: int, last: int) -> Span:
        """Characters of the whole text for characters `first` up to `last` of the shown part."""
        return self.offsets[first], self.offsets[last - 1] + 1


def shown(text: str, start: int = 0, end: int | None = None, without: Sequence[Span] = ()) -> Shown:
    """The characters `start` up to `end` of a text without the invisible ones; other white space than \\n is a space.

    Unlike `prompts.quoted` it keeps every other character in its place, so that what is quoted from it can be found.
    `without` are spans to leave out, in order.
    """
    gaps = {place for first, last in without for place in range(first, last)}
    kept = [
        (char if char == "\n" or not char.isspace() else " ", place)
        for place, char in enumerate(text[start:end], start=start)
        if place not in gaps and not is_invisible(char)
    ]
    return Shown("".join(char for char, _ in kept), tuple(place for _, place in kept))


class Places:
    """A part of a text in the form in which words are looked for, with the way back to the text."""

    def __init__(self, part: Shown) -> None:
        self._form, places = _form(part.text)
        self._offsets = [part.offsets[place] for place in places]

    def all(self, words: str, *, whole: bool = True) -> list[Span]:
        """Where these words stand: characters of the text, in order, not overlapping; empty for no words.

        White space of any length is the same; case, width, Unicode form and the kind of quotation mark do not matter.
        `whole`: a Latin letter or digit does not go on before or after them, but for the -s of a plural.
        """
        wanted, _ = _form(words.strip())
        if not wanted.strip():
            return []
        found: list[Span] = []
        at = self._form.find(wanted)
        while at >= 0:
            after = at + len(wanted)
            if whole and not self._is_whole(at, after):
                at = self._form.find(wanted, at + 1)
                continue
            found.append((self._offsets[at], self._offsets[after - 1] + 1))
            at = self._form.find(wanted, after)
        return found

    def _is_whole(self, first: int, after: int) -> bool:
        if self._goes_on(first - 1):
            return False
        plural = self._form[after : after + 1] == "s" and not self._goes_on(after)
        return plural or not self._goes_on(after - 1)

    def _goes_on(self, place: int) -> bool:
        """Whether the sign at a place of the form and the next one belong to one Latin word."""
        pair = self._form[max(place, 0) : place + 2]
        return place >= 0 and len(pair) == 2 and all(_LATIN.match(sign) for sign in pair)


def _form(text: str) -> tuple[str, list[int]]:
    """The text in one form (NFKD, case folded, one space for white space), with the place of each character."""
    chars: list[str] = []
    offsets: list[int] = []
    for place, char in enumerate(text):
        if char.isspace():
            if chars and chars[-1] != " ":
                chars.append(" ")
                offsets.append(place)
        elif not is_invisible(char):
            char = _QUOTES.get(char, char)
            for part in unicodedata.normalize("NFKD", unicodedata.normalize("NFKD", char).casefold()):
                chars.append(" " if part.isspace() else part)
                offsets.append(place)
    return "".join(chars), offsets


_LATIN = re.compile("[a-z0-9\u00df-\u024f]")
_QUOTES = {"\u2018": "'", "\u2019": "'", "\u201c": '"', "\u201d": '"', "\u2013": "-", "\u2014": "-", "\u2011": "-"}
"""What models write for another: quotation marks and dashes."""


def contains(text: str, span: Span, words: str) -> bool:
    """Whether the words stand within these characters of the text."""
    first, last = span
    return 0 <= first < last <= len(text) and bool(Places(shown(text, first, last)).all(words))


def locate(places: Places, term: str, evidence: str, given: int = -1) -> Span | None:
    """The characters that hold both the words of evidence and the term; None where they do not stand together.

    Where the evidence itself does not hold the term, the term must stand within NEAR_CHARS of it. Of several places the
    one that begins at `given` is taken, else the first; `given` alone never makes a place.
    """
    terms = places.all(term)
    if not terms:
        return None
    fitting: list[Span] = []
    for words in places.all(evidence, whole=False):
        nearest = min(terms, key=lambda place, words=words: (_gap(place, words), place))  # type: ignore[misc]
        if _gap(nearest, words) <= NEAR_CHARS:
            fitting.append((min(words[0], nearest[0]), max(words[1], nearest[1])))
    if not fitting:
        return None
    return next((span for span in fitting if span[0] == given), fitting[0])


def _gap(one: Span, other: Span) -> int:
    """Characters between two places; 0 where they touch or overlap."""
    return max(0, one[0] - other[1], other[0] - one[1])


# --- words ------------------------------------------------------------------------------------------------------


def words_at(part: Shown) -> list[tuple[str, int, int]]:
    """(word, from, up to) of each word of a text without punctuation and case; a Chinese sign is a word of its own."""
    form, places = _form(part.text)
    return [
        (found.group(), part.offsets[places[found.start()]], part.offsets[places[found.end() - 1]] + 1)
        for found in TOKEN.finditer(form)
    ]


def tokens(text: str) -> tuple[str, ...]:
    """The words of a text, as in `words_at`."""
    return tuple(TOKEN.findall(_form(text)[0]))


_CHARACTER = re.compile(f"[{CHARACTERS}]")


def is_chinese(text: str) -> bool:
    """Whether the text has Chinese signs, as much as a third of its words."""
    parts = tokens(text)
    return bool(parts) and 3 * sum(bool(_CHARACTER.fullmatch(part)) for part in parts) >= len(parts)


class Copies:
    """Tells whether a sentence repeats a run of a text's words."""

    def __init__(self, text: str) -> None:
        self._words = tokens(text)
        self._runs: dict[int, frozenset[tuple[str, ...]]] = {}

    def shares(self, sentence: str, most_words: int) -> bool:
        """Whether more than `most_words` words in a row are the text's own."""
        length = most_words + 1
        if length not in self._runs:
            self._runs[length] = frozenset(runs(self._words, length))
        return any(run in self._runs[length] for run in runs(tokens(sentence), length))


def runs(words: Sequence[str], length: int) -> list[tuple[str, ...]]:
    """Every run of so many words, in order; empty for a shorter text."""
    return [tuple(words[first : first + length]) for first in range(len(words) - length + 1)]
