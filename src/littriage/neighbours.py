"""The nearest neighbours of each paper by the cosine of their vectors: exact or approximate by size, and kept up.

Pure: vectors in, a graph out. Up to EXACT_UP_TO rows every pair is compared. Above, the rows are parted into inverted
lists around k-means centres, as in an IVF index (Jégou et al. 2011, Product quantization for nearest neighbor search),
and a row is compared with the lists whose centres are nearest to it. How many lists that must be is measured, on a
sample of rows whose true neighbours are found by comparing them with all. A compared pair counts for both of its rows,
which halves the lists that are needed. Rows are compared in blocks, by matrix products.
"""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from functools import partial
from itertools import chain
from math import sqrt
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray
    from scipy.sparse import csr_array

    Vectors = NDArray[np.float32]
    Cosines = NDArray[np.float32]
    Rows = NDArray[np.int64]

K = 15
RECALL = 0.95
EXACT_UP_TO = 20_000
"""Rows up to which comparing all of them costs no more than parting them into lists."""
SAMPLE = 500
"""Rows on which recall is measured; their recall is known to about half a percent."""
LISTS = 2.8
"""Lists for each square root of the rows."""
POINTS = 32
"""Rows for each centre that k-means sees."""
ROUNDS = 5
"""Of k-means."""
PROBES = 40
"""Lists of a row that are looked up before it is known how many are needed: few vectors need more."""
REMEASURED = 1.1
"""Growth after which recall is measured again."""
ANEW = 1.5
"""Growth from which on an update costs more than a new graph."""

_TALL, _WIDE = 1_024, 4_096
_AT_A_TIME = 32_768
_AT_ONCE = 64
"""Blocks that are compared before what they found is sorted in."""
_MANY = 2
_NOTHING = -np.inf


@dataclass(frozen=True, slots=True)
class Lists:
    """Inverted lists: which centre each row is nearest to, and how many lists must be looked through."""

    centres: Vectors
    """Unit rows, float32, shape (lists, dim)."""
    of: NDArray[np.int32]
    """The list of each row, shape (rows,)."""
    probes: int
    """Lists that a row is compared with, where the rows of those lists look for their neighbours too."""
    reach: int
    """The same for a row that alone looks for neighbours: more, for the same recall."""
    measured: int
    """How many rows there were when recall was measured."""


@dataclass(frozen=True, slots=True)
class Neighbours:
    """The k nearest other rows of each row."""

    indices: NDArray[np.int32]
    """Shape (rows, k), the nearest first; -1 where there are fewer than k other rows."""
    cosines: Cosines
    """Of the same, float32; -inf where there is none."""
    recall: float
    """The part of the true k nearest that are here: 1 where all pairs were compared, else measured on a sample."""
    lists: Lists | None
    """None: every pair was compared."""

    @property
    def method(self) -> str:
        """How they were found, in a word or a few: `exact`, or `ivf lists=2191 nprobe=33 recall=0.958`."""
        if self.lists is None:
            return "exact"
        return f"ivf lists={len(self.lists.centres)} nprobe={self.lists.probes} recall={self.recall:.3f}"


def neighbours(
    vectors: Vectors, k: int = K, *, seed: int, recall: float = RECALL, exact_up_to: int = EXACT_UP_TO
) -> Neighbours:
    """The k nearest other rows of each of these unit rows, float32, shape (rows, dim).

    A graph of more than `exact_up_to` rows is approximate and holds at least the part `recall` of the true neighbours,
    by two standard errors of the sample. The same vectors and seed give the same graph on one machine; which of several
    equally near rows come last in a list is left open. Raises ValueError for vectors of another shape and k below 1.
    """
    if vectors.ndim != 2 or k < 1:
        raise ValueError(f"no {k} neighbours can be found among vectors of shape {vectors.shape}")
    best = _Best.empty(len(vectors), k)
    if len(vectors) <= exact_up_to:
        _join(best, vectors, _all_pairs(len(vectors)))
        return best.neighbours(1.0, None)
    lists, measured, near = _parted(vectors, k, recall, seed)
    everyone = np.arange(len(vectors))
    if lists.probes > near.shape[1]:
        near = _nearest(vectors, everyone, lists.centres, lists.probes)
    _join(best, vectors, _probed(vectors, lists, everyone, near[:, : lists.probes], both=True))
    return best.neighbours(measured, lists)


def updated(
    old: Neighbours,
    vectors: Vectors,
    *,
    seed: int,
    recall: float = RECALL,
    exact_up_to: int = EXACT_UP_TO,
) -> Neighbours:
    """The graph of `vectors`, of which the first rows are those of `old` and the rest are new.

    New rows find their neighbours and enter the lists of the old rows that they are nearer to than those they push
    out. That costs about the new rows' share of making the graph anew. It is made anew where half as many rows came on
    top, where it has outgrown the exact way, or where its recall, measured again as it grows, has fallen below
    `recall`. Raises ValueError for fewer rows than `old` has.
    """
    first, k = old.indices.shape
    if len(vectors) < first:
        raise ValueError(f"a graph of {first:,} rows cannot be brought up to {len(vectors):,} vectors")
    if len(vectors) == first:
        return old
    if len(vectors) > exact_up_to and (old.lists is None or len(vectors) > ANEW * first):
        return neighbours(vectors, k, seed=seed, recall=recall, exact_up_to=exact_up_to)
    best = _Best.of(old, len(vectors))
    if old.lists is None:
        _join(best, vectors, _all_pairs(len(vectors), first))
        return best.neighbours(1.0, None)
    new = np.arange(first, len(vectors))
    lists = replace(old.lists, of=np.append(old.lists.of, _nearest(vectors, new, old.lists.centres, 1)[:, 0]))
    _join(best, vectors, _probed(vectors, lists, new, _nearest(vectors, new, lists.centres, lists.reach), both=True))
    if len(vectors) < REMEASURED * lists.measured:
        return best.neighbours(old.recall, lists)
    measured = _measured(best.indices, vectors, seed)
    if measured < recall:
        return neighbours(vectors, k, seed=seed, recall=recall, exact_up_to=exact_up_to)
    return best.neighbours(measured, replace(lists, measured=len(vectors)))


def without(
    old: Neighbours,
    vectors: Vectors,
    gone: NDArray[np.bool_],
    *,
    seed: int,
    recall: float = RECALL,
    exact_up_to: int = EXACT_UP_TO,
) -> Neighbours:
    """The graph without the rows that are `gone`, shape (rows of old,); `vectors` are those of the rows that stay.

    The rows that stay are numbered anew, in their order. Those that lose a neighbour look for all of theirs again.
    Raises ValueError where the rows do not match.
    """
    kept = ~gone
    if len(gone) != len(old.indices) or len(vectors) != kept.sum():
        raise ValueError(f"{len(vectors):,} vectors came for {kept.sum():,} rows of a graph of {len(old.indices):,}")
    if not gone.any():
        return old
    k = old.indices.shape[1]
    lost = np.append(gone, False)[old.indices]  # -1, for no neighbour, is the last
    bereft = np.flatnonzero(lost[kept].any(axis=1))
    if 2 * len(bereft) > len(vectors):
        return neighbours(vectors, k, seed=seed, recall=recall, exact_up_to=exact_up_to)
    number = np.append(np.cumsum(kept) - 1, -1).astype(np.int32)  # -1, for no neighbour, stays what it is
    best = _Best(number[old.indices[kept]], old.cosines[kept])
    best.forget(bereft)
    if old.lists is None:
        _join(best, vectors, _with_all(bereft, len(vectors)))
        return best.neighbours(1.0, None)
    lists = replace(old.lists, of=old.lists.of[kept])
    near = _nearest(vectors, bereft, lists.centres, lists.reach)
    _join(best, vectors, _probed(vectors, lists, bereft, near, both=False))
    return best.neighbours(old.recall, lists)


def graph(found: Neighbours) -> csr_array:
    """The graph without directions: shape (rows, rows), weighted by cosine, where either row is the other's neighbour.

    A cosine that is not positive makes no edge.
    """
    from scipy.sparse import csr_array

    rows, k = found.indices.shape
    edges = found.cosines.ravel() > 0
    starts = np.repeat(np.arange(rows), k)[edges]
    one_way = csr_array((found.cosines.ravel()[edges], (starts, found.indices.ravel()[edges])), shape=(rows, rows))
    return one_way.maximum(one_way.T).tocsr()


# --- the best so far --------------------------------------------------------------------------------------------


@dataclass(slots=True)
class _Best:
    """The nearest of each row among those that it was compared with; the arrays are changed in place."""

    indices: NDArray[np.int32]
    cosines: Cosines

    @classmethod
    def empty(cls, rows: int, k: int) -> _Best:
        return cls(np.full((rows, k), -1, np.int32), np.full((rows, k), _NOTHING, np.float32))

    @classmethod
    def of(cls, old: Neighbours, rows: int) -> _Best:
        """A copy, with empty rows behind it up to `rows`."""
        best = cls.empty(rows, old.indices.shape[1])
        best.indices[: len(old.indices)] = old.indices
        best.cosines[: len(old.cosines)] = old.cosines
        return best

    def forget(self, rows: Rows) -> None:
        self.indices[rows] = -1
        self.cosines[rows] = _NOTHING

    def offer(self, rows: Rows, others: Rows, cosines: Cosines) -> None:
        """Take in what is nearer than what is there. No pair may be offered that is there already."""
        k = self.indices.shape[1]
        seen = np.zeros(len(self.indices), np.bool_)
        seen[rows] = True
        touched = np.flatnonzero(seen)
        number = np.cumsum(seen) - 1
        owner = np.concatenate([np.repeat(np.arange(len(touched)), k), number[rows]])
        candidates = np.concatenate([self.indices[touched].ravel(), others.astype(np.int32)])
        values = np.concatenate([self.cosines[touched].ravel(), cosines])
        # One number to sort by, first the row, then the cosine downwards: a float64 has room for both.
        order = np.argsort(owner * 4.0 - np.maximum(values, -2.0))
        starts = np.cumsum(np.bincount(owner)) - np.bincount(owner)
        taken = order[starts[:, None] + np.arange(k)]
        self.indices[touched] = candidates[taken]
        self.cosines[touched] = values[taken]

    def neighbours(self, recall: float, lists: Lists | None) -> Neighbours:
        return Neighbours(self.indices, self.cosines, recall, lists)


# --- comparing blocks -------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class _Block:
    """Rows to compare with columns, which are rows too."""

    rows: Rows
    columns: Rows
    both: bool
    """A pair is offered to its column too."""
    own: bool
    """A row may stand among the columns."""


@dataclass(frozen=True, slots=True)
class _Step:
    """Blocks that know nothing of what the others find; what they find is sorted in before the next step."""

    blocks: Sequence[_Block]
    probes: _Probes | None = None


@dataclass(frozen=True, slots=True)
class _Probes:
    """Which lists the looking rows are compared with."""

    of: NDArray[np.int32]
    """The list of each row, shape (rows,)."""
    place: NDArray[np.int32]
    """Where each row stands among those that look; -1 for one that does not, shape (rows,)."""
    lists: NDArray[np.int32]
    """Shape (looking rows, probes)."""

    def looks_at(self, rows: Rows, others: Rows) -> NDArray[np.bool_]:
        """Of each pair, whether the row is compared with the other's list, and so is offered the pair there."""
        place = self.place[rows]
        found = place >= 0
        found[found] = (self.lists[place[found]] == self.of[others[found], None]).any(axis=1)
        return found


def _join(best: _Best, vectors: Vectors, steps: Iterable[_Step]) -> None:
    """Compare the blocks of each step, and take in what they found."""
    from threadpoolctl import threadpool_limits

    k = best.indices.shape[1]
    # Blocks side by side, each in one thread: the sorting out of each block keeps all cores busy too.
    with threadpool_limits(limits=1, user_api="blas"), ThreadPoolExecutor(os.cpu_count()) as pool:
        for step in steps:
            work = partial(_offers, vectors=vectors, floor=best.cosines[:, -1].copy(), k=k, probes=step.probes)
            if offers := list(chain.from_iterable(pool.map(work, step.blocks))):
                best.offer(*(np.concatenate(part) for part in zip(*offers, strict=True)))


def _offers(
    block: _Block, vectors: Vectors, floor: Cosines, k: int, probes: _Probes | None
) -> list[tuple[Rows, Rows, Cosines]]:
    """Rows, others and cosines of the pairs of the block that are nearer than the floor of the row."""
    products = np.asarray(vectors[block.rows], np.float32) @ np.asarray(vectors[block.columns], np.float32).T
    if block.own:
        products[block.rows[:, None] == block.columns] = _NOTHING
    at, other = _above(products, floor[block.rows], k, 0)
    offers = [(block.rows[at], block.columns[other], products[at, other])]
    if block.both:
        at, other = _above(products, floor[block.columns], k, 1)
        values, rows, others = products[other, at], block.columns[at], block.rows[other]
        if probes is not None:
            new = ~probes.looks_at(rows, others)
            rows, others, values = rows[new], others[new], values[new]
        offers.append((rows, others, values))
    return offers


def _above(products: Cosines, floor: Cosines, k: int, axis: int) -> tuple[Rows, Rows]:
    """Which cosines lie above the floor of their row (axis 0) or of their column (axis 1): its place, and the other's.

    Of a row or column with very many, as one has that knows no neighbour yet, only the k highest.
    """
    place = np.divmod(np.flatnonzero(products > (floor if axis else floor[:, None])), products.shape[1])
    owner, other = place[axis], place[1 - axis]
    crowded = np.bincount(owner, minlength=len(floor)) > _MANY * k
    if not crowded.any():
        return owner, other
    of_crowded = products[:, crowded].T if axis else products[crowded]
    highest = np.argpartition(of_crowded, -k, axis=1)[:, -k:]
    left = ~crowded[owner]
    return (
        np.concatenate([owner[left], np.repeat(np.flatnonzero(crowded), k)]),
        np.concatenate([other[left], highest.ravel()]),
    )


# --- every pair -------------------------------------------------------------------------------------------------


def _all_pairs(count: int, first: int = 0) -> Iterator[_Step]:
    """Every pair of which a row is `first` or later, once."""
    tall = [np.arange(start, min(start + _TALL, count)) for start in range(first, count, _TALL)]
    yield _Step([_Block(rows, rows, both=False, own=True) for rows in tall])
    for rows in tall:
        starts = [*range(0, first, _WIDE), *range(int(rows[-1]) + 1, count, _WIDE)]
        ends = [min(start + _WIDE, first if start < first else count) for start in starts]
        yield _Step(
            [_Block(rows, np.arange(start, end), both=True, own=False) for start, end in zip(starts, ends, strict=True)]
        )


def _with_all(rows: Rows, count: int) -> Iterator[_Step]:
    """These rows with every row."""
    for start in range(0, len(rows), _TALL):
        own = rows[start : start + _TALL]
        for column in range(0, count, 16 * _WIDE):
            starts = range(column, min(column + 16 * _WIDE, count), _WIDE)
            yield _Step(
                [_Block(own, np.arange(first, min(first + _WIDE, count)), both=False, own=True) for first in starts]
            )


# --- inverted lists ---------------------------------------------------------------------------------------------


def _parted(vectors: Vectors, k: int, recall: float, seed: int) -> tuple[Lists, float, NDArray[np.int32]]:
    """Lists with as many probes as the recall needs, the recall of the sample with them, and each row's nearest lists.

    Of these, as many as few vectors need more of: finding them costs a good part of the whole.
    """
    import faiss

    count = max(round(LISTS * sqrt(len(vectors))), 1)
    chosen = np.random.default_rng(seed).permutation(len(vectors))
    kmeans = faiss.Kmeans(vectors.shape[1], count, niter=ROUNDS, spherical=True, seed=seed, min_points_per_centroid=1)
    kmeans.train(np.ascontiguousarray(vectors[np.sort(chosen[: POINTS * count])], np.float32))
    centres = np.asarray(kmeans.centroids, np.float32)
    near = _nearest(vectors, np.arange(len(vectors)), centres, min(PROBES, count))
    of = near[:, 0].copy()
    sample = np.sort(chosen[:SAMPLE])
    out, back = _ranks(vectors, centres, of, sample, _true(vectors, sample, k))
    either = np.minimum(out, back)
    probes = _needed(either, recall, count)
    # A row that alone looks must find its neighbours, and those whose neighbour it is.
    reach = max(_needed(out, recall, count), _needed(back, recall, count))
    return Lists(centres, of, probes, reach, len(vectors)), float((either < probes).mean()), near


def _ranks(vectors: Vectors, centres: Vectors, of: NDArray[np.int32], sample: Rows, true: Rows) -> tuple[Rows, Rows]:
    """How many lists are nearer to a row of the sample than its true neighbour's list, and to that one than the row's.

    Each of shape (sample, k).
    """

    def ranks(rows: Rows, lists: NDArray[np.int32]) -> Rows:
        near = np.asarray(vectors[rows], np.float32) @ centres.T
        own = np.take_along_axis(near, lists.astype(np.int64), axis=1)
        return np.stack([(near > own[:, [column]]).sum(axis=1) for column in range(own.shape[1])], axis=1)

    back = ranks(true.ravel(), np.repeat(of[sample], true.shape[1])[:, None])
    return ranks(sample, of[true]), back.reshape(true.shape)


def _needed(ranks: Rows, recall: float, lists: int) -> int:
    """The fewest probes that reach the recall by two standard errors of the sample; all lists where none do."""
    for probes in range(1, lists):
        each = (ranks < probes).mean(axis=1)
        if each.mean() - 2 * each.std() / sqrt(len(each)) >= recall:
            return probes
    return lists


def _nearest(vectors: Vectors, rows: Rows, centres: Vectors, count: int) -> NDArray[np.int32]:
    """The lists nearest to each of the rows, shape (len(rows), count), the nearest first."""
    import faiss

    found = np.empty((len(rows), count), np.int32)
    for start in range(0, len(rows), _AT_A_TIME):
        part = np.ascontiguousarray(vectors[rows[start : start + _AT_A_TIME]], np.float32)
        found[start : start + len(part)] = faiss.knn(part, centres, count, metric=faiss.METRIC_INNER_PRODUCT)[1]
    return found


def _probed(vectors: Vectors, lists: Lists, looking: Rows, near: NDArray[np.int32], *, both: bool) -> Iterator[_Step]:
    """Each of the looking rows with the rows of the lists `near` it: the nearest first, which raises its floor.

    `near` has shape (looking, probes).
    """
    probes = near.shape[1]
    place = np.full(len(vectors), -1, np.int32)
    place[looking] = np.arange(len(looking))
    known = _Probes(lists.of, place, near)
    members = _by_list(lists.of, len(lists.centres))
    first = _by_list(near[:, 0], len(lists.centres))
    yield from _steps(
        [
            _Block(looking[rows], columns, both=both and len(looking) < len(vectors), own=True)
            for rows, columns in zip(first, members, strict=True)
        ],
        known,
    )
    rest = _by_list(near[:, 1:].ravel(), len(lists.centres))
    yield from _steps(
        (
            _Block(looking[rows // (probes - 1)], columns, both=both, own=False)
            for rows, columns in zip(rest, members, strict=True)
        ),
        known,
    )


def _by_list(of: NDArray[np.int32], lists: int) -> list[Rows]:
    """Which entries name each list."""
    return np.split(np.argsort(of, kind="stable"), np.cumsum(np.bincount(of, minlength=lists))[:-1])


def _steps(blocks: Iterable[_Block], probes: _Probes) -> Iterator[_Step]:
    """The blocks a few at a time, cut to a bounded size, without those that hold nothing."""
    waiting: list[_Block] = []
    for block in blocks:
        waiting += [
            replace(block, rows=block.rows[row : row + _WIDE], columns=block.columns[column : column + _WIDE])
            for row in range(0, len(block.rows), _WIDE)
            for column in range(0, len(block.columns), _WIDE)
        ]
        if len(waiting) >= _AT_ONCE:
            yield _Step(waiting, probes)
            waiting = []
    if waiting:
        yield _Step(waiting, probes)


# --- recall -----------------------------------------------------------------------------------------------------


def _true(vectors: Vectors, sample: Rows, k: int) -> Rows:
    """The true nearest others of the rows of the sample, shape (sample, k)."""
    best = _Best.empty(len(vectors), k)
    _join(best, vectors, _with_all(sample, len(vectors)))
    return best.indices[sample].astype(np.int64)


def _measured(found: NDArray[np.int32], vectors: Vectors, seed: int) -> float:
    """The part of the true neighbours that a sample of the rows has."""
    sample = np.sort(np.random.default_rng(seed).permutation(len(vectors))[:SAMPLE])
    true = _true(vectors, sample, found.shape[1])
    return float((found[sample][:, :, None] == true[:, None, :]).any(axis=1).mean())
