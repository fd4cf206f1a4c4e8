"""Passages that stand in an earlier document already: read there once, and told of both."""

from __future__ import annotations

from collections.abc import Sequence
from difflib import SequenceMatcher

from littriage.documents.document import Document, Section
from littriage.extraction.locating import Span, contains, runs, shown, words_at

RUN_WORDS = 8
"""A run of so many words (Chinese signs) that stands in both texts is copied."""
COPIED_SHARE = 0.5
"""Part of a line's words in copied runs from which on the line is taken for copied."""
_FEWEST_WORDS = 4
"""Of a passage that is looked for in a copy that was edited."""


def copied_lines(copy: Document, section: Section, original: Document, other: Section) -> tuple[Span, ...]:
    """The lines of a section that were copied from a section of the original, in order."""
    source = [word for word, _, _ in words_at(shown(original.text, other.start, other.end))]
    known = frozenset(runs(source, RUN_WORDS))
    words = words_at(shown(copy.text, section.start, section.end))
    copied = [False] * len(words)
    for first, run in enumerate(runs([word for word, _, _ in words], RUN_WORDS)):
        if run in known:
            copied[first : first + RUN_WORDS] = [True] * RUN_WORDS
    found: list[Span] = []
    place = 0
    start = section.start
    for line in copy.text[section.start : section.end].splitlines(keepends=True):
        end = start + len(line)
        marks = []
        while place < len(words) and words[place][1] < end:
            marks.append(copied[place])
            place += 1
        if marks and sum(marks) >= COPIED_SHARE * len(marks):
            found.append((start, end))
        start = end
    return tuple(found)


def same_passage(original: Document, span: Span, copy: Document, within: Span, term: str = "") -> Span | None:
    """Where a passage of the original stands in a copy; None where it does not.

    The same words in a row, else, where the copy was edited, the longest common run of words: at least half of the
    passage. The term must stand in it.
    """
    wanted = [word for word, _, _ in words_at(shown(original.text, *span))]
    words = words_at(shown(copy.text, *within))
    there = [word for word, _, _ in words]
    if not wanted or not there:
        return None
    match = SequenceMatcher(None, there, wanted, autojunk=False).find_longest_match()
    if match.size < len(wanted) and match.size < max(_FEWEST_WORDS, len(wanted) / 2):
        return None
    found = words[match.a][1], words[match.a + match.size - 1][2]
    return found if not term or contains(copy.text, found, term) else None


def section_at(sections: Sequence[Section], place: int) -> Section:
    """The section in which a character stands."""
    return next(section for section in sections if section.start <= place < section.end)
