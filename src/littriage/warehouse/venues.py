"""Conference papers counted by title, and the opinions that come of the counts."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from datetime import date
from typing import TYPE_CHECKING

from littriage.directions import LEXICAL_RULE, Matcher, query_fingerprint
from littriage.venues import VENUE_RULE, Totals, VenueOpinion, opinions
from littriage.warehouse.derived import stamp, stamped

if TYPE_CHECKING:
    from littriage.model import Direction
    from littriage.warehouse.file import Warehouse

_STAGE = "venues"


def consult(warehouse: Warehouse, directions: Sequence[Direction], as_of: date) -> dict[str, int]:
    """Form and keep the opinion of the conferences on every direction, as of a day; counts of what was done.

    None is kept where no conference papers were imported.
    """
    read = count_titles(warehouse, directions)
    totals = venue_totals(warehouse)
    found = opinions(venue_counts(warehouse, [one.slug for one in directions]), totals, as_of) if totals else {}
    store_opinions(warehouse, found, as_of)
    signs = Counter(one.sign.value for one in found.values() if not one.reason)
    return {"titles read": read, "opinions": signs.total(), **{sign: signs[sign] for sign in sorted(signs)}}


def count_titles(warehouse: Warehouse, directions: Sequence[Direction]) -> int:
    """Count the accepted papers whose title alone matches each direction's query; how many papers were read.

    0 where papers and queries are those of the last count, which then stands. A title must hold a phrase of every
    OR-group: one group alone finds the context of a direction and not the direction. Keywords are left out, since a
    conference has them in some years and not in others.
    """
    queries = sorted((one.slug, query_fingerprint(one.query)) for one in directions)
    content = warehouse.one("read/venue_stamp")
    value = f"{VENUE_RULE}/{LEXICAL_RULE}/{content}/{queries}"
    if stamped(warehouse, _STAGE) == value:
        return 0
    matcher = Matcher(directions)
    found: Counter[tuple[str, str, int]] = Counter()
    titles = warehouse.rows("read/venue_titles")
    for title, venue, year in titles:
        found.update((hit.direction, venue, year) for hit in matcher.hits(title, None))
    with warehouse.transaction():
        warehouse.empty("venue_title")
        warehouse.insert(
            "venue_title",
            {
                "direction": [direction for direction, _, _ in found],
                "venue": [venue for _, venue, _ in found],
                "year": [year for _, _, year in found],
                "papers": list(found.values()),
            },
        )
        stamp(warehouse, _STAGE, value)
    return len(titles)


def venue_totals(warehouse: Warehouse) -> Totals:
    """Accepted papers of each venue and year."""
    return {(venue, year): papers for venue, year, papers in warehouse.rows("read/venue_totals")}


def venue_counts(warehouse: Warehouse, slugs: Sequence[str]) -> dict[str, Totals]:
    """Those of each direction by title, as `count_titles` has counted them, by slug; empty where it has none."""
    found: dict[str, dict[tuple[str, int], int]] = {slug: {} for slug in slugs}
    for direction, venue, year, papers in warehouse.rows("read/venue_counts"):
        if direction in found:
            found[direction][venue, year] = papers
    return dict(found)


def store_opinions(warehouse: Warehouse, opinions: Mapping[str, VenueOpinion], as_of: date) -> None:
    """Replace all opinions."""
    kept = [opinions[slug] for slug in sorted(opinions)]
    changes = [(one.direction, change) for one in kept for change in one.changes]
    years = [(one.direction, year) for one in kept for year in one.years]
    with warehouse.transaction():
        warehouse.empty("venue_opinion", "venue_change", "venue_year")
        warehouse.insert(
            "venue_opinion",
            {
                "direction": [one.direction for one in kept],
                "last_year": [one.last_year for one in kept],
                "sign": [one.sign.value for one in kept],
                "reason": [one.reason for one in kept],
                "papers": [one.papers for one in kept],
            },
            as_of=as_of,
            rule=VENUE_RULE,
        )
        warehouse.insert(
            "venue_change",
            {
                "direction": [direction for direction, _ in changes],
                "first_year": [one.first_year for _, one in changes],
                "last_year": [one.last_year for _, one in changes],
                "venues": [one.venues for _, one in changes],
                "papers_before": [one.papers_before for _, one in changes],
                "total_before": [one.total_before for _, one in changes],
                "papers": [one.papers for _, one in changes],
                "total": [one.total for _, one in changes],
                "change": [one.change for _, one in changes],
                "low": [one.low for _, one in changes],
                "high": [one.high for _, one in changes],
                "p_up": [one.p_up for _, one in changes],
                "p_flat": [one.p_flat for _, one in changes],
            },
        )
        warehouse.insert(
            "venue_year",
            {
                "direction": [direction for direction, _ in years],
                "year": [one.year for _, one in years],
                "papers": [one.papers for _, one in years],
                "total": [one.total for _, one in years],
            },
        )
