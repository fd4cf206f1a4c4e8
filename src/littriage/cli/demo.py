"""`demo`: the whole chain on simulated papers, served by a replica of arXiv on this machine."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Annotated

import typer

from littriage.cli import tables
from littriage.cli.options import Lang, Language
from littriage.cli.reading import rising, saturated
from littriage.cli.working import print_summary, run_weekly
from littriage.errors import SettingsError

FOLDER = Path("demo-data")
MONTHS = 54
"""Growth looks at 48 months."""
PAPERS = 3_500
SEED = 6
NOTICE = "Simulated papers: the text is generated, only the volumes follow shapes measured on real papers."


def register(app: typer.Typer) -> None:
    app.command()(demo)


def demo(
    warehouse: Annotated[Path, typer.Option("--warehouse", metavar="DIR", help="Where the demo's files go.")] = FOLDER,
    papers: Annotated[int, typer.Option("--papers", metavar="N", min=500, help="Papers to simulate.")] = PAPERS,
    keep: Annotated[bool, typer.Option("--keep", help="Go on with the demo's files of last time.")] = False,
    lang: Language = Lang.EN,
) -> None:
    """Watch the whole chain work on simulated papers.

    Harvest over HTTP from a simulated arXiv on this machine, embed, cluster, rank, publish, answer.
    """
    from littriage import configuration, wiring
    from littriage.replica import Replica
    from littriage.replica.simulate import load_shapes, simulated_papers
    from littriage.trends import last_settled_month

    settings = configuration.Settings(
        warehouse=warehouse, interval_s=0.0, harvest_months=MONTHS, channel="oai", notice=NOTICE
    )
    _check_ours(warehouse)
    if not keep:
        _emptied(warehouse)
    today = wiring.SystemClock().today()
    corpus = simulated_papers(
        wiring.catalogue(settings),
        load_shapes(),
        seed=SEED,
        last_month=last_settled_month(today),
        months=MONTHS,
        papers=papers,
    )
    tables.print_warning(NOTICE)
    with Replica(corpus, day=today) as replica:
        tables.print_line(
            f"{len(corpus):,} simulated papers are served at {replica.oai_address} and harvested over HTTP."
        )
        tables.print_line("The first start takes a while: Prefect's engine, and the fast model distilled once.")
        tables.print_line()
        summary = run_weekly(replace(settings, arxiv=replica.address, oai=replica.oai_address))
    print_summary(summary)
    for answer in (rising, saturated):
        tables.print_line()
        answer(limit=10, lang=lang, warehouse=warehouse)
    tables.print_line()
    tables.print_line(f"The files are in {warehouse}: littriage.duckdb (everything), published.duckdb (for readers).")
    tables.print_line("Try next:")
    for command in (
        "show memory-efficient-training",
        "brief diffusion-fast-sampling",
        "papers continual-learning",
        "trend open-domain-chatbots",
        "rising --lang zh",
    ):
        tables.print_line(f"littriage {command} --warehouse {warehouse}", indent=2)


_TABLES = ("littriage.duckdb", "littriage.duckdb.wal", "published.duckdb", "published.duckdb.build")


def _check_ours(folder: Path) -> None:
    """Raises SettingsError where the folder has tables that no demo made: real papers are never replaced or mixed."""
    from littriage.warehouse import Warehouse, derived

    if not any((folder / name).exists() for name in _TABLES):
        return
    notice = None
    if (folder / "littriage.duckdb").exists():
        with Warehouse.open(folder, create=False) as opened:
            notice = derived.stamped(opened, "notice")
    if notice != NOTICE:
        raise SettingsError(
            f"{folder} holds tables that the demo did not make, and they were left as they are: "
            "pass another folder with --warehouse",
            path=str(folder),
        )


def _emptied(folder: Path) -> None:
    """Take away what an earlier demo left; nothing else."""
    for name in _TABLES:
        (folder / name).unlink(missing_ok=True)
