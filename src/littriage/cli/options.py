"""Options that many commands share, and what completes them in a shell."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

from littriage.errors import LittriageError

DEFAULT_WAREHOUSE = Path("warehouse")


class Lang(StrEnum):
    """Language of headings, names, stages and reasons."""

    EN = "en"
    ZH = "zh"


def complete_slug(ctx: typer.Context, incomplete: str) -> list[str]:
    """Slugs of published directions that begin so; none where nothing is published."""
    from littriage.published import Published

    folder = ctx.params.get("warehouse") or DEFAULT_WAREHOUSE
    try:
        with Published.open(Path(folder)) as published:
            return published.slugs(incomplete)
    except LittriageError:
        return []


def complete_theme(ctx: typer.Context, incomplete: str) -> list[str]:
    """Slugs of published themes that begin so; none where nothing is published."""
    from littriage.published import Published

    folder = ctx.params.get("warehouse") or DEFAULT_WAREHOUSE
    try:
        with Published.open(Path(folder)) as published:
            return [theme.slug for theme in published.themes() if theme.slug.startswith(incomplete)]
    except LittriageError:
        return []


def complete_file(ctx: typer.Context, incomplete: str) -> list[str]:
    """Slugs of direction files that begin so."""
    from littriage import resources

    folder = Path(ctx.params.get("queries") or resources.folder("queries"))
    return sorted(path.stem for path in folder.glob("*/[!_]*.toml") if path.stem.startswith(incomplete))


Warehouse = Annotated[
    Path,
    typer.Option("--warehouse", metavar="DIR", envvar="LITTRIAGE_WAREHOUSE", help="Folder of the papers and results."),
]
Queries = Annotated[
    Path | None,
    typer.Option(
        "--queries", metavar="DIR", envvar="LITTRIAGE_QUERIES", help="Folder of direction files [default: shipped]."
    ),
]
Slug = Annotated[
    str,
    typer.Argument(
        metavar="DIRECTION",
        help='Slug or name, as "littriage directions list" shows them.',
        autocompletion=complete_slug,
    ),
]
Theme = Annotated[
    str | None, typer.Option(metavar="THEME", help="Only this theme's directions.", autocompletion=complete_theme)
]
AsOf = Annotated[
    datetime | None,
    typer.Option(
        "--as-of",
        metavar="YYYY-MM-DD",
        formats=["%Y-%m-%d"],
        help="Judge again with the months known on that day only.",
    ),
]
Limit = Annotated[int, typer.Option("--limit", metavar="N", min=1, help="Rows at most.")]
Language = Annotated[Lang, typer.Option("--lang", help="Language of headings, names and reasons.")]
Json = Annotated[bool, typer.Option("--json", help="Print JSON for programs; fields do not depend on --lang.")]
