"""`doctor` and `evaluate`: is this installation sound, and how good is it?"""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from littriage.cli import tables
from littriage.cli.options import Json, Queries
from littriage.cli.tables import Column
from littriage.cli.working import Device, Model, Work
from littriage.errors import LittriageError

if TYPE_CHECKING:
    from littriage.wiring import Settings

group = typer.Typer(help="Judge littriage against papers judged by readers.", rich_markup_mode=None)
LEAST_FREE_GIB = 2
_FIGURES = ("precision", "recall", "f1")


def register(app: typer.Typer) -> None:
    app.command()(doctor)
    app.add_typer(group, name="evaluate")


@group.callback()
def _evaluate() -> None:
    pass


# --- evaluate ---------------------------------------------------------------------------------------------------


@group.command("membership")
def membership(
    gold: Annotated[Path, typer.Argument(metavar="GOLD.csv", help="direction, arxiv_id, label (0, 1, 2), pool.")],
    papers: Annotated[Path, typer.Option(metavar="PAPERS.parquet", help="Title and abstract of the judged papers.")],
    tier: Annotated[str, typer.Option(metavar="TIER", help="transformer or fast.")] = "transformer",
    model: Model = None,
    device: Device = None,
    as_json: Json = False,
    queries: Queries = None,
) -> None:
    """Precision, recall and F1 of the membership rule.

    Rule v1 is cross-validated over directions.
    """
    from littriage import wiring
    from littriage.evaluation import evaluate_membership, load_judgements
    from littriage.warehouse.imports import read_papers

    settings = wiring.settings_from(os.environ, queries=queries, model=model, device=device)
    judgements = load_judgements(gold)
    texts = read_papers(papers)
    found = evaluate_membership(
        judgements, texts, wiring.catalogue(settings).directions, wiring.embedder(settings, tier)
    )
    if as_json:
        tables.print_json(found)
        return
    tables.print_line(f"{found['pairs']} pairs; vectors of {found['model']}; {found['protocol']}")
    tables.print_table(
        [Column("rule"), *(Column(f"{what} {figure}", True) for what in ("core", "any") for figure in _FIGURES)],
        [
            _figures("lexical rule alone", found["lexical"]),
            _figures(f"rule {found['rule']}, cross-validated", found),
            _figures(f"rule {found['rule']} as shipped (fitted on such pairs)", found["shipped"]),
        ],
    )
    tables.print_table(
        [Column("direction"), Column("pairs", True), *(Column(f"core {figure}", True) for figure in _FIGURES)],
        [
            (slug, str(one["pairs"]), *(_figure(one["core"], figure) for figure in _FIGURES))
            for slug, one in found["directions"].items()
        ],
    )
    for reason, count in found["skipped"].items():
        tables.print_warning(f"{count} pairs were skipped: {reason}")


def _figures(name: str, found: dict[str, Any]) -> tuple[str, ...]:
    return (name, *(_figure(found[what], figure) for what in ("core", "any") for figure in _FIGURES))


def _figure(measures: dict[str, Any], name: str) -> str:
    value = measures.get(name)
    return "-" if value is None else f"{value:.3f}"


# --- doctor -----------------------------------------------------------------------------------------------------


def doctor(as_json: Json = False, queries: Queries = None, warehouse: Work = None) -> None:
    """Check the installation, the directions and the tables.

    Says what is wrong and what to do; ends with 1 where anything is.
    """
    from littriage import wiring

    settings = wiring.settings_from(os.environ, queries=queries, warehouse=warehouse)
    checks: dict[str, Callable[[Settings], str]] = {
        "directions": _directions,
        "model": _model,
        "disk": _disk,
        "warehouse": _warehouse,
        "published": _published,
    }
    rows, sound = [], True
    for name, check in checks.items():
        try:
            rows.append((name, "ok", check(settings)))
        except (LittriageError, OSError) as error:
            sound = False
            rows.append((name, "WRONG", str(error)))
    names = ("what", "state", "details")
    if as_json:
        tables.print_json({"checks": [dict(zip(names, row, strict=True)) for row in rows]})
    else:
        tables.print_table([Column(name) for name in names], rows)
    if not sound:
        raise typer.Exit(1)


def _directions(settings: Settings) -> str:
    from littriage import wiring

    catalogue = wiring.catalogue(settings)
    claims = sum(len(one.claims) for one in catalogue.themes) + sum(len(one.claims) for one in catalogue.directions)
    return f"{len(catalogue.directions)} directions in {len(catalogue.themes)} themes, {claims} claims"


def _model(settings: Settings) -> str:
    from littriage.embed import packaged_minilm

    packaged_minilm()
    return "all-MiniLM-L6-v2 from its package, weights as published"


def _disk(settings: Settings) -> str:
    folder = settings.warehouse
    while not folder.exists():
        folder = folder.parent
    free = shutil.disk_usage(folder).free / 2**30
    if free < LEAST_FREE_GIB:
        raise LittriageError(f"{free:.1f} GiB free where the tables are: a full field needs {LEAST_FREE_GIB} or more")
    return f"{free:,.0f} GiB free"


def _warehouse(settings: Settings) -> str:
    from littriage.warehouse import Warehouse
    from littriage.warehouse.checks import broken_rules

    if not (settings.warehouse / "littriage.duckdb").exists():
        return f'none at {settings.warehouse} yet: "littriage import FILE..." or "littriage run" makes one'
    with Warehouse.open(settings.warehouse) as opened:
        if broken := broken_rules(opened):
            raise LittriageError("; ".join(broken))
        papers, countable, _ = opened.one("read/paper_counts", matched_with="")
    return f"{papers:,} papers, {countable:,} counted; all checks hold"


def _published(settings: Settings) -> str:
    from littriage import resources
    from littriage.published import Published

    if not (settings.warehouse / resources.PUBLISHED).exists():
        return 'nothing published yet: "littriage run" publishes'
    with Published.open(settings.warehouse) as published:
        about = published.about
        return f"as of {about.as_of}, last comparable month {about.last_month}, {about.failures} failures in it"
