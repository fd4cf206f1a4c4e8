"""`schedule`: the weekly run by the clock."""

from __future__ import annotations

import os
import shlex
import sys
from dataclasses import replace
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from littriage.cli import tables
from littriage.cli.options import Queries
from littriage.cli.working import Contact, Work
from littriage.errors import SettingsError

if TYPE_CHECKING:
    from littriage.configuration import Settings

MONDAY_MORNING = "0 6 * * 1"


class Form(StrEnum):
    """Who watches the clock."""

    PREFECT = "prefect"
    CRON = "cron"
    SYSTEMD = "systemd"


def register(app: typer.Typer) -> None:
    app.command()(schedule)


def schedule(
    cron: Annotated[str, typer.Option(metavar="EXPRESSION", help="Five fields, UTC under Prefect.")] = MONDAY_MORNING,
    by: Annotated[Form, typer.Option(help="prefect: wait here and run; cron, systemd: print what to install.")] = (
        Form.PREFECT
    ),
    contact: Contact = None,
    queries: Queries = None,
    warehouse: Work = None,
) -> None:
    """Run every week, by Prefect, cron or systemd.

    With prefect, a server is started on this machine, and ends with this command, unless PREFECT_API_URL names one.
    """
    from littriage import configuration, wiring

    found = configuration.settings_from(os.environ, warehouse=warehouse, queries=queries, contact=contact)
    settings = replace(found, warehouse=found.warehouse.resolve(), queries=found.queries and found.queries.resolve())
    if len(cron.split()) != 5:
        raise SettingsError(f"--cron {cron!r}: expected five fields, such as {MONDAY_MORNING!r} for Mondays at six")
    if by is Form.SYSTEMD and cron != MONDAY_MORNING:
        raise SettingsError(
            "systemd has a calendar of its own: leave --cron out, and edit OnCalendar in what is printed"
        )
    if by is Form.PREFECT:
        clock = wiring.load_flow("schedule")
        address = clock.start(scheduler=True)
        tables.print_line(f"Prefect's server answers at {address}; the next runs are due by {cron!r} (UTC).")
        tables.print_line("Leave this running, under systemd or tmux; Ctrl-C ends it.")
        clock.serve(settings.as_parameters(), cron)
    elif by is Form.CRON:
        tables.print_line("# add with: crontab -e")
        escaped = _command(settings).replace("%", "\\%")  # crontab(5): a bare % ends the line
        tables.print_line(f"{cron} {escaped} 2>&1 | logger -t littriage")
    else:
        typer.echo(_UNITS.format(command=_command(settings).replace("%", "%%").replace("$", "$$")))


def _command(settings: Settings) -> str:
    """The run with every setting that is not the default, for neither cron nor systemd knows this shell's variables."""
    from littriage.configuration import Settings

    default = Settings()
    command = [str(Path(sys.argv[0]).resolve()), "run"]
    for option, name in _OPTIONS.items():
        value = getattr(settings, name)
        if value != getattr(default, name):
            command += [option, str(value)]
    return shlex.join(command)


_OPTIONS = {
    "--warehouse": "warehouse",
    "--queries": "queries",
    "--arxiv": "arxiv",
    "--oai": "oai",
    "--channel": "channel",
    "--redirects": "redirects",
    "--contact": "contact",
    "--interval": "interval_s",
    "--months": "harvest_months",
    "--model": "model",
    "--device": "device",
    "--read-limit": "read_limit",
    "--count": "count",
    "--runner": "runner",
    "--scheduler": "scheduler",
    "--llm-model": "llm_model",
    "--llm-calls": "llm_calls",
    "--llm-tokens": "llm_tokens",
    "--llm-usd": "llm_usd",
}

_UNITS = """\
# ~/.config/systemd/user/littriage.service
[Unit]
Description=littriage weekly run

[Service]
Type=oneshot
ExecStart={command}

# ~/.config/systemd/user/littriage.timer
[Unit]
Description=littriage every Monday

[Timer]
OnCalendar=Mon 06:00
Persistent=true

[Install]
WantedBy=timers.target

# then: systemctl --user enable --now littriage.timer"""
