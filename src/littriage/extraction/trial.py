"""A draft tried on stored papers: what its query finds, and whether its exemplars are what their ids say."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from difflib import SequenceMatcher

from littriage.directions import Matcher, canonical
from littriage.model import Direction, Exemplar

SAMPLES = 5
SAME_TITLE = 0.8
"""Likeness of two titles, 0 to 1, from which on they are one paper's (Ratcliff and Obershelp, by `difflib`)."""

PaperText = tuple[str, str, str | None, Sequence[str]]
"""Id, title, abstract, categories."""


@dataclass(frozen=True, slots=True)
class Trial:
    """What a query finds among the papers that it was tried on."""

    hits: int
    papers: int
    """How many papers it was tried on."""
    samples: tuple[tuple[str, str], ...]
    """Id and title of the first hits."""


def trials(directions: Sequence[Direction], papers: Iterable[PaperText]) -> dict[str, Trial]:
    """The trial of each direction, by slug, in one pass over the papers; the first hits are the samples."""
    matcher = Matcher(directions)
    screens = [_Screen(direction) for direction in directions]
    hits = {direction.slug: 0 for direction in directions}
    samples: dict[str, list[tuple[str, str]]] = {direction.slug: [] for direction in directions}
    tried = 0
    for paper_id, title, abstract, categories in papers:
        tried += 1
        text = f"{title}\n{abstract or ''}".lower()
        if text.isascii() and "\\" not in text and "{" not in text and not any(one.passes(text) for one in screens):
            continue  # most papers: reading every word of them takes a hundred times as long
        for hit in matcher.hits(title, abstract, categories):
            hits[hit.direction] += 1
            if len(samples[hit.direction]) < SAMPLES:
                samples[hit.direction].append((paper_id, title))
    return {slug: Trial(count, tried, tuple(samples[slug])) for slug, count in hits.items()}


class _Screen:
    """Lets every plain text through that a query can match, and few others."""

    def __init__(self, direction: Direction) -> None:
        self._groups = [
            [[_beginning(word) for word in canonical(phrase).split()] for phrase in group]
            for group in direction.query.all_of
        ]

    def passes(self, text: str) -> bool:
        """Whether of each group all words of a phrase may stand in a lower-case text."""
        return all(any(all(word in text for word in phrase) for phrase in group) for group in self._groups)


def _beginning(stem: str) -> str:
    """What every form of a word begins with, plurals such as theories and indices included."""
    return stem[:3] if len(stem) < 5 else stem[:-2]


def with_checked_exemplars(direction: Direction, titles: Mapping[str, str]) -> tuple[Direction, tuple[Exemplar, ...]]:
    """The direction with its exemplars compared with stored titles, and the exemplars that are other papers.

    One whose id is stored with a like title is checked and gets that title; one whose id is not stored stays
    unchecked; one whose id is another paper's is taken out.
    """
    kept: list[Exemplar] = []
    wrong: list[Exemplar] = []
    for exemplar in direction.exemplars:
        stored = titles.get(exemplar.arxiv_id) if exemplar.arxiv_id else None
        if stored is None:
            kept.append(exemplar)
        elif same_title(exemplar.title, stored):
            kept.append(replace(exemplar, title=stored, checked=True))
        else:
            wrong.append(exemplar)
    return replace(direction, exemplars=tuple(kept)), tuple(wrong)


def same_title(one: str, other: str) -> bool:
    """Whether two titles are one paper's: alike, or one is the other without its subtitle."""
    first, second = sorted((canonical(one), canonical(other)), key=len)
    if first and second.startswith(f"{first} ") and first.count(" ") >= 2:
        return True
    return SequenceMatcher(None, first, second, autojunk=False).ratio() >= SAME_TITLE
