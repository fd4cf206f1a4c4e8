"""`run` and its stages one by one: the commands that write to the warehouse."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from datetime import date, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from littriage.cli import tables
from littriage.cli.options import Json, Queries, complete_file
from littriage.cli.plans import Channel, DryRun, Oai, Redirects, plan_json, print_plan
from littriage.cli.tables import Column
from littriage.errors import SettingsError

if TYPE_CHECKING:
    from littriage.configuration import Settings
    from littriage.run import Counts, StageReport

Work = Annotated[
    Path | None,
    typer.Option("--warehouse", metavar="DIR", envvar="LITTRIAGE_WAREHOUSE", help="Folder of the papers and results."),
]
Arxiv = Annotated[
    str | None, typer.Option("--arxiv", metavar="URL", envvar="LITTRIAGE_ARXIV", help="Address of the query API.")
]
Contact = Annotated[
    str | None,
    typer.Option(metavar="EMAIL", envvar="LITTRIAGE_CONTACT", help="Sent to arXiv, so that they can reach you."),
]
Interval = Annotated[
    float | None,
    typer.Option("--interval", metavar="SECONDS", help="Between requests; arXiv asks for 3 at least.", hidden=True),
]
Months = Annotated[
    int | None, typer.Option("--months", metavar="N", min=1, help="How far back to harvest [default: 60].")
]
Model = Annotated[
    str | None,
    typer.Option(
        metavar="NAME",
        envvar="LITTRIAGE_MODEL",
        help="Embedding model: minilm, a folder, or a name on the Hugging Face hub.",
    ),
]
Device = Annotated[
    str | None,
    typer.Option(metavar="DEVICE", envvar="LITTRIAGE_DEVICE", help="For the embedding model: cuda, mps, cpu or auto."),
]
ReadLimit = Annotated[
    int | None,
    typer.Option(
        "--read-limit", metavar="N", min=0, envvar="LITTRIAGE_READ_LIMIT",
        help="The transformer reads directions that match at most N papers, the fast model the others "
        "[default: 500 on a CPU, all on a GPU].",
    ),
]  # fmt: skip
Count = Annotated[
    str | None,
    typer.Option(
        metavar="WHICH",
        envvar="LITTRIAGE_COUNT",
        help="Papers that a trend counts: core, or related, those that touch it too [default: core].",
    ),
]
Runner = Annotated[
    str | None,
    typer.Option(
        metavar="NAME",
        envvar="LITTRIAGE_RUNNER",
        help="Who works on its shards: local, threads, dask or ray [default: local].",
    ),
]
Scheduler = Annotated[
    str | None,
    typer.Option(
        metavar="ADDRESS",
        envvar="LITTRIAGE_SCHEDULER",
        help="Of a Dask or Ray cluster that runs already: tcp://host:8786, ray://host:10001 [default: start workers].",
    ),
]
LlmModel = Annotated[
    str | None,
    typer.Option(
        metavar="NAME",
        envvar="LITTRIAGE_LLM_MODEL",
        help="Language model to ask, at LITTRIAGE_LLM_URL [default: none].",
    ),
]
LlmCalls = Annotated[
    int | None,
    typer.Option(metavar="N", min=0, envvar="LITTRIAGE_LLM_CALLS", help="Requests to it at most [default: no limit]."),
]
LlmTokens = Annotated[
    int | None,
    typer.Option(
        metavar="N", min=0, envvar="LITTRIAGE_LLM_TOKENS", help="Tokens at most, in and out [default: 2000000]."
    ),
]
LlmUsd = Annotated[
    float | None,
    typer.Option(
        metavar="USD",
        min=0,
        envvar="LITTRIAGE_LLM_USD",
        help="US dollars at most, where its price is known [default: no limit].",
    ),
]
OnlyDirections = Annotated[
    list[str] | None,
    typer.Option(
        "--direction", metavar="SLUG", help="Harvest only this one; repeatable.", autocompletion=complete_file
    ),
]
Until = Annotated[
    datetime | None,
    typer.Option(
        "--as-of", metavar="YYYY-MM-DD", formats=["%Y-%m-%d"], help="See only papers published before this day."
    ),
]
Files = Annotated[list[Path], typer.Argument(metavar="FILE...", help="Parquet, or arXiv's snapshot as JSON lines.")]


def register(app: typer.Typer) -> None:
    app.command()(run)
    app.command("import")(import_)
    app.command()(import_coverage)
    app.command()(embed)
    app.command()(cluster)
    app.command()(rank)


# --- everything -------------------------------------------------------------------------------------------------


def run(
    no_harvest: Annotated[
        bool, typer.Option("--no-harvest", help="Ask arXiv nothing; work on what is stored.")
    ] = False,
    dry_run: DryRun = False,
    channel: Channel = None,
    direction: OnlyDirections = None,
    as_of: Until = None,
    months: Months = None,
    arxiv: Arxiv = None,
    oai: Oai = None,
    redirects: Redirects = None,
    contact: Contact = None,
    interval: Interval = None,
    model: Model = None,
    device: Device = None,
    read_limit: ReadLimit = None,
    count: Count = None,
    runner: Runner = None,
    scheduler: Scheduler = None,
    llm_model: LlmModel = None,
    llm_calls: LlmCalls = None,
    llm_tokens: LlmTokens = None,
    llm_usd: LlmUsd = None,
    as_json: Json = False,
    queries: Queries = None,
    warehouse: Work = None,
) -> None:
    """Harvest, embed, cluster, rank and publish, once.

    This is the weekly flow. A direction that fails does not stop the others; what failed is printed, and recorded for
    the answers. Where the harvest brings nothing new, the published answers stand. A language model is not needed;
    where one is set, it screens undecided papers, names sub-topics and words briefs, as far as its budget goes.
    """

    settings = _settings(
        warehouse=warehouse, queries=queries, arxiv=arxiv, oai=oai, channel=channel, redirects=redirects,
        contact=contact, interval_s=interval, harvest_months=months, model=model, device=device,
        read_limit=read_limit, count=count, runner=runner, scheduler=scheduler, llm_model=llm_model,
        llm_calls=llm_calls, llm_tokens=llm_tokens, llm_usd=llm_usd,
    )  # fmt: skip
    only = known_slugs(settings, direction)
    if dry_run:
        if no_harvest:
            raise SettingsError("--dry-run shows what a harvest would ask: leave --no-harvest out")
        show_plan(settings, only, as_json)
        return
    summary = run_weekly(settings, harvest=not no_harvest, as_of=as_of and as_of.date(), only=only, quiet=as_json)
    if as_json:
        tables.print_json(summary)
        return
    print_summary(summary)
    if summary["nothing_new"]:
        tables.print_line(f"Nothing new: the answers of {summary['as_of']} stand.")
    place = "" if settings.warehouse == Path("warehouse") else f" --warehouse {settings.warehouse}"
    tables.print_line(f"Ask now: littriage rising{place}, littriage saturated{place}")


def run_weekly(
    settings: Settings,
    *,
    harvest: bool = True,
    as_of: date | None = None,
    only: Sequence[str] | None = None,
    quiet: bool = False,
) -> dict[str, Any]:
    """The summary of a weekly run: the harvest, after its plan is printed, then the flow, if there is anything to do.

    The flow runs under a Prefect server that ends with this process. `nothing_new` says that the published answers
    stand, and `plan` what was to be asked. Raises SourceUnavailable when the server does not start, and EmptyWarehouse
    where there is nothing to work on, besides what `wiring.opened_run` raises before anything is asked.
    """
    from littriage import pipeline, wiring, workers
    from littriage.progress import progress_bars

    workers.refuse_unusable(settings.runner, settings.scheduler)  # now, not after a harvest of hours
    plan = None
    if harvest:
        with wiring.assistant(settings):
            pass  # a model that cannot be asked is refused now, not after a harvest of hours
    with wiring.opened_run(settings, progress_bars(), as_of, create=harvest) as run:
        if harvest:
            plan = wiring.harvest_plan(run, settings, only)
            if not quiet:
                print_plan(plan)
                tables.print_line()
            wiring.harvest(run, settings, plan, only=only)
        pipeline.refuse_empty(run)
        nothing_new = harvest and pipeline.nothing_new(run)
        summary = run.summary()
    if not nothing_new:
        wiring.load_flow("server").start()
        summary = wiring.load_flow("weekly").weekly(
            settings.as_parameters(), harvest=False, as_of=as_of and as_of.isoformat(), harvested=summary
        )
    return {**summary, "nothing_new": nothing_new, "plan": plan and plan_json(plan)}


def show_plan(settings: Settings, only: Sequence[str] | None, as_json: bool) -> None:
    """Print what a harvest would ask; no warehouse is made, and nothing is asked."""
    from littriage import wiring

    with wiring.planning_run(settings) as planning:
        plan = wiring.harvest_plan(planning, settings, only)
    if as_json:
        tables.print_json({"plan": plan_json(plan)})
    else:
        print_plan(plan)


def print_summary(summary: Mapping[str, Any]) -> None:
    """The stages of a run with their time, peak memory and counts, and what did not work."""
    tables.print_table(
        [Column("stage"), Column("seconds", True), Column("peak MiB", True), Column("what")],
        [
            (stage["name"], f"{stage['seconds']:.1f}", f"{stage['peak_mib']:,.0f}", _counts_text(stage["counts"]))
            for stage in summary["stages"]
        ],
    )
    failures = summary["failures"]
    for failure in failures[:5]:
        tables.print_warning(f"{failure['stage']}, {failure['subject']}: {failure['reason']}")
    if len(failures) > 5:
        tables.print_warning(f"and {len(failures) - 5} more failures; the directions concerned say so themselves")


def _counts_text(counts: Mapping[str, Any]) -> str:
    return ", ".join(
        f"{name} {value:,}" if isinstance(value, int) else f"{name} {value}" for name, value in counts.items()
    )


# --- files ------------------------------------------------------------------------------------------------------


def import_(files: Files, as_json: Json = False, queries: Queries = None, warehouse: Work = None) -> None:
    """Take in files of papers, each whole or not at all.

    Parquet, or arXiv's public snapshot (JSON lines). Every row is stored, unchanged, or dropped for a reason. A file
    that is refused ends the command; those before it stay stored, and are shown.
    """
    from littriage import pipeline, wiring
    from littriage.progress import progress_bars
    from littriage.run import measured

    settings = _settings(warehouse=warehouse, queries=queries)
    with wiring.opened_run(settings, progress_bars()) as run:
        try:
            for file in files:
                with measured(run, f"import {file.name}") as counts:
                    counts.update(pipeline.take_in(run, file))
        finally:
            if run.stages:
                _print_imported(list(zip(files, run.stages, strict=False)), as_json)  # those that were stored


def _print_imported(stored: Sequence[tuple[Path, StageReport]], as_json: bool) -> None:
    from littriage.run import add_up

    total: Counts = {}
    for _, one in stored:
        add_up(total, one.counts)
    if as_json:
        found = [
            {"file": str(file), **_rows_json(one.counts), "seconds": one.seconds, "peak_mib": one.peak_mib}
            for file, one in stored
        ]
        tables.print_json({"files": found, "totals": _rows_json(total)})
        return
    tables.print_table(
        [Column("file"), Column("seconds", True), Column("peak MiB", True), Column("what")],
        [(file.name, f"{one.seconds:.1f}", f"{one.peak_mib:,.0f}", _counts_text(one.counts)) for file, one in stored],
    )
    tables.print_line(f"In all: {_counts_text(total)}")


def _rows_json(counts: Counts) -> dict[str, Any]:
    mark = "dropped: "
    drops = {name.removeprefix(mark): rows for name, rows in counts.items() if name.startswith(mark)}
    return {**{name: counts[name] for name in ("rows", "stored", "unchanged")}, "dropped": drops}


def import_coverage(
    file: Annotated[Path, typer.Argument(metavar="FILE", help="CSV: month, category, status (A B T S M), recall.")],
    warehouse: Work = None,
) -> None:
    """State how complete the imported months are.

    Without it they are assumed complete, and said to be.
    """
    from littriage.warehouse import Warehouse, imports

    with Warehouse.open(_settings(warehouse=warehouse).warehouse) as opened:
        months = imports.import_coverage(opened, file)
    tables.print_line(f"{months:,} months of categories are stated by {file.name}")


# --- stages -----------------------------------------------------------------------------------------------------


def embed(
    model: Model = None,
    device: Device = None,
    read_limit: ReadLimit = None,
    queries: Queries = None,
    warehouse: Work = None,
) -> None:
    """Match papers with directions and give them vectors."""
    _stages(
        ("match", "embed"),
        warehouse=warehouse, queries=queries, model=model, device=device, read_limit=read_limit,
    )  # fmt: skip


def cluster(
    model: Model = None,
    device: Device = None,
    read_limit: ReadLimit = None,
    queries: Queries = None,
    warehouse: Work = None,
) -> None:
    """Decide which papers belong where, and find sub-topics."""
    _stages(
        ("match", "embed", "decide", "screen", "cluster", "name"),
        warehouse=warehouse, queries=queries, model=model, device=device, read_limit=read_limit,
    )  # fmt: skip


def rank(
    as_of: Until = None,
    model: Model = None,
    device: Device = None,
    read_limit: ReadLimit = None,
    queries: Queries = None,
    warehouse: Work = None,
) -> None:
    """Make trends and verdicts, and publish them.

    What is left to do before that is done first.
    """
    _stages(
        None,
        as_of=as_of,
        warehouse=warehouse, queries=queries, model=model, device=device, read_limit=read_limit,
    )  # fmt: skip


def _stages(names: Sequence[str] | None, as_of: datetime | None = None, **options: Any) -> None:
    from littriage import pipeline, wiring
    from littriage.progress import progress_bars

    settings = _settings(**options)
    with (
        wiring.opened_run(settings, progress_bars(), as_of.date() if as_of else None, create=False) as run,
        wiring.tiers(settings) as tiers,
        wiring.assistant(settings) as assistant,
    ):
        pipeline.bring_up_to_date(run, tiers, wiring.SOURCE_NAME, only=names, assistant=assistant)
        summary = run.summary()
    print_summary(summary)


# --- settings ---------------------------------------------------------------------------------------------------


def _settings(**options: Any) -> Settings:
    from littriage import configuration

    return configuration.settings_from(os.environ, **options)


def known_slugs(settings: Settings, names: Sequence[str] | None) -> list[str] | None:
    """The slugs of these directions; raises UnknownDirection before anything is asked."""
    from littriage import wiring
    from littriage.directions import find_direction

    if not names:
        return None
    catalogue = wiring.catalogue(settings)
    return [find_direction(catalogue, name).slug for name in names]
