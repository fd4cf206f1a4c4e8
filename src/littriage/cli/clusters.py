"""`clusters`: sub-topics made anew, and what became of them."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from typing import Annotated, Any

import typer

from littriage.cli import tables
from littriage.cli.messages import count_text, part_text, say
from littriage.cli.options import (
    DEFAULT_WAREHOUSE,
    Json,
    Lang,
    Language,
    Queries,
    Warehouse,
    complete_file,
    complete_slug,
)
from littriage.cli.reading import about_json, print_about
from littriage.cli.tables import Column
from littriage.cli.working import Device, Model, ReadLimit, Work, known_slugs, print_summary
from littriage.errors import SettingsError
from littriage.published import ClusterEntry, ClusterEventEntry, ClusterVersion, Published

FIELD = ""
"""The scope of all papers, as in the warehouse."""

group = typer.Typer(
    help="Make sub-topics anew, and show what became of them.", rich_markup_mode=None, no_args_is_help=True
)


def register(app: typer.Typer) -> None:
    app.add_typer(group, name="clusters")


# --- rebaseline -------------------------------------------------------------------------------------------------


@group.command()
def rebaseline(
    directions: Annotated[
        list[str] | None,
        typer.Argument(metavar="[DIRECTION]...", help="Slugs or names.", autocompletion=complete_file),
    ] = None,
    every: Annotated[bool, typer.Option("--all", help="Of every direction.")] = False,
    field: Annotated[bool, typer.Option("--field", help="Of the whole field; its first are made so too.")] = False,
    model: Model = None,
    device: Device = None,
    read_limit: ReadLimit = None,
    lang: Language = Lang.EN,
    queries: Queries = None,
    warehouse: Work = None,
) -> None:
    """Make the sub-topics of directions anew, of all their papers.

    A run never does this by itself: it only finds a place for new papers. A sub-topic that goes on keeps its number and
    its name; what became of each is written down. What is left to do before is done first, and all is published.
    """
    from littriage import configuration, pipeline, wiring
    from littriage.progress import progress_bars

    if [bool(directions), every, field].count(True) != 1:
        raise SettingsError("name the directions whose sub-topics to make anew, or pass --all, or --field")
    settings = configuration.settings_from(
        os.environ, warehouse=warehouse, queries=queries, model=model, device=device, read_limit=read_limit
    )
    chosen = known_slugs(settings, directions) or [one.slug for one in wiring.catalogue(settings).directions]
    chosen = [FIELD] if field else chosen
    with (
        wiring.opened_run(settings, progress_bars(), create=False) as run,
        wiring.tiers(settings) as tiers,
        wiring.assistant(settings) as assistant,
    ):
        run.rebaseline = frozenset(chosen)
        pipeline.bring_up_to_date(run, tiers, wiring.SOURCE_NAME, assistant=assistant)
        summary = run.summary()
    print_summary(summary)
    with Published.open(settings.warehouse) as published:
        for slug in chosen:
            versions = published.cluster_versions(slug)
            if versions:
                tables.print_line()
                _print_version(slug, versions[-1], published.cluster_events(slug), _names(published, slug, lang), lang)


# --- lineage ----------------------------------------------------------------------------------------------------


@group.command()
def lineage(
    direction: Annotated[
        str | None, typer.Argument(metavar="[DIRECTION]", help="Slug or name.", autocompletion=complete_slug)
    ] = None,
    lang: Language = Lang.EN,
    as_json: Json = False,
    warehouse: Warehouse = DEFAULT_WAREHOUSE,
) -> None:
    """Show how the sub-topics of a direction came to be what they are.

    Each version, why it was made, and which sub-topics went on, split, merged, were born or died. Without DIRECTION:
    how many papers of each direction are in none of its sub-topics, and where making them anew is advised.
    """
    with Published.open(warehouse) as published:
        if direction is None:
            _show_all(published, lang, as_json)
            return
        entry = published.entry(direction)
        versions = published.cluster_versions(entry.slug)
        events = published.cluster_events(entry.slug)
        if as_json:
            overlaps = published.cluster_overlaps(entry.slug)
            tables.print_json(
                {
                    **about_json(published),
                    "direction": entry.slug,
                    "versions": [_version_json(one) for one in versions],
                    "events": [_event_json(one) for one in events],
                    "overlaps": [
                        {"version": version, "old": old, "new": new, "papers": papers}
                        for version, old, new, papers in overlaps
                    ],
                }
            )
            return
        print_about(published, lang)
        if not versions:
            tables.print_line(say(lang, "lineage_none"))
        names = _names(published, entry.slug, lang)
        for one in versions:
            _print_version(entry.slug, one, events, names, lang)


def _show_all(published: Published, lang: Lang, as_json: bool) -> None:
    standing = {one.direction: one for one in published.cluster_versions() if one.assigned is not None}
    if as_json:
        found = [{"direction": slug, **_version_json(one)} for slug, one in standing.items()]
        tables.print_json({**about_json(published), "directions": found})
        return
    print_about(published, lang)
    if not standing:
        tables.print_line(say(lang, "lineage_none"))
        return
    headings = ("direction", "lineage_version", "lineage_made_on", "papers", "lineage_unassigned", "lineage_advice")
    tables.print_table(
        [
            Column(say(lang, key), figures=key in ("lineage_version", "papers", "lineage_unassigned"))
            for key in headings
        ],
        [
            (
                slug,
                f"{one.version}",
                f"{one.made_on}",
                count_text(_papers(one)),
                part_text(_unassigned_share(one)),
                _why(one.advice, lang) if one.advice else "",
            )
            for slug, one in standing.items()
        ],
    )


def _papers(one: ClusterVersion) -> int:
    return (one.assigned or 0) + (one.unassigned or 0)


def _unassigned_share(one: ClusterVersion) -> float | None:
    return (one.unassigned or 0) / papers if (papers := _papers(one)) else None


def _names(published: Published, slug: str, lang: Lang) -> dict[int, str]:
    return {one.number: sub_topic(one, lang) for one in published.clusters(slug)}


def sub_topic(cluster: ClusterEntry, lang: Lang) -> str:
    """Its name, or its label of terms where it has none."""
    return (cluster.name_zh if lang is Lang.ZH else cluster.name) or cluster.label


def _print_version(
    slug: str, one: ClusterVersion, events: Sequence[ClusterEventEntry], names: Mapping[int, str], lang: Lang
) -> None:
    why = say(lang, f"lineage_reason_{one.reason.replace(' ', '_')}")
    parts = {"slug": slug, "version": one.version, "made_on": one.made_on, "why": why}
    tables.print_line(say(lang, "lineage_head", **parts, papers=count_text(one.papers)))
    for event in events:
        if event.version == one.version:
            tables.print_line(f"{event.happened_on}: {_event_text(event, names, lang)}", indent=2)
    if one.assigned is not None:
        print_unassigned(one, lang)


def print_unassigned(one: ClusterVersion, lang: Lang) -> None:
    """How many papers are in no sub-topic, if any, and whether making them anew is advised."""
    if one.unassigned:
        tables.print_line(say(lang, "unassigned", papers=count_text(one.unassigned), total=count_text(_papers(one))))
    if one.advice:
        why = _why(one.advice, lang)
        tables.print_line(say(lang, "lineage_advised", slug=one.direction, why=why))


def _why(advice: str, lang: Lang) -> str:
    return say(lang, "lineage_many_unassigned" if advice == "unassigned" else "lineage_outgrown")


def _event_text(event: ClusterEventEntry, names: Mapping[int, str], lang: Lang) -> str:
    shared_by_new = len(event.new) > len(event.old)
    old = _numbers(event.old, () if shared_by_new else event.papers, names)
    new = _numbers(event.new, event.papers if shared_by_new else (), names)
    return say(lang, f"lineage_event_{event.kind.value}", old=old, new=new)


def _numbers(numbers: Sequence[int], papers: Sequence[int], names: Mapping[int, str]) -> str:
    shared = [f" [{count_text(count)}]" for count in papers] or [""] * len(numbers)
    return ", ".join(
        f"{number}{f' ({names[number]})' if number in names else ''}{count}"
        for number, count in zip(numbers, shared, strict=True)
    )


def _version_json(one: ClusterVersion) -> dict[str, Any]:
    return {
        "version": one.version,
        "made_on": one.made_on,
        "reason": one.reason,
        "papers": one.papers,
        "model": one.model,
        "rule": one.rule,
        "assigned": one.assigned,
        "unassigned": one.unassigned,
        "rebaseline_advised": one.advice,
    }


def _event_json(one: ClusterEventEntry) -> dict[str, Any]:
    return {
        "version": one.version,
        "happened_on": one.happened_on,
        "event": one.kind.value,
        "old": one.old,
        "new": one.new,
        "papers": one.papers,
    }
