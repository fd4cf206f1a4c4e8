"""What is computed from papers: lexical hits, vectors, trends, verdicts.

Each write replaces what was there in one transaction. `stamp` and `stamped` remember what a stage was computed from, so
that a stage with nothing new does nothing.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import TYPE_CHECKING, Any

from littriage.completeness import Arrivals
from littriage.idgaps import Sequence as IdSequence
from littriage.model import (
    Catalogue,
    Direction,
    FieldMonth,
    LexicalHit,
    Theme,
    TrendPoint,
    Verdict,
)
from littriage.trends import MonthCount
from littriage.verdicts import CategoryYear, dump_reasons

if TYPE_CHECKING:
    from littriage.warehouse.file import Warehouse


TEXTS_AT_ONCE = 8_192


@dataclass(frozen=True, slots=True)
class Text:
    """A paper's text, as much as matching, embedding and clustering need."""

    id: str
    title: str
    abstract: str | None
    categories: tuple[str, ...] = ()
    text_hash: str = ""

    @property
    def text(self) -> str:
        """What is embedded; the same as Paper.text."""
        return f"{self.title}\n{self.abstract}" if self.abstract else self.title


def stamped(warehouse: Warehouse, stage: str, subject: str = "") -> str | None:
    """What the stage was last computed from; None when never."""
    found = warehouse.rows("read/stamp", stage=stage, subject=subject)
    return str(found[0][0]) if found else None


def stamp(warehouse: Warehouse, stage: str, value: str, subject: str = "") -> None:
    """Remember what the stage was computed from."""
    warehouse.insert("derived", {"subject": [subject]}, stage=stage, stamp=value)


def stamp_of(value: object) -> str:
    """A stamp of what a stage is computed from: values that JSON knows, and others as their text."""
    return hashlib.sha256(json.dumps(value, sort_keys=True, default=str).encode()).hexdigest()[:16]


# --- lexical hits -----------------------------------------------------------------------------------------------


def texts_to_match(warehouse: Warehouse, matched_with: str, batch: int) -> Iterator[list[Text]]:
    """Countable papers not yet matched under that stamp, in batches."""
    for rows in warehouse.batches("read/papers_to_match", batch, matched_with=matched_with):
        yield [Text(id_, title, abstract, tuple(categories)) for id_, title, abstract, categories in rows]


def forget_hits_except(warehouse: Warehouse, directions: Sequence[str]) -> None:
    """Drop the hits of directions that the catalogue no longer has."""
    with warehouse.transaction():
        warehouse.run("write/hits_of_unknown_directions_forgotten", directions=list(directions))


def store_hits(warehouse: Warehouse, matched: Mapping[str, Sequence[LexicalHit]], matched_with: str) -> int:
    """Replace the hits of these papers; how many hits they have now."""
    pairs = [(paper, hit) for paper, hits in matched.items() for hit in hits]
    with warehouse.transaction():
        warehouse.run("write/hits_forgotten", ids=list(matched))
        warehouse.insert(
            "hit",
            {
                "paper_id": [paper for paper, _ in pairs],
                "direction": [hit.direction for _, hit in pairs],
                "in_title": [hit.in_title for _, hit in pairs],
                "title_groups": [hit.title_groups for _, hit in pairs],
                "phrases": [hit.phrases for _, hit in pairs],
                "mentions": [hit.mentions for _, hit in pairs],
                "read_share": [hit.read_share for _, hit in pairs],
            },
        )
        warehouse.run("write/papers_matched", ids=list(matched), matched_with=matched_with)
    return len(pairs)


# --- vectors ----------------------------------------------------------------------------------------------------


def papers_to_embed(warehouse: Warehouse, model: str, directions: Sequence[str] | None = None) -> list[str]:
    """Ids of the countable papers without a vector of their present text from `model`, oldest first.

    All of them, or those that the queries of `directions` match. The order is fixed, so that a killed run goes on with
    the papers that it had still to do.
    """
    if directions is None:
        rows = warehouse.rows("read/papers_to_embed", model=model)
    else:
        rows = warehouse.rows("read/hit_papers_to_embed", model=model, directions=list(directions))
    return [id_ for (id_,) in rows]


def texts_to_embed(warehouse: Warehouse, ids: Sequence[str], batch: int) -> Iterator[list[Text]]:
    """The texts of these papers, in their order, in batches: never more than some thousand are in memory."""
    at_once = max(batch, TEXTS_AT_ONCE // batch * batch)
    for first in range(0, len(ids), at_once):
        rows = warehouse.rows("read/texts_to_embed", ids=ids[first : first + at_once])
        texts = [Text(id_, title, abstract, (), hash_) for id_, title, abstract, hash_ in rows]
        for start in range(0, len(texts), batch):
            yield texts[start : start + batch]


# --- trends and verdicts ----------------------------------------------------------------------------------------


Months = dict[date, MonthCount]


def member_months(
    warehouse: Warehouse, category: str | None = None, *, in_field: bool = False, related: bool = False
) -> dict[str, Months]:
    """The months of each direction, of its papers in one category, or of all whose categories are known.

    `in_field`: only of papers that a copy of the whole field holds. `related`: related papers count like core ones.
    """
    rows = warehouse.rows("marts/member_month", category=category, in_field=in_field, related=related)
    found: dict[str, Months] = {}
    for direction, month, papers, members, undecided in rows:
        found.setdefault(direction, {})[month] = MonthCount(papers, members, undecided)
    return found


def main_categories(warehouse: Warehouse, as_of: date) -> dict[str, list[str]]:
    """The categories that at least half of a direction's papers before a day are in, the most common first."""
    found: dict[str, list[str]] = {}
    for direction, category in warehouse.rows("marts/main_category", as_of=as_of):
        found.setdefault(direction, []).append(category)
    return found


HeldMonth = tuple[date, int, int, date]
"""Month, countable papers, those of them with an abstract, day of the newest."""


def held_months(warehouse: Warehouse, sets: Mapping[str, Sequence[str]]) -> dict[str, list[HeldMonth]]:
    """The months of the copy of the field, oldest first, for each named set of categories; none: every category."""
    found: dict[str, list[HeldMonth]] = {name: [] for name in sets}
    wanted = [list(categories) for categories in sets.values()]
    for name, *month in warehouse.rows("marts/field_month", sets=list(sets), categories=wanted):
        found[name].append((month[0], month[1], month[2], month[3]))
    return found


def id_sequences(warehouse: Warehouse) -> list[IdSequence]:
    """The numbers of the ids that the copy of the field holds, by month, before 2007-04 by archive too."""
    columns = warehouse.columns("read/field_id_numbers")
    return [
        IdSequence(month.astype("datetime64[D]").item(), archive, numbers)
        for month, archive, numbers in zip(columns["month"], columns["archive"], columns["numbers"], strict=True)
    ]


def copy_updates(warehouse: Warehouse) -> dict[str, tuple[date, ...]]:
    """The days on which the copy of each OAI set was brought up to date, once it stood, in order."""
    found: dict[str, list[date]] = {}
    for set_spec, day in warehouse.rows("read/copy_updates"):
        found.setdefault(set_spec, []).append(day)
    return {set_spec: tuple(days) for set_spec, days in found.items()}


def arrivals(warehouse: Warehouse, categories: Sequence[str], looks: tuple[date, ...], since: date) -> Arrivals:
    """When the papers of the months from `since` on were first stored; `looks` as `copy_updates` tells them."""
    seen: dict[date, dict[date | None, int]] = {}
    for month, day, papers in warehouse.rows("marts/arrival_month", categories=list(categories), since=since):
        seen.setdefault(month, {})[day] = papers
    return Arrivals(seen, looks)


def stored_months(warehouse: Warehouse, categories: Sequence[str]) -> dict[date, int]:
    """Countable papers of any of these categories by month, whatever brought them."""
    return dict(warehouse.rows("marts/stored_month", categories=list(categories)))


def store_field_months(warehouse: Warehouse, months: Sequence[FieldMonth]) -> None:
    """Replace what each month of each set of categories is worth."""
    with warehouse.transaction():
        warehouse.empty("field_month")
        warehouse.insert(
            "field_month",
            {
                "category_set": [one.category_set for one in months],
                "month": [one.month for one in months],
                "held": [one.held for one in months],
                "reported": [one.reported for one in months],
                "late": [one.late for one in months],
                "growth": [one.growth for one in months],
                "growth_low": [one.growth_low for one in months],
                "growth_high": [one.growth_high for one in months],
                "lost": [one.lost for one in months],
                "status": [one.status.value for one in months],
                "reason": [one.reason for one in months],
                "source": [one.source for one in months],
            },
        )


def store_trends(warehouse: Warehouse, points: Mapping[str, Sequence[TrendPoint]]) -> None:
    """Replace all trend points."""
    kept = [point for series in points.values() for point in series]
    with warehouse.transaction():
        warehouse.empty("trend_point")
        warehouse.insert(
            "trend_point",
            {
                "direction": [one.direction for one in kept],
                "month": [one.month for one in kept],
                "papers": [one.papers for one in kept],
                "members": [one.members for one in kept],
                "exposure": [one.exposure for one in kept],
                "status": [one.status.value for one in kept],
                "reason": [one.reason for one in kept],
                "undecided": [one.undecided for one in kept],
            },
        )


def trend_columns(verdicts: Sequence[Verdict]) -> dict[str, list[Any]]:
    """What is stored of a verdict whatever it is on: a direction, or a cluster of the field."""
    growths = [one.growth for one in verdicts]
    return {
        "as_of": [one.as_of for one in verdicts],
        "stage": [one.stage.value for one in verdicts],
        "growth": [one and one.mean for one in growths],
        "growth_low": [one and one.low for one in growths],
        "growth_high": [one and one.high for one in growths],
        "p_up": [one and one.p_up for one in growths],
        "papers_12m": [one.papers_12m for one in verdicts],
        "share_12m": [one.share_12m for one in verdicts],
        "last_month": [one.last_month for one in verdicts],
    }


def store_verdicts(warehouse: Warehouse, verdicts: Sequence[Verdict], membership_rules: Mapping[str, str]) -> None:
    """Replace all verdicts; `membership_rules` names the rule that decided each direction's members, where any did."""
    growths = [one.growth for one in verdicts]
    with warehouse.transaction():
        warehouse.empty("verdict")
        warehouse.insert(
            "verdict",
            {
                "direction": [one.direction for one in verdicts],
                **trend_columns(verdicts),
                "p_down": [one and one.p_down for one in growths],
                "p_flat": [one and one.p_flat for one in growths],
                "growth_raw": [one and one.raw for one in growths],
                "growth_raw_se": [one and one.raw_se for one in growths],
                "months": [one and one.months for one in growths],
                "exposure_12m": [one.exposure_12m for one in verdicts],
                "peak_ratio": [one.peak_ratio for one in verdicts],
                "peak_month": [one.peak_month for one in verdicts],
                "saturation": [one.saturation for one in verdicts],
                "first_month": [one.first_month for one in verdicts],
                "reasons": [dump_reasons(one.reasons) for one in verdicts],
                "rule": [one.rule for one in verdicts],
                "membership_rule": [membership_rules.get(one.direction, "") for one in verdicts],
                "flips": [one.flips for one in verdicts],
                "flips_to": [one.flips_to and one.flips_to.value for one in verdicts],
            },
        )


def store_catalogue(
    warehouse: Warehouse, catalogue: Catalogue, queries: Mapping[str, tuple[str, str]], fields: Mapping[str, str]
) -> None:
    """Replace themes, directions and claims.

    `queries` gives each direction's category set and query fingerprint, `fields` the categories that it is measured in.
    """
    owners: list[Theme | Direction] = [*catalogue.themes, *catalogue.directions]
    claims = [(owner.slug, number, claim) for owner in owners for number, claim in enumerate(owner.claims, 1)]
    with warehouse.transaction():
        warehouse.empty("theme", "direction", "claim")
        warehouse.insert(
            "theme",
            {
                "slug": [one.slug for one in catalogue.themes],
                "name": [one.name for one in catalogue.themes],
                "name_zh": [one.name_zh for one in catalogue.themes],
            },
        )
        warehouse.insert(
            "direction",
            {
                "slug": [one.slug for one in catalogue.directions],
                "theme": [one.theme for one in catalogue.directions],
                "name": [one.name for one in catalogue.directions],
                "name_zh": [one.name_zh for one in catalogue.directions],
                "scope": [one.scope for one in catalogue.directions],
                "category_set": [queries[one.slug][0] for one in catalogue.directions],
                "field": [fields[one.slug] for one in catalogue.directions],
                "query": [queries[one.slug][1] for one in catalogue.directions],
            },
        )
        warehouse.insert(
            "claim",
            {
                "subject": [subject for subject, _, _ in claims],
                "number": [number for _, number, _ in claims],
                "document": [one.document for _, _, one in claims],
                "author": [one.author for _, _, one in claims],
                "date": [one.date for _, _, one in claims],
                "first_month": [one.window[0] for _, _, one in claims],
                "last_month": [one.window[1] for _, _, one in claims],
                "stance": [one.stance.value for _, _, one in claims],
                "paraphrase": [one.paraphrase for _, _, one in claims],
                "locator": [one.locator for _, _, one in claims],
                "inferred": [one.inferred for _, _, one in claims],
                "repost_of": [one.repost_of for _, _, one in claims],
                "span_start": [one.span[0] if one.span else None for _, _, one in claims],
                "span_end": [one.span[1] if one.span else None for _, _, one in claims],
                "paraphrase_zh": [one.paraphrase_zh for _, _, one in claims],
            },
        )


# --- runs -------------------------------------------------------------------------------------------------------


def store_run(
    warehouse: Warehouse,
    run_id: str,
    *,
    started_at: datetime,
    finished_at: datetime | None,
    state: str,
    as_of: date | None,
    settings: Mapping[str, Any],
    stages: Sequence[Mapping[str, Any]],
    failures: Sequence[tuple[str, str, str]],
) -> None:
    """Write or rewrite what is known of a run; `state` is running, complete or failed. Another that runs was killed."""
    with warehouse.transaction():
        warehouse.run("write/runs_interrupted", run_id=run_id)
        warehouse.insert(
            "run",
            {"id": [run_id]},
            started_at=started_at,
            finished_at=finished_at,
            state=state,
            as_of=as_of,
            settings=json.dumps(settings, ensure_ascii=False, default=str),
            stages=json.dumps(stages, ensure_ascii=False, default=str),
        )
        warehouse.run("write/failures_forgotten", run_id=run_id)
        warehouse.insert(
            "failure",
            {
                "stage": [stage for stage, _, _ in failures],
                "subject": [subject for _, subject, _ in failures],
                "reason": [reason for _, _, reason in failures],
            },
            replace=False,
            run_id=run_id,
        )


def category_years(warehouse: Warehouse, fields: Mapping[str, str], last: date) -> dict[str, list[CategoryYear]]:
    """Each direction's papers by category of its field, in the 12 months up to `last` and in those before."""
    slugs = sorted(fields)
    found: dict[str, list[CategoryYear]] = {slug: [] for slug in slugs}
    for slug, _, before, now, size_before, size_now in warehouse.rows(
        "read/category_years", slugs=slugs, fields=[fields[slug] for slug in slugs], last=last
    ):
        found[slug].append(CategoryYear((before, now), (size_before, size_now)))
    return found
