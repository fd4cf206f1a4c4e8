"""`brief`: what is new in a direction, and why its stage is what it is, in a few sentences that carry their ids."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated, Any

import typer

from littriage.briefs import WORDED_FROM_TEMPLATE
from littriage.cli import tables
from littriage.cli.messages import count_text, name_of, say, stage_of
from littriage.cli.options import (
    DEFAULT_WAREHOUSE,
    Json,
    Lang,
    Language,
    Limit,
    Theme,
    Warehouse,
    complete_slug,
)
from littriage.cli.reading import about_json, print_about
from littriage.errors import EmptyWarehouse, SettingsError
from littriage.published import BriefEntry, Entry, Published
from littriage.verdicts import Order, ranking


def register(app: typer.Typer) -> None:
    app.command()(brief)


def brief(
    direction: Annotated[
        str | None,
        typer.Argument(
            metavar="[DIRECTION]",
            help='Slug or name, as "littriage directions list" shows them.',
            autocompletion=complete_slug,
        ),
    ] = None,
    limit: Limit = 5,
    theme: Theme = None,
    lang: Language = Lang.EN,
    as_json: Json = False,
    warehouse: Warehouse = DEFAULT_WAREHOUSE,
) -> None:
    """Say in a few sentences what is new, and why the stage.

    Without DIRECTION: those that rise first, then those that grow no more, then the others. Figures, titles and ids of
    each sentence were checked against the stored papers and verdicts.
    """
    if direction and theme:
        raise SettingsError("--theme chooses among directions: leave it out, or leave out DIRECTION")
    with Published.open(warehouse) as published:
        if direction:
            entry = published.entry(direction)
            one = published.brief(entry.slug, lang.value)
            found = [(entry, one)] if one else []
        else:
            known = published.briefs(lang.value)
            found = [(entry, known[entry.slug]) for entry in _in_order(published, theme) if entry.slug in known]
        if not found:
            raise EmptyWarehouse(f'{published.path} holds no such brief: run "littriage run" again to publish one')
        if as_json:
            shown = [_brief_json(entry, one) for entry, one in found[:limit]]
            tables.print_json({**about_json(published), "lang": lang.value, "total": len(found), "briefs": shown})
            return
        print_about(published, lang)
        for entry, one in found[:limit]:
            _print_brief(entry, one, lang)
        if len(found) > limit:
            tables.print_line(say(lang, "cut", count=len(found) - limit, all=len(found)))
        tables.print_line(say(lang, "no_forecast"))


def _in_order(published: Published, theme: str | None) -> Sequence[Entry]:
    """The directions of the theme, or all: as `rising` and `saturated` list them, then the others by slug."""
    entries = {entry.slug: entry for entry in published.entries()}
    if theme:
        slug = published.theme(theme).slug
        entries = {key: entry for key, entry in entries.items() if entry.theme == slug}
    verdicts = [entry.verdict for entry in entries.values() if entry.verdict]
    orders: tuple[Order, ...] = ("rising", "saturated", "declining")
    listed = [verdict.direction for order in orders for verdict in ranking(verdicts, order)]
    return [entries[key] for key in dict.fromkeys([*listed, *entries])]


def _print_brief(entry: Entry, one: BriefEntry, lang: Lang) -> None:
    stage = stage_of(entry.verdict.stage, lang) if entry.verdict else say(lang, "brief_unjudged")
    tables.print_line(say(lang, "brief_head", name=name_of(entry, lang), slug=entry.slug, stage=stage))
    for sentence in one.sentences:
        tables.print_line(f"- {sentence.text}", indent=2)
        for paper in sentence.papers:
            tables.print_line(paper.link or paper.id, indent=4)
    by_template = one.worded_by == WORDED_FROM_TEMPLATE
    note = say(lang, "brief_template") if by_template else say(lang, "brief_model", model=one.worded_by)
    if dropped := sum(count for _, count in one.dropped):
        note += say(lang, "brief_dropped", count=count_text(dropped))
    tables.print_note(note, indent=2)
    tables.print_line()


def _brief_json(entry: Entry, one: BriefEntry) -> dict[str, Any]:
    return {
        "direction": entry.slug,
        "name": entry.name,
        "name_zh": entry.name_zh,
        "stage": entry.verdict.stage.value if entry.verdict else None,
        "sentences": [
            {
                "text": tables.clean(sentence.text),
                "papers": [{"id": paper.id, "link": paper.link} for paper in sentence.papers],
                "record": sentence.record,
            }
            for sentence in one.sentences
        ],
        "worded_by": one.worded_by,
        "dropped": dict(one.dropped),
    }
