"""What became of the clusters of one version in the next: overlaps, and the events that they amount to.

Judged on the papers that both versions hold, in a cluster or in the pool; labels, terms and names play no part. The
events are those of MONIC (Spiliopoulou et al. 2006, doi:10.1145/1150402.1150491) with one threshold, more than half:

- an old cluster *goes into* the new one that has more than half of its papers, if there is one;
- a new cluster *comes from* the old one that had more than half of its papers, if there is one;
- both at once: the old one continues, and keeps its number;
- two or more come from one: it splits; two or more go into one: they merge. One of them may continue;
- any other new one is born, and any other old one dies: its papers are scattered, or most of them are not here.

More than half is the lowest threshold that at most one cluster can answer to, so that no tie needs a rule.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum


class EventKind(StrEnum):
    """What can happen to a cluster."""

    CONTINUES = "continues"
    SPLITS = "splits"
    MERGES = "merges"
    BORN = "born"
    DIES = "dies"


@dataclass(frozen=True, slots=True)
class Overlap:
    """Papers that an old and a new cluster share."""

    old: int | None
    """None: the pool."""
    new: int | None
    """None: the pool."""
    papers: int


@dataclass(frozen=True, slots=True)
class Event:
    """What became of old clusters, or where new ones came from."""

    kind: EventKind
    old: tuple[int, ...]
    new: tuple[int, ...]
    papers: tuple[int, ...] = ()
    """That they share: of each pair, in the order of the longer list; none of a cluster that is born or dies."""


@dataclass(frozen=True, slots=True)
class Lineage:
    """From one version to the next, by the numbers that the clusters have for good."""

    numbers: Mapping[int, int]
    """Place of a new cluster, 1 for the first -> the number that it has for good."""
    overlaps: tuple[Overlap, ...]
    """Each pair that shares a paper."""
    events: tuple[Event, ...]


def lineage(
    old: Mapping[str, int | None], new: Mapping[str, int | None], living: Sequence[int], places: int, last_number: int
) -> Lineage:
    """What became of the `living` clusters of the version before in the new one, which has so many `places`.

    `old` and `new` give each paper's cluster, None for the pool: by number, and by place among the new clusters, 1 for
    the first. A new cluster that continues an old one keeps its number; the others get those after `last_number`, in
    order of place.
    """
    shared = Counter((old[paper], place) for paper, place in new.items() if paper in old)
    goes_into, comes_from = _majority(shared, side=0), _majority(shared, side=1)
    continued = {place: number for place, number in comes_from.items() if goes_into.get(number) == place}
    unused = iter(range(last_number + 1, last_number + 1 + places))
    numbers = {place: continued[place] if place in continued else next(unused) for place in range(1, places + 1)}
    overlaps = [Overlap(one, numbers[place] if place else None, papers) for (one, place), papers in shared.items()]
    between = {(one.old, one.new): one.papers for one in overlaps}
    into = {one: numbers[place] for one, place in goes_into.items()}
    of = {numbers[place]: one for place, one in comes_from.items()}
    return Lineage(
        numbers,
        tuple(sorted(overlaps, key=lambda one: (one.old or 0, one.new or 0))),
        tuple(_events(into, of, between, sorted(living), sorted(numbers.values()))),
    )


def _majority(shared: Mapping[tuple[int | None, int | None], int], side: int) -> dict[int, int]:
    """For each cluster of one side the cluster of the other side that shares more than half of its papers, if any."""
    totals: Counter[int | None] = Counter()
    for pair, papers in shared.items():
        totals[pair[side]] += papers
    found = {}
    for pair, papers in shared.items():
        own, other = pair[side], pair[1 - side]
        if own is not None and other is not None and 2 * papers > totals[own]:
            found[own] = other
    return found


def _events(
    into: Mapping[int, int],
    of: Mapping[int, int],
    between: Mapping[tuple[int | None, int | None], int],
    living: Sequence[int],
    new: Sequence[int],
) -> list[Event]:
    parts = {one: tuple(sorted(number for number, source in of.items() if source == one)) for one in living}
    sources = {number: tuple(sorted(one for one, target in into.items() if target == number)) for number in new}
    found = []
    for one in living:
        if one in of and of[one] == one:
            found.append(Event(EventKind.CONTINUES, (one,), (one,), (between[one, one],)))
        if len(parts[one]) > 1:
            shares = tuple(between[one, number] for number in parts[one])
            found.append(Event(EventKind.SPLITS, (one,), parts[one], shares))
    for number in new:
        if len(sources[number]) > 1:
            shares = tuple(between[one, number] for one in sources[number])
            found.append(Event(EventKind.MERGES, sources[number], (number,), shares))
    went_on = {one for event in found for one in event.old}
    came = {number for event in found for number in event.new}
    found += [Event(EventKind.BORN, (), (number,)) for number in new if number not in came]
    found += [Event(EventKind.DIES, (one,), ()) for one in living if one not in went_on]
    return found
