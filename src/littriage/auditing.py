"""What the cut loses, from papers drawn at random and judged: bounds on recall, and how far probabilities hold.

Papers lie in strata: those above the cut, hits below it, and papers that no query matches. From each some are drawn in
an order that chance has fixed, and judged. With k core papers among n drawn of M, M k / n are expected in the stratum;
the bounds are exact ones for a binomial proportion (Clopper and Pearson 1934, https://doi.org/10.1093/biomet/26.4.404),
which are on the safe side for a draw without replacement. Several strata share the risk of error equally (Bonferroni),
so that the bound of their sum holds with the confidence that is stated, however they depend on each other.

A drawn paper that nobody has judged counts against recall: as core below the cut, as no core above it.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from math import ceil, exp, fsum, lgamma, log, log1p

from littriage.model import Decider, Judgement, Label

CONFIDENCE = 0.95
SAMPLE = 100
"""Papers drawn from a stratum unless a person says otherwise."""
JUDGED_PART = 0.9
"""Of the draw, its longest beginning counts of which at least this part is judged."""
ABOVE_NEEDS = 30
"""Judged papers above the cut from which they, and no longer what is counted, tell how many of them are core."""
FLOOR = 0.8
"""The recall for which the number of judgements is told that would show it."""

_HALVINGS = 60


# --- exact bounds of a proportion -------------------------------------------------------------------------------


def upper_proportion(found: int, drawn: int, confidence: float = CONFIDENCE) -> float:
    """The largest proportion that still gives at most `found` of `drawn` with probability 1 - confidence; one-sided.

    Raises ValueError where nothing was drawn.
    """
    _checked(found, drawn)
    if found == drawn:
        return 1.0
    low, high = 0.0, 1.0
    for _ in range(_HALVINGS):
        middle = (low + high) / 2
        low, high = (middle, high) if _at_most(found, drawn, middle) > 1 - confidence else (low, middle)
    return high


def lower_proportion(found: int, drawn: int, confidence: float = CONFIDENCE) -> float:
    """The smallest proportion that still gives at least `found` of `drawn` with probability 1 - confidence; one-sided.

    Raises ValueError where nothing was drawn.
    """
    return 1 - upper_proportion(drawn - found, drawn, confidence)


def _checked(found: int, drawn: int) -> None:
    if drawn < 1 or not 0 <= found <= drawn:
        raise ValueError(f"{found} found of {drawn} drawn: a proportion needs 0 <= found <= drawn, and a paper drawn")


def _at_most(found: int, drawn: int, proportion: float) -> float:
    """Probability of at most `found` in `drawn` independent throws, for 0 < proportion < 1."""
    ways = lgamma(drawn + 1)
    return fsum(
        exp(
            ways - lgamma(one + 1) - lgamma(drawn - one + 1)
            + one * log(proportion) + (drawn - one) * log1p(-proportion)
        )
        for one in range(found + 1)
    )  # fmt: skip


# --- strata -----------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Stratum:
    """A set of papers, and what is known of those drawn from it."""

    name: str
    papers: int
    drawn: int = 0
    """Those that count: the beginning of the draw that has been judged nearly whole."""
    judged: int = 0
    by_person: int = 0
    """Of `judged`; a language model judged the others."""
    core: int = 0

    @property
    def expected(self) -> float | None:
        """Core papers of the stratum, expected; None where there are papers and none was judged."""
        if self.papers == 0:
            return 0.0
        return self.papers * self.core / self.judged if self.judged else None

    def high(self, confidence: float = CONFIDENCE) -> float | None:
        """At most so many core papers; None where there are papers and none was drawn."""
        if self.papers == 0 or self.drawn == 0:
            return 0.0 if self.papers == 0 else None
        found = self.core + self.drawn - self.judged
        bound = self.papers * upper_proportion(found, self.drawn, confidence)
        return max(float(self.core), min(bound, found + self.papers - self.drawn))

    def low(self, confidence: float = CONFIDENCE) -> float | None:
        """At least so many core papers; None where there are papers and none was drawn."""
        if self.papers == 0 or self.drawn == 0:
            return 0.0 if self.papers == 0 else None
        return max(float(self.core), self.papers * lower_proportion(self.core, self.drawn, confidence))


def judged_stratum(name: str, papers: int, draw: Sequence[str], said: Mapping[str, Judgement]) -> Stratum:
    """The stratum with what readers say of the papers drawn from it, in the order of the draw.

    Which papers count depends on who was judged, never on the label.
    """
    judged = 0
    counts = 0
    for number, paper in enumerate(draw, 1):
        judged += paper in said
        if paper in said and judged >= JUDGED_PART * number:
            counts = number
    found = [said[paper] for paper in draw[:counts] if paper in said]
    return Stratum(
        name=name,
        papers=papers,
        drawn=counts,
        judged=len(found),
        by_person=sum(one.judge == Decider.PERSON for one in found),
        core=sum(one.label is Label.CORE for one in found),
    )


# --- recall -----------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Recall:
    """How many of the core papers lie above the cut."""

    found: float
    """Core papers above the cut, expected."""
    found_low: float
    """At least so many; `found` itself where it is the sum of probabilities that is counted."""
    missed: float
    """Core papers below the cut, expected."""
    missed_high: float
    """At most so many."""
    confidence: float
    """With which `low` holds, on condition that `found` is right where it was not drawn and judged."""

    @property
    def expected(self) -> float | None:
        """found / (found + missed); None where there is no core paper at all."""
        return self.found / (self.found + self.missed) if self.found + self.missed > 0 else None

    @property
    def low(self) -> float | None:
        """found_low / (found_low + missed_high): recall is at least this; None where there is no core paper at all."""
        return self.found_low / (self.found_low + self.missed_high) if self.found_low + self.missed_high > 0 else None


def recall(above: Stratum | float, below: Sequence[Stratum], confidence: float = CONFIDENCE) -> Recall | None:
    """Recall over the strata given; None where one of those below has papers and none of them is judged.

    `above` is the stratum above the cut where it was drawn from and judged, or else the sum of its papers'
    probabilities.
    """
    drawn = [one for one in below if one.papers] + ([above] if isinstance(above, Stratum) and above.papers else [])
    each = 1 - (1 - confidence) / max(1, len(drawn))
    found = above.expected if isinstance(above, Stratum) else above
    found_low = above.low(each) if isinstance(above, Stratum) else above
    missed = [one.expected for one in below]
    missed_high = [one.high(each) for one in below]
    if found is None or found_low is None:
        return None
    known, high = [one for one in missed if one is not None], [one for one in missed_high if one is not None]
    if len(known) < len(below) or len(high) < len(below):
        return None
    return Recall(found, found_low, fsum(known), fsum(high), confidence)


def judgements_needed(
    found: float, papers: int, floor: float = FLOOR, confidence: float = CONFIDENCE, strata: int = 1
) -> int | None:
    """How many of a stratum's papers to judge, so that recall is shown to be `floor` if none of them is core.

    `strata` share the risk of error, and the papers that may be missed, equally. None where no core paper was found:
    then nothing can be shown.
    """
    may_miss = found * (1 - floor) / floor / strata
    if found <= 0:
        return None
    if may_miss >= papers:
        return 0
    risk = (1 - confidence) / strata
    return min(papers, ceil(log(risk) / log1p(-may_miss / papers)))


# --- calibration ------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Calibration:
    """Core papers among some that were drawn and judged, beside the sum of their probabilities."""

    judged: int
    observed: int
    expected: float
    observed_low: float
    """Two-sided interval of the number that such draws have."""
    observed_high: float
    confidence: float

    @property
    def ratio(self) -> float | None:
        """observed / expected: above 1 the probabilities are too low; None where they sum to 0."""
        return self.observed / self.expected if self.expected > 0 else None

    @property
    def interval(self) -> tuple[float, float] | None:
        """Of the ratio: the exact interval of the observed proportion, over the expected one."""
        if self.expected <= 0:
            return None
        return self.observed_low / self.expected, self.observed_high / self.expected


def calibration(pairs: Sequence[tuple[float, bool]], confidence: float = CONFIDENCE) -> Calibration | None:
    """What readers found beside what the rule expected, of (probability, core) pairs; None without a pair.

    The papers must have been drawn at random: those that the rule is unsure of say nothing of the others.
    """
    if not pairs:
        return None
    observed, judged = sum(core for _, core in pairs), len(pairs)
    each = 1 - (1 - confidence) / 2
    return Calibration(
        judged=judged,
        observed=observed,
        expected=fsum(probability for probability, _ in pairs),
        observed_low=judged * lower_proportion(observed, judged, each),
        observed_high=judged * upper_proportion(observed, judged, each),
        confidence=confidence,
    )
