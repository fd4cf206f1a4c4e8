"""How much a direction's new papers repeat its earlier ones: redundancy, novelty and near-duplicates.

A paper's redundancy is the mean cosine to its 5 nearest among 50 earlier papers of its direction, less the same among
50 papers of the field of the same months. 50 for every direction, because the nearest of many are nearer than the
nearest of few. The sample is not drawn: its expected value is computed, which is what infinitely many draws give.
Samples of 50 and of 300 rank the 30 directions that have 300 earlier papers alike (Spearman 0.97), and nearly three
times as many have 50.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass, replace
from functools import lru_cache

import numpy as np

from littriage.crowding.intervals import normal_sign, share_sign
from littriage.crowding.papers import Floats, Ints, Papers, Reference, Span, Vectors, places_in
from littriage.crowding.sign import Lack, Sign, SignKind, lacking
from littriage.proportions import wilson

NEAREST = 5
SAMPLE = 50
"""Earlier papers that a new one is compared with."""
MONTHS_APART = 2
"""From the month of the earlier paper to that of the new one: at least 28 days."""
YEAR_NEEDS = 15
"""New papers that a year needs."""
NEW_AT_MOST, EARLIER_AT_MOST = 300, 1_000
"""Papers that are compared, in hash order: more would change little and take longer."""
FIELD_TIMES = 2
"""Papers of the field for each earlier paper of the direction."""
NOVEL = 0.1
"""Part of the year before that was as little redundant as a paper that counts as novel."""
DUPLICATE = 0.95
"""Cosine of the plain vectors from which two papers say nearly the same."""
_RANKS = 30
"""Ranks that the nearest 5 of a sample can have, in units of held / SAMPLE; beyond them lies less than 1e-6."""
_TAIL = 1e-6
_ROWS_AT_ONCE = 256
_ROUNDING = 1e-4
"""What a cosine may change by when products are summed in another order, and far more."""


@dataclass(frozen=True, slots=True)
class _Near:
    """Likeness of new papers to a set of earlier ones."""

    own: Floats
    """Shape (new papers,): expected mean cosine to the nearest 5 of a sample."""
    influence: Floats
    """Shape (earlier papers,): by how much the mean of `own` falls when an earlier paper is left out."""
    shared: float
    """Variance of that mean that both the new and the earlier papers show: it must not be counted twice."""


@dataclass(frozen=True, slots=True)
class _Earlier:
    """Papers that new ones are compared with, by month."""

    months: Ints
    vectors: Vectors
    rank: Ints
    """Place in hash order."""

    @classmethod
    def of(cls, papers: Papers) -> _Earlier:
        order = np.argsort(papers.months, kind="stable")
        return cls(papers.months[order], papers.vectors[order], order)

    def held(self, month: int) -> int:
        """How many there are for a new paper of that month."""
        return int(np.searchsorted(self.months, month - MONTHS_APART, side="right"))

    def places(self, month: int, most: int | None) -> Ints:
        """Places of those for a new paper of that month, or of a random part of so many."""
        held = self.held(month)
        if most is None or held <= most:
            return np.arange(held)
        return np.sort(np.argsort(self.rank[:held])[:most])


@dataclass(frozen=True, slots=True)
class _Year:
    months: Ints
    vectors: Vectors
    own: _Near
    field: _Near

    @property
    def excess(self) -> Floats:
        return self.own.own - self.field.own


def redundancy(own: Papers, field: Reference, span: Span, encoder: str) -> tuple[Sign, ...]:
    """Redundancy, its change on the year before, and novelty of a direction's papers.

    `own` and `field` hold papers with an abstract and their plain vectors, all of one encoder. The intervals hold the
    chance of which papers were written, new ones and earlier ones (a jackknife over both); the earlier papers that two
    years share cancel in the change.
    """
    kinds = (SignKind.REDUNDANCY, SignKind.REDUNDANCY_CHANGE, SignKind.NOVELTY)
    own = own.until(span.last)
    centred = field.centred(own)
    sample = centred.take(np.flatnonzero(centred.months <= span.last - MONTHS_APART)[:EARLIER_AT_MOST])
    earlier = _Earlier.of(sample)
    pool = _Earlier.of(field.centred(field.like(sample.months, FIELD_TIMES)))
    now, before = (_year(own, centred, earlier, pool, span, back) for back in (0, 1))
    if isinstance(now, Sign):
        return tuple(replace(now, kind=kind, made_with=encoder) for kind in kinds)
    coverage = len(places_in(centred.months, span.year())) / len(places_in(own.months, span.year()))
    n = len(now.excess)
    level = normal_sign(
        kinds[0], float(now.own.own.mean()), float(now.field.own.mean()), _se(now), n, encoder, coverage
    )
    if isinstance(before, Sign):
        return level, *(replace(before, kind=kind, made_with=encoder) for kind in kinds[1:])
    means = float(now.excess.mean()), float(before.excess.mean())
    change = normal_sign(kinds[1], *means, _se(now, before), n, encoder, coverage)
    share, low, high = _novelty(now, before, earlier, pool)
    novelty = share_sign(kinds[2], share, NOVEL, (low - NOVEL, high - NOVEL), n, encoder, coverage)
    return level, change, novelty


def _year(own: Papers, centred: Papers, earlier: _Earlier, pool: _Earlier, span: Span, back: int) -> _Year | Sign:
    """What the new papers of a year are like; or what is lacking."""
    kind = SignKind.REDUNDANCY
    new = places_in(centred.months, span.year(back))[:NEW_AT_MOST]
    if not span.whole(back):
        return lacking(kind, Lack.FEW_MONTHS, len(new), "")
    if (papers := len(places_in(own.months, span.year(back)))) < YEAR_NEEDS:
        return lacking(kind, Lack.FEW_PAPERS, papers, "")
    if len(new) < YEAR_NEEDS:
        return lacking(kind, Lack.NO_FIELD, len(new), "")
    months, vectors = centred.months[new], centred.vectors[new]
    first = int(months.min())
    if earlier.held(first) < SAMPLE:
        return lacking(kind, Lack.FEW_EARLIER, earlier.held(first), "")
    if pool.held(first) < SAMPLE:
        return lacking(kind, Lack.NO_FIELD, len(new), "")
    return _Year(months, vectors, _near(months, vectors, earlier), _near(months, vectors, pool))


def _near(months: Ints, vectors: Vectors, earlier: _Earlier, most: int | None = None) -> _Near:
    found = np.empty(len(months))
    total, squares = np.zeros(len(earlier.months)), 0.0
    of_new = np.empty(len(months))
    for month in np.unique(months).tolist():
        rows = np.flatnonzero(months == month)
        places = earlier.places(month, most)
        weights = _weights(len(places))
        cosines = vectors[rows] @ earlier.vectors[places].T
        nearest = np.argpartition(-cosines, len(weights) - 1, axis=1)[:, : len(weights)]
        values = np.take_along_axis(cosines, nearest, axis=1)
        order = np.argsort(-values, axis=1, kind="stable")
        values = np.take_along_axis(values, order, axis=1).astype(np.float64)
        nearest = places[np.take_along_axis(nearest, order, axis=1)]
        found[rows] = values @ weights
        steps = weights[:-1] * (values[:, :-1] - values[:, 1:])
        lost = np.cumsum(steps[:, ::-1], axis=1)[:, ::-1]
        total += np.bincount(nearest[:, :-1].ravel(), lost.ravel(), len(total))
        of_new[rows] = lost.sum(axis=1)
        squares += float((lost**2).sum())
    count, others = len(months), len(total)
    # The sum of squares of a table of new by earlier papers that neither its rows nor its columns account for.
    shared = squares - (of_new**2).sum() / others - (total**2).sum() / count + total.sum() ** 2 / (count * others)
    return _Near(found, total / count, float(shared) / count**2)


@lru_cache(maxsize=4096)
def _weights(held: int) -> Floats:
    """Weight of the first, second, ... nearest of `held` papers in the expected mean over the nearest 5 of a sample.

    The one of rank j is in the sample with probability SAMPLE / held, and among its nearest 5 if at most 4 of the j - 1
    nearer ones are in it too: a hypergeometric count.
    """
    from scipy.special import gammaln

    def choose(of: Ints, some: int) -> Floats:
        """Logarithm of the binomial coefficient; -inf where `some` is more than there are."""
        with np.errstate(invalid="ignore"):
            found = gammaln(of + 1.0) - gammaln(some + 1.0) - gammaln(of - some + 1.0)
        return np.where(of >= some, found, -np.inf)

    nearer = np.arange(min(held, _RANKS * held // SAMPLE))
    others = held - 1 - nearer
    whole = choose(np.array([held - 1]), SAMPLE - 1)
    in_sample = [choose(nearer, some) + choose(others, SAMPLE - 1 - some) - whole for some in range(NEAREST)]
    weights = SAMPLE / held / NEAREST * np.exp(in_sample).sum(axis=0)
    kept = int(np.searchsorted(np.cumsum(weights), 1 - _TAIL)) + 1
    return np.asarray(weights[:kept] / weights[:kept].sum())


def _se(now: _Year, before: _Year | None = None) -> float:
    """Standard error of the mean excess, or of its change.

    New papers, earlier ones and the field's are three samples: each adds its variance, and what two of them share is
    taken out once (the pigeonhole bootstrap's sum: Owen 2007, doi:10.1214/07-AOAS122).
    """
    years = [now] if before is None else [now, before]
    new = sum(float(one.excess.var(ddof=1)) / len(one.excess) for one in years)
    own, field = now.own.influence, now.field.influence
    if before is not None:
        own, field = own - before.own.influence, field - before.field.influence
    earlier = _jackknife(own) + _jackknife(field)
    shared = sum(one.own.shared + one.field.shared for one in years)
    return float(max(new + earlier - shared, new / 2, earlier / 2) ** 0.5)


def _jackknife(influence: Floats) -> float:
    count = len(influence)
    return float((count - 1) / count * ((influence - influence.mean()) ** 2).sum())


def _novelty(now: _Year, before: _Year, earlier: _Earlier, pool: _Earlier) -> tuple[float, float, float]:
    """Share of the new papers below the tenth of the year before, with its interval.

    Both years are set beside as many earlier papers as the first month had: beside few, single papers differ more.
    """
    first = int(before.months.min())
    old, new = (
        _near(year.months, year.vectors, earlier, earlier.held(first)).own
        - _near(year.months, year.vectors, pool, pool.held(first)).own
        for year in (before, now)
    )
    share = float((new < np.quantile(old, NOVEL, method="weibull")).mean())
    # The tenth is known from the year before only: both years' chance counts.
    return share, *wilson(share, 1 / (1 / len(new) + 1 / len(old)))


# --- near-duplicates --------------------------------------------------------------------------------------------


def near_duplicates(own: Papers, authors: Mapping[str, frozenset[int]], span: Span, encoder: str) -> tuple[Sign, ...]:
    """Share of the last year's papers that nearly repeat an earlier one: by others, and with a shared author.

    `authors` holds the known authors by id. A paper whose double has no known authors, or that has none itself, tells
    neither way and is left out: `coverage` says how many are in. The share grows with what there is to be double of.
    """
    kinds = (SignKind.NEAR_DUPLICATES, SignKind.NEAR_DUPLICATES_OWN)
    until = own.until(span.last)
    ordered = until.take(np.lexsort((until.ids.astype(str), until.months)))
    new = places_in(ordered.months, span.year())
    lack = Lack.FEW_MONTHS if not span.whole(0) else Lack.FEW_PAPERS if len(new) < YEAR_NEEDS else None
    if lack:
        return tuple(lacking(kind, lack, len(new), encoder) for kind in kinds)
    near = _near_something(ordered, new)
    told = [_doubled(ordered, place, authors) if place in near else frozenset() for place in new.tolist()]
    known = [one for one in told if one is not None]
    coverage = len(known) / len(new)
    signs = []
    for kind, wanted in zip(kinds, (False, True), strict=True):
        if len(known) < YEAR_NEEDS:
            signs.append(lacking(kind, Lack.NO_AUTHORS, len(known), encoder, coverage))
            continue
        share = sum(wanted in one for one in known) / len(known)
        signs.append(share_sign(kind, share, None, wilson(share, len(known)), len(known), encoder, coverage))
    return tuple(signs)


def _near_something(ordered: Papers, new: Ints) -> frozenset[int]:
    """The new papers that may have a double before them: block by block, where single products would take minutes."""
    found = []
    for first in range(0, len(new), _ROWS_AT_ONCE):
        rows = new[first : first + _ROWS_AT_ONCE]
        cosines = ordered.vectors[rows] @ ordered.vectors[: rows[-1]].T
        cosines[np.arange(cosines.shape[1]) >= rows[:, None]] = 0.0
        found.append(rows[(cosines >= DUPLICATE - _ROUNDING).any(axis=1)])
    return frozenset(np.concatenate(found).tolist() if found else [])


def _doubled(ordered: Papers, place: int, authors: Mapping[str, frozenset[int]]) -> Collection[bool] | None:
    """Of the earlier papers that say nearly the same, whether they share an author; None: it cannot be told."""
    cosines = ordered.vectors[:place] @ ordered.vectors[place]
    doubles = [ordered.ids[one] for one in np.flatnonzero(cosines >= DUPLICATE)]
    own = authors.get(ordered.ids[place], frozenset())
    if not doubles:
        return frozenset()
    shared = frozenset(bool(own & theirs) for one in doubles if own and (theirs := authors.get(one, frozenset())))
    return shared or None
