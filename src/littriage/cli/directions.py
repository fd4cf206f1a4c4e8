"""`directions`: the catalogue of queries, as it lies in its folder."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Annotated, Any

import typer

from littriage.cli import tables
from littriage.cli.messages import say, stance_of
from littriage.cli.options import Json, Lang, Language, Queries, complete_file
from littriage.cli.tables import Column
from littriage.errors import DirectionError, SettingsError
from littriage.model import Catalogue, Claim, Direction

group = typer.Typer(help="List, show and check the directions.", rich_markup_mode=None)


def register(app: typer.Typer) -> None:
    app.add_typer(group, name="directions")


@group.callback(invoke_without_command=True)
def _directions(ctx: typer.Context) -> None:
    if ctx.invoked_subcommand is None:
        folder = os.environ.get("LITTRIAGE_QUERIES")
        list_(queries=Path(folder) if folder else None)


@group.command("list")
def list_(
    theme: Annotated[str | None, typer.Option(metavar="THEME", help="Only this theme's directions.")] = None,
    lang: Language = Lang.EN,
    as_json: Json = False,
    queries: Queries = None,
) -> None:
    """List all directions, or those of one theme."""
    catalogue = _catalogue(queries)
    themes = {one.slug: one for one in catalogue.themes}
    if theme and theme not in themes:
        raise SettingsError(f'no theme called "{theme}": pass one of {", ".join(themes)}')
    chosen = [one for one in catalogue.directions if theme in (None, one.theme)]
    if as_json:
        tables.print_json({"directions": [_summary_json(one) for one in chosen]})
        return
    headings = ("slug", "theme", "name", "name_zh", "claims")
    tables.print_table(
        [Column(say(lang, key), figures=key == "claims") for key in headings],
        [(one.slug, one.theme, one.name, one.name_zh, f"{len(one.claims)}") for one in chosen],
    )


@group.command("show")
def show(
    direction: Annotated[str, typer.Argument(metavar="DIRECTION", help="Slug or name.", autocompletion=complete_file)],
    lang: Language = Lang.EN,
    as_json: Json = False,
    queries: Queries = None,
) -> None:
    """Show one direction as its file describes it."""
    from littriage.directions import find_direction

    found = find_direction(_catalogue(queries), direction)
    if as_json:
        tables.print_json({"direction": _direction_json(found)})
        return
    tables.print_line(say(lang, "head", name=found.name, other=found.name_zh, slug=found.slug, theme=found.theme))
    tables.print_line(found.scope)
    tables.print_line(f"{say(lang, 'categories')}: {', '.join(found.query.categories)}")
    for number, group_of_phrases in enumerate(found.query.all_of):
        tables.print_line(f"{'AND ' if number else ''}({' OR '.join(group_of_phrases)})")
    if found.query.none_of:
        tables.print_line(f"NOT ({' OR '.join(found.query.none_of)})")
    for exemplar in found.exemplars:
        tables.print_line(f"- {exemplar.title} ({exemplar.year}) {exemplar.arxiv_id or ''}".rstrip())
    for claim in found.claims:
        written = say(lang, "written", date=claim.date, author=claim.author, stance=stance_of(claim.stance, lang))
        tables.print_line(f"{written}: {claim.paraphrase} [{claim.document}, {claim.locator}]")


@group.command("check")
def check(
    folder: Annotated[Path | None, typer.Argument(metavar="[FOLDER]", help="Default: as --queries.")] = None,
    queries: Queries = None,
) -> None:
    """Check every direction file.

    All problems are told at once; the exit code is 2 where there are any.
    """
    try:
        catalogue = _catalogue(folder or queries)
    except DirectionError as error:
        for problem in error.problems:
            typer.echo(problem)
        raise DirectionError(f"problems: {len(error.problems)}; mend the files named above") from error
    typer.echo(f"{len(catalogue.directions)} directions in {len(catalogue.themes)} themes, no problems")


def _catalogue(folder: Path | None) -> Catalogue:
    from littriage import resources
    from littriage.directions import load_catalogue

    if folder is not None and not folder.is_dir():
        raise SettingsError(
            f"no folder at {folder}: pass another --queries, or leave it out for the shipped directions"
        )
    return load_catalogue(folder or resources.folder("queries"))


def _summary_json(direction: Direction) -> dict[str, Any]:
    return {
        "slug": direction.slug,
        "theme": direction.theme,
        "name": direction.name,
        "name_zh": direction.name_zh,
        "scope": direction.scope,
        "claims": len(direction.claims),
    }


def _direction_json(direction: Direction) -> dict[str, Any]:
    query = direction.query
    return {
        **_summary_json(direction),
        "query": {"all_of": query.all_of, "none_of": query.none_of, "categories": query.categories},
        "exemplars": [
            {"title": one.title, "year": one.year, "arxiv_id": one.arxiv_id, "checked": one.checked}
            for one in direction.exemplars
        ],
        "claims": [claim_json(claim) for claim in direction.claims],
    }


def claim_json(claim: Claim) -> dict[str, Any]:
    """A claim as the documents make it."""
    return {
        "document": claim.document,
        "author": claim.author,
        "date": claim.date,
        "first_month": claim.window[0],
        "last_month": claim.window[1],
        "stance": claim.stance.value,
        "paraphrase": claim.paraphrase,
        "paraphrase_zh": claim.paraphrase_zh or None,
        "span": claim.span,
        "locator": claim.locator,
        "inferred": claim.inferred,
        "repost_of": claim.repost_of,
    }
