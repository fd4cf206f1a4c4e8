"""`schedule`: the weekly run by the clock."""

from __future__ import annotations

import os
import shlex
import sys
from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

from littriage.cli import tables
from littriage.cli.options import Queries
from littriage.cli.working import Contact, Work
from littriage.errors import SettingsError

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
    """Run every week. With prefect, a server is started on this machine unless PREFECT_API_URL names one."""
    from littriage import wiring

    settings = wiring.settings_from(os.environ, warehouse=warehouse, queries=queries, contact=contact)
    if len(cron.split()) != 5:
        raise SettingsError(f"--cron {cron!r}: expected five fields, such as {MONDAY_MORNING!r} for Mondays at six")
    if by is Form.PREFECT:
        clock = wiring.load_flow("schedule")
        absolute = wiring.replaced(settings, warehouse=settings.warehouse.resolve())
        with clock.server() as address:
            tables.print_line(f"Prefect's server answers at {address}; the next runs are due by {cron!r} (UTC).")
            tables.print_line("Leave this running, under systemd or tmux; Ctrl-C ends it.")
            clock.serve(absolute.as_parameters(), cron)
        return
    program = Path(sys.argv[0]).resolve()
    command = [str(program), "run", "--warehouse", str(settings.warehouse.resolve())]
    command += ["--contact", settings.contact] if settings.contact else []
    if by is Form.CRON:
        tables.print_line("# add with: crontab -e")
        tables.print_line(f"{cron} {shlex.join(command)} 2>&1 | logger -t littriage")
    else:
        typer.echo(_UNITS.format(command=shlex.join(command)))


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
