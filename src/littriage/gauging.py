"""The stage that gauges signs of saturation beside the counts: redundancy, newcomers, births, reviews."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from littriage.crowding import SIGN_RULE, Sign
from littriage.crowding.papers import Span
from littriage.crowding.people import shrunk
from littriage.crowding.whole import signs_of
from littriage.run import Counts, Run, progress
from littriage.trends import last_settled_month, month_after, usable
from littriage.warehouse import crowding, derived

_MONTHS = 24
"""Of a direction that the signs look at the state of."""


def gauge(run: Run, model: str) -> Counts:
    """The signs of every direction as of the run's date, of those anew whose papers, field or months have changed.

    `model` made the vectors of every direction: the model that has read the whole field, so that the field can be set
    beside each of them and all are measured by one instrument.
    """
    assert run.as_of is not None, "weigh() sets it"
    last = last_settled_month(run.as_of)
    contents = crowding.content_stamps(run.warehouse, run.fields, last)
    first = month_after(last, 1 - _MONTHS)
    months = {
        slug: [point.month for point in run.points[slug] if first <= point.month <= last and usable(point)]
        for slug in run.fields
    }
    stamps = {
        slug: derived.stamp_of([SIGN_RULE, model, last, run.fields[slug], months[slug], contents[slug]])
        for slug in run.fields
    }
    known = crowding.stored_signs(run.warehouse)
    stale = {
        slug: field
        for slug, field in run.fields.items()
        if slug not in known or derived.stamped(run.warehouse, crowding.STAGE, slug) != stamps[slug]
    }
    signs = {slug: own for slug, own in known.items() if slug in run.fields and slug not in stale}
    shards = (
        _Shard(one, {slug: crowding.span_of(last, months[slug]) for slug in one.own}, model)
        for one in crowding.material(run.warehouse, stale, model, last)
    )
    with progress(run, "gauge", len(stale)) as advance:
        for found in run.workers.map(_gauged, shards):
            signs |= found
            advance(len(found))
    crowding.store_signs(run.warehouse, shrunk(signs), last, {slug: stamps[slug] for slug in stale})
    given = sum(one.value is not None for own in signs.values() for one in own)
    return {"directions": len(signs), "gauged anew": len(stale), "signs": given, "model": model}


@dataclass(frozen=True, slots=True)
class _Shard:
    """Some directions of a field."""

    material: crowding.Gathered
    spans: Mapping[str, Span]
    """By direction."""
    model: str


def _gauged(shard: _Shard) -> dict[str, tuple[Sign, ...]]:
    """The signs of each direction of a shard."""
    from threadpoolctl import threadpool_limits

    # So little work at a time is done soonest by one thread; it also adds up in one order on every machine.
    with threadpool_limits(1):
        return {
            slug: signs_of(own, shard.material.around, shard.spans[slug], shard.model)
            for slug, own in shard.material.own.items()
        }
