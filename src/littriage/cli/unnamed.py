"""`unnamed`: clusters of the whole field that rise and that no direction claims."""

from __future__ import annotations

from typing import Annotated, Any

import typer

from littriage import notation
from littriage.cli import tables
from littriage.cli.messages import UNKNOWN, count_text, month_text, part_text, say, share_text, stage_of
from littriage.cli.options import DEFAULT_WAREHOUSE, Json, Lang, Language, Limit, Warehouse
from littriage.cli.reading import about_json, print_about
from littriage.errors import SettingsError
from littriage.published import Published, UnnamedCluster


def register(app: typer.Typer) -> None:
    app.command()(unnamed)


def unnamed(
    limit: Limit = 20,
    draft: Annotated[
        int | None,
        typer.Option("--draft", metavar="N", help="Print a direction for that cluster as TOML, for you to review."),
    ] = None,
    lang: Language = Lang.EN,
    as_json: Json = False,
    warehouse: Warehouse = DEFAULT_WAREHOUSE,
) -> None:
    """Show what rises in the field and no direction claims.

    Clusters of all papers that are emerging, rising, or hot and still growing by the rules for directions, and of whose
    papers of the last 12 months less than 30% are members of any direction; in the order of "rising". Save what --draft
    prints, once you have reviewed it, as queries/THEME/SLUG.toml: from then on it is a direction.
    """
    with Published.open(warehouse) as published:
        clusters, measurable = published.field_clusters()
        found = published.unnamed()
        if draft is not None:
            typer.echo(_draft(found, draft), nl=False)
            return
        if as_json:
            tables.print_json(
                {
                    **about_json(published),
                    "clusters": clusters,
                    "measurable": measurable,
                    "unnamed": [_json(one) for one in found[:limit]],
                }
            )
            return
        print_about(published, lang)
        if not clusters:
            tables.print_line(say(lang, "unnamed_none_yet"))
            return
        counts = {"clusters": count_text(clusters), "measurable": count_text(measurable)}
        if not found:
            tables.print_line(say(lang, "unnamed_none", **counts))
            return
        tables.print_line(say(lang, "unnamed_head", count=len(found), as_of=found[0].as_of, **counts))
        for one in found[:limit]:
            _print(one, lang)


def _draft(found: tuple[UnnamedCluster, ...], number: int) -> str:
    """Raises SettingsError where there is none."""
    known = {one.number: one for one in found}
    if number not in known:
        listed = ", ".join(map(str, known)) or "none"
        raise SettingsError(f"cluster {number} is no rising cluster without a name: these are: {listed}", number=number)
    text = known[number].draft
    if text is None:
        raise SettingsError(f"no phrase finds the papers of cluster {number}: write its direction by hand")
    return text


def _print(one: UnnamedCluster, lang: Lang) -> None:
    name = (one.name_zh if lang is Lang.ZH else one.name) or one.label
    tables.print_line()
    tables.print_line(say(lang, "unnamed_cluster", number=one.number, stage=stage_of(one.stage, lang), label=name))
    low, high = (notation.change_text(rate) for rate in (one.growth_low, one.growth_high))
    growth = f"{notation.change_text(one.growth)} ({say(lang, 'span', low=low, high=high)})"
    parts = {"papers": count_text(one.papers_12m), "share": share_text(one.share_12m), "category": one.category}
    tables.print_line(say(lang, "unnamed_growth", growth=growth, last=month_text(one.last_month), **parts), indent=4)
    low, high = map(part_text, one.claimed_interval)
    counts = {"claimed": count_text(one.claimed), "recent": count_text(one.recent)}
    part = part_text(one.claimed_share)
    tables.print_line(say(lang, "unnamed_claimed", part=part, low=low, high=high, **counts), indent=4)
    if one.nearest:
        cosine = UNKNOWN if one.nearest_cosine is None else f"{one.nearest_cosine:.2f}"
        tables.print_line(say(lang, "unnamed_nearest", slug=one.nearest, cosine=cosine), indent=4)
    tables.print_line(", ".join(one.terms), indent=4)
    for id_, title in one.central:
        tables.print_line(f"{id_}  {title}", indent=4)
    if one.draft:
        tables.print_line(say(lang, "unnamed_draft", number=one.number), indent=4)


def _json(one: UnnamedCluster) -> dict[str, Any]:
    return {
        "number": one.number,
        "label": one.label,
        "terms": one.terms,
        "name": one.name,
        "name_zh": one.name_zh,
        "category": one.category,
        "stage": one.stage.value,
        "growth": notation.yearly(one.growth),
        "growth_low": notation.yearly(one.growth_low),
        "growth_high": notation.yearly(one.growth_high),
        "p_up": one.p_up,
        "papers_12m": one.papers_12m,
        "share_12m": one.share_12m,
        "last_month": one.last_month,
        "papers": one.papers,
        "recent": one.recent,
        "claimed": one.claimed,
        "claimed_low": one.claimed_interval[0],
        "claimed_high": one.claimed_interval[1],
        "nearest": one.nearest,
        "nearest_cosine": one.nearest_cosine,
        "central": [{"id": id_, "title": title} for id_, title in one.central],
        "draft": one.draft is not None,
    }
