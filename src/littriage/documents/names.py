"""Where a document calls a known direction by one of its names.

Words of scripts with spaces are compared as `directions.canonical` does, whole and without case, hyphens and plurals.
Chinese has no spaces, so each of its characters counts by itself, and a word beside one is whole: `DDPM的加速` holds
`DDPM`. All names are looked for at once, in time linear in the text.
"""

from __future__ import annotations

import re
from bisect import bisect_right
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field

from littriage.directions import canonical
from littriage.documents.document import Document, Section
from littriage.documents.folding import CHARACTERS, TOKEN, Folded, fold
from littriage.model import Catalogue, Direction

_PARENTHESIS = re.compile(r"\s*[(（][^()（）]*[)）]\s*$")
_CHARACTER = re.compile(f"[{CHARACTERS}]")
_GAP = re.compile(r"""[ \t\xa0\u3000\n\-‐‑‒–—_/'’`"“”*+&·]{0,3}""")
"""What may stand inside a name between two words: no comma, no full stop, no bracket."""
_LEAST_CHARACTERS = 3
"""Of a Chinese name that nobody listed as an alias: 分类 and 匹配 stand in every text."""
_MOST_ACRONYM = 5


@dataclass(frozen=True, slots=True)
class Mention:
    """One place where a document names a direction."""

    direction: str
    """Slug."""
    start: int
    end: int
    term: str
    """As it stands in the text: text[start:end]."""
    alias: str
    """The known name that it is."""
    section: int
    """Number of the section in which it begins."""


@dataclass(frozen=True, slots=True)
class _Name:
    direction: str
    alias: str
    acronym: bool
    """Written in capitals (CLIP, MoE): found only where the text has two capitals as well."""


@dataclass(slots=True)
class _Node:
    """The tokens that can follow, and the names that end here."""

    following: dict[str, _Node] = field(default_factory=dict)
    names: list[_Name] = field(default_factory=list)


def known_names(direction: Direction) -> tuple[str, ...]:
    """The names by which documents may call a direction: its own in both languages, and its aliases.

    A name that ends in parentheses counts without them too. A short Chinese name counts only as an alias.
    """
    names = [direction.name, _PARENTHESIS.sub("", direction.name), direction.name_zh, *direction.aliases]
    return tuple(
        dict.fromkeys(
            name
            for name in names
            if name in direction.aliases or not re.fullmatch(f"[{CHARACTERS}]{{0,{_LEAST_CHARACTERS - 1}}}", name)
        )
    )


class NameFinder:
    """Finds the names of a catalogue's directions in documents.

    Names are `known_names` and, where a query is a single group, those of its phrases that have two words or more and
    stand in no other query: each of these says by itself what the direction is. A name that two directions share
    stands for both.
    """

    def __init__(self, catalogue: Catalogue) -> None:
        self._root = _Node()
        for direction in catalogue.directions:
            for name in known_names(direction):
                self._enter(direction.slug, name)
        for slug, phrase in _phrases(catalogue.directions):
            self._enter(slug, phrase, unless_known=True)
        characters = "".join(sorted(token for token in self._root.following if _CHARACTER.match(token)))
        self._first = re.compile(rf"[{characters}]|[^\W_{CHARACTERS}]+" if characters else rf"[^\W_{CHARACTERS}]+")

    def mentions(self, document: Document, sections: Sequence[Section]) -> tuple[Mention, ...]:
        """Every mention, by place in the text; of names inside one another only the longest."""
        folded = fold(document.text)
        starts = [section.start for section in sections]
        found = []
        reached = 0
        for begin, until, names in self._matches(folded):
            start, end = folded.span(begin, until)
            if end <= reached:
                continue
            reached = end
            place = bisect_right(starts, start)
            number = sections[place - 1].number if place else 0
            found += [Mention(one.direction, start, end, document.text[start:end], one.alias, number) for one in names]
        return tuple(found)

    def _enter(self, slug: str, name: str, *, unless_known: bool = False) -> None:
        tokens = list(_tokens(name))
        if not tokens:
            return
        node = self._root
        for token in tokens:
            node = node.following.setdefault(token, _Node())
        acronym = len(tokens) == 1 and len(name) <= _MOST_ACRONYM and _capitals(name) > 1
        if (unless_known and node.names) or any(one.direction == slug and one.acronym <= acronym for one in node.names):
            return
        # A spelling that is found in any case takes the place of the same one in capitals.
        node.names = [one for one in node.names if one.direction != slug]
        node.names.append(_Name(slug, name, acronym))

    def _matches(self, folded: Folded) -> Iterator[tuple[int, int, list[_Name]]]:
        """The longest match from every token at which one begins."""
        text = folded.text
        stems: dict[str, str] = {}
        root = self._root.following
        for first in self._first.finditer(text):
            word = first[0]
            stem = stems.get(word)
            if stem is None:
                stem = stems[word] = _stem(word)
            node = root.get(stem)
            if node is None:
                continue
            begin, end = first.span()
            best: tuple[int, list[_Name]] | None = None
            while True:
                names = [one for one in node.names if not one.acronym or _shouted(folded, begin, end)]
                if names:
                    best = (end, names)
                if not node.following:
                    break
                token = _next_token(text, end)
                following = node.following.get(_stem(token[0])) if token else None
                if token is None or following is None:
                    break
                node, end = following, token.end()
            if best:
                yield begin, best[0], best[1]


def _phrases(directions: Sequence[Direction]) -> Iterator[tuple[str, str]]:
    """Slug and phrase, of the phrases that by themselves say what their direction is."""
    used: dict[str, set[str]] = {}
    for direction in directions:
        for phrase in _all_phrases(direction):
            used.setdefault(canonical(phrase), set()).add(direction.slug)
    for direction in directions:
        if len(direction.query.all_of) == 1:
            for phrase in direction.query.all_of[0]:
                form = canonical(phrase)
                if " " in form and len(used[form]) == 1:
                    yield direction.slug, phrase


def _all_phrases(direction: Direction) -> Iterable[str]:
    return (phrase for group in direction.query.all_of for phrase in group)


def _tokens(name: str) -> Iterator[str]:
    return (_stem(token[0]) for token in TOKEN.finditer(fold(name).text))


def _stem(token: str) -> str:
    return token if _CHARACTER.match(token) else canonical(token)


def _next_token(text: str, end: int) -> re.Match[str] | None:
    """The token that goes on with a name after `end`."""
    gap = _GAP.match(text, end)
    after = gap.end() if gap else end
    token = TOKEN.match(text, after)
    if token is None:
        return None
    between = text[end:after]
    if between.count("\n") > 1:
        return None
    # Between two Chinese characters a blank, the end of a line or a plus (预训练+微调) may stand, and nothing else.
    chinese = _CHARACTER.match(token[0]) and _CHARACTER.match(text[end - 1])
    return None if chinese and (len(between) > 1 or between.strip(" \t\n\u3000+")) else token


def _capitals(text: str) -> int:
    return sum(char.isupper() for char in text)


def _shouted(folded: Folded, begin: int, end: int) -> bool:
    start, until = folded.span(begin, end)
    return _capitals(folded.original[start:until]) > 1
