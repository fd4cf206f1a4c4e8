"""All signs of one direction."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass

from littriage.crowding.kinds import KindCount, kinds
from littriage.crowding.papers import Authored, Papers, Reference, Span
from littriage.crowding.people import people
from littriage.crowding.redundancy import near_duplicates, redundancy
from littriage.crowding.sign import Sign
from littriage.crowding.subtopics import subtopics


@dataclass(frozen=True, slots=True)
class FieldMaterial:
    """What is known of the papers of a field."""

    categories: Collection[str]
    """None: every category."""
    sample: Reference
    authored: Authored
    kinds: Mapping[int, KindCount]
    """By month."""


@dataclass(frozen=True, slots=True)
class Material:
    """What is known of the papers of a direction."""

    papers: Papers
    """Those with an abstract, and a vector of the encoder."""
    authors: Mapping[str, frozenset[int]]
    """By id of the paper, where they are known."""
    authored: Authored
    kinds: Mapping[int, KindCount]
    """By month."""


def signs_of(own: Material, field: FieldMaterial, span: Span, encoder: str) -> tuple[Sign, ...]:
    """Every sign of a direction as of the last month of the span, before shrinkage; nothing later is read."""
    return (
        *redundancy(own.papers, field.sample, span, encoder),
        *near_duplicates(own.papers, own.authors, span, encoder),
        *people(own.authored, field.authored, span),
        *subtopics(own.papers, field.sample, span, encoder),
        *kinds(own.kinds, field.kinds, span, field.categories),
    )
