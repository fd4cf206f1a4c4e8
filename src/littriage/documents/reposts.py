"""The same answer in two documents: reprinted, shortened, with other punctuation, or without its author's line.

Sections are compared by their runs of characters, spaces and punctuation left out: the containment of the smaller set
of runs in the larger one (Broder, "On the resemblance and containment of documents", 1997,
https://doi.org/10.1109/SEQUEN.1997.666900). An inverted index finds the sections that share any.
"""

from __future__ import annotations

import re
import zlib
from collections.abc import Sequence
from dataclasses import dataclass

from littriage.documents.document import Document, Section
from littriage.documents.folding import Folded, fold

RUN = 8
"""Characters of a run."""
LEAST_SHARE = 0.6
"""Common part of the shorter section from which on it is the same answer."""
_LEAST_RUNS = 40
"""Of a section: shorter ones say too little to be recognised."""
_MOST_EARLIER = 20
"""Earliest sections with a run that are compared: a set phrase, such as a notice of rights, stands in very many."""
_MOST_CHARACTERS = 2_000_000
"""Of all documents together: of more, only every second, third, ... run is looked at, the same ones in each."""
_LEAST_PASSAGE = 16
"""Characters of a common passage that counts for the span."""
_ADDRESS = re.compile(r"https?:?//[^\s，。；）)】\]]+")


@dataclass(frozen=True, slots=True)
class Repost:
    """A section whose text stands in an earlier document already. Documents are given by name."""

    document: str
    section: int
    span: tuple[int, int]
    """From the first to the last common passage."""
    original: str
    original_section: int
    original_span: tuple[int, int]
    share: float
    """Part of the shorter text that is common, 0 to 1."""


@dataclass(frozen=True, slots=True)
class _Text:
    """A section's letters and digits in a row."""

    document: Document
    section: Section
    folded: Folded
    row: str
    places: tuple[int, ...]
    """Of each character of the row, its place in the folded section."""
    runs: frozenset[str]

    def span(self, common: frozenset[str]) -> tuple[int, int]:
        """From the beginning of the first common passage to the end of the last, in the document."""
        first, last = len(self.row), 0
        start = end = -1
        for begin in (place for place in range(len(self.row) - RUN + 1) if self.row[place : place + RUN] in common):
            if begin > end:
                start = begin
            end = begin + RUN
            if end - start >= _LEAST_PASSAGE:
                first, last = min(first, start), end
        if last == 0:
            first, last = 0, len(self.row)
        inside = self.folded.span(self.places[first], self.places[last - 1] + 1)
        return self.section.start + inside[0], self.section.start + inside[1]


def reposts(documents: Sequence[tuple[Document, Sequence[Section]]]) -> tuple[Repost, ...]:
    """The sections that repeat a section of an earlier document, in the order of the documents given.

    A document with an earlier day is the original, by its section's own day where it has none itself; those without a
    day come last, by name. A section that repeats several is given with the earliest of them, and of one document with
    the most similar.
    """
    step = 1 + sum(len(document.text) for document, _ in documents) // _MOST_CHARACTERS
    texts = [_text(document, section, step) for document, parts in documents for section in parts]
    texts = [one for one in texts if len(one.runs) * step >= _LEAST_RUNS]
    ranks = [_rank(one) for one in texts]
    holders: dict[str, list[int]] = {}
    for number in sorted(range(len(texts)), key=ranks.__getitem__):
        for run in texts[number].runs:
            held = holders.setdefault(run, [])
            if len(held) < _MOST_EARLIER:
                held.append(number)

    found = []
    for number, one in enumerate(texts):
        common: dict[int, int] = {}
        for run in one.runs:
            for other in holders[run]:
                if ranks[other] < ranks[number] and texts[other].document.name != one.document.name:
                    common[other] = common.get(other, 0) + 1
        same = []
        for other, shared in common.items():
            share = shared / min(len(one.runs), len(texts[other].runs))
            if share >= LEAST_SHARE:
                same.append((ranks[other], -share, other))
        if same:
            found.append(_repost(one, texts[min(same)[2]]))
    return tuple(found)


def _rank(text: _Text) -> tuple[bool, str, str]:
    day = text.document.day or text.section.day
    return not day, day, text.document.name


def _text(document: Document, section: Section, step: int) -> _Text:
    folded = fold(document.text[section.start : section.end])
    bare = _ADDRESS.sub(lambda found: " " * len(found[0]), folded.text)
    places = tuple([place for place, char in enumerate(bare) if char.isalnum()])
    row = "".join([bare[place] for place in places])
    runs = {row[place : place + RUN] for place in range(len(row) - RUN + 1)}
    if step > 1:
        runs = {run for run in runs if zlib.crc32(run.encode()) % step == 0}
    return _Text(document, section, folded, row, places, frozenset(runs))


def _repost(one: _Text, other: _Text) -> Repost:
    common = one.runs & other.runs
    return Repost(
        document=one.document.name,
        section=one.section.number,
        span=one.span(common),
        original=other.document.name,
        original_section=other.section.number,
        original_span=other.span(common),
        share=len(common) / min(len(one.runs), len(other.runs)),
    )
