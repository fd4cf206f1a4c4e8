"""The `littriage` command: one small module per group of commands, each registered on one line.

Results go to stdout, everything else to stderr. Exit codes: 0 done, 1 failure, 2 usage, 4 nothing to report,
130 interrupted. Modules are imported for every command, so they import what is heavy inside their functions.
"""

from __future__ import annotations

import io
import sys
from collections.abc import Sequence
from typing import Annotated

import typer

from littriage import __version__
from littriage.cli import (
    audit,
    backtest,
    brief,
    checking,
    claims,
    clusters,
    demo,
    directions,
    evaluating,
    exporting,
    forecasts,
    harvesting,
    judge,
    llm,
    read,
    reading,
    scheduling,
    showing,
    unnamed,
    working,
)
from littriage.errors import LittriageError

INTERRUPTED = 130
"""The exit code after Ctrl-C."""

app = typer.Typer(
    name="littriage",
    help="Which research directions are rising, and which are saturated?",
    epilog='Start with "littriage demo"; then "littriage run" harvests arXiv.',
    no_args_is_help=True,
    rich_markup_mode=None,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)


def _print_version(wanted: bool) -> None:
    if wanted:
        typer.echo(f"littriage {__version__}")
        raise typer.Exit


@app.callback()
def _littriage(
    version: Annotated[
        bool, typer.Option("--version", help="Print the version and exit.", callback=_print_version, is_eager=True)
    ] = False,
) -> None:
    pass


working.register(app)
harvesting.register(app)
demo.register(app)
scheduling.register(app)
read.register(app)
reading.register(app)
unnamed.register(app)
showing.register(app)
brief.register(app)
claims.register(app)
forecasts.register(app)
exporting.register(app)
directions.register(app)
checking.register(app)
evaluating.register(app)
backtest.register(app)
judge.register(app)
audit.register(app)
llm.register(app)
clusters.register(app)


def main(arguments: Sequence[str] | None = None) -> None:
    """Run one command and exit: the only place where an error becomes a message and an exit code."""
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="replace")  # a terminal without Chinese shows "?" rather than a traceback
    try:
        app(args=arguments, prog_name="littriage")
    except LittriageError as error:
        sys.exit(report(error))
    except SystemExit as ended:
        if ended.code == INTERRUPTED:
            _let_go(ended)
        raise


def report(error: LittriageError) -> int:
    """Print the error for a person; the exit code that it stands for."""
    typer.echo(f"error: {error}", err=True)
    _let_go(error)
    return error.exit_code


def _let_go(error: BaseException) -> None:
    """Clear the frames that the error has come through.

    Prefect keeps the errors of its runs, their frames hold the open warehouse, and DuckDB writes a page to stderr about
    whatever is still held when Python ends.
    """
    import traceback

    held: BaseException | None = error
    while held is not None:
        traceback.clear_frames(held.__traceback__)
        held = held.__cause__ or held.__context__
