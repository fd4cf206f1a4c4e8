"""`doctor`: is this installation sound?"""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable
from datetime import timedelta
from typing import TYPE_CHECKING

import typer

from littriage import resources
from littriage.cli import tables
from littriage.cli.options import Json, Queries
from littriage.cli.tables import Column
from littriage.cli.working import Work
from littriage.errors import LittriageError, SettingsError

if TYPE_CHECKING:
    from littriage.configuration import Settings

LEAST_FREE_GIB = 2
STALE_DAYS = 10
"""Since the end of the last complete week: above it a weekly run was missed."""


def register(app: typer.Typer) -> None:
    app.command()(doctor)


# --- doctor -----------------------------------------------------------------------------------------------------


def doctor(as_json: Json = False, queries: Queries = None, warehouse: Work = None) -> None:
    """Check the installation, the directions and the tables.

    Says what is wrong and what to do; ends with 1 where anything is. What only deserves attention is marked MIND.
    """
    from littriage import configuration

    settings = configuration.settings_from(os.environ, queries=queries, warehouse=warehouse)
    checks: dict[str, Callable[[Settings], str]] = {
        "directions": _directions,
        "model": _model,
        "llm": _llm,
        "contact": _contact,
        "pace": _pace,
        "disk": _disk,
        "warehouse": _warehouse,
        "harvest": _harvest,
        "published": _published,
    }
    rows, sound = [], True
    for name, check in checks.items():
        try:
            rows.append((name, "ok", check(settings)))
        except _Advice as advice:
            rows.append((name, "MIND", str(advice)))
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


class _Advice(LittriageError):
    """What works, and could be better."""


def _directions(settings: Settings) -> str:
    from littriage import wiring

    catalogue = wiring.catalogue(settings)
    claims = sum(len(one.claims) for one in catalogue.themes) + sum(len(one.claims) for one in catalogue.directions)
    return f"{len(catalogue.directions)} directions in {len(catalogue.themes)} themes, {claims} claims"


def _model(settings: Settings) -> str:
    from littriage.embedding import packaged_minilm

    packaged_minilm()
    return "all-MiniLM-L6-v2 from its package, weights as published"


def _llm(settings: Settings) -> str:
    from littriage import wiring

    with wiring.assistant(settings) as assistant:
        if assistant is None:
            return "none is set, and none is needed: docs/llm.md says what one adds"
        return f"{assistant.llm.model} at {assistant.llm.place}; it was not asked"


def _contact(settings: Settings) -> str:
    if not settings.contact:
        raise _Advice("no address is sent to arXiv, which asks for one: set LITTRIAGE_CONTACT, or pass --contact")
    return f"{settings.contact} is sent with every request"


def _pace(settings: Settings) -> str:
    from littriage import wiring
    from littriage.sources.politeness import parse_turn, service_name

    folder = wiring.state_folder()
    turn = folder / f"{service_name(settings.arxiv)}.turn"
    if not folder.exists():
        return f"no request has been made yet: {folder} will keep their pace"
    writable = os.access(turn, os.R_OK | os.W_OK) if turn.is_file() else not turn.exists()
    if not writable or not os.access(folder, os.W_OK | os.X_OK):
        raise SettingsError(f"{turn} cannot be written, so that nothing is asked: set XDG_STATE_HOME to another one")
    text = turn.read_text(encoding="ascii", errors="replace") if turn.exists() else ""
    try:
        started, pause_s = parse_turn(text) if text.strip() else (0.0, 0.0)
    except ValueError:
        raise _Advice(f"{turn} should hold seconds, not {text[:20]!r}: delete it") from None
    now = wiring.SystemClock().monotonic()
    if started <= now < started + pause_s:
        raise _Advice(f"the service asked for a pause: nothing is asked for another {started + pause_s - now:.0f} s")
    return f"all processes share {turn}"


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

    if not (settings.warehouse / resources.WORKING).exists():
        return f'none at {settings.warehouse} yet: "littriage import FILE..." or "littriage run" makes one'
    with Warehouse.open(settings.warehouse) as opened:
        if broken := broken_rules(opened):
            raise LittriageError("; ".join(broken))
        papers, countable, _ = opened.one("read/paper_counts", matched_with="")
    return f"{papers:,} papers, {countable:,} counted; all checks hold"


def _harvest(settings: Settings) -> str:
    from littriage import wiring
    from littriage.warehouse import Warehouse, ledger, status

    if not (settings.warehouse / resources.WORKING).exists():
        return "nothing asked yet"
    with Warehouse.read_only(settings.warehouse) as opened:
        copies, directions = ledger.listings(opened).values(), status.direction_statuses(opened, status.Part())
    today = wiring.SystemClock().today()
    advice = []
    for one in copies:
        if one.under_way and one.started_on and (today - one.started_on).days > 1:
            advice.append(
                f"the listing of {one.set_spec or 'all of arXiv'} has been under way since {one.started_on}: "
                "its token has expired, which does no harm; the next harvest goes on from the newest day received"
            )
    failed = [(one.slug, *failure) for one in directions for failure in one.failed]
    if failed:
        slug, window, reason = failed[0]
        advice.append(
            f"{len(failed)} windows failed, the first {slug}, {window.start} to {window.end}: {reason}; "
            "the next harvest asks for them again"
        )
    days = [one.current_to - timedelta(days=1) for one in copies if one.current_to]
    days += [row.window.end for one in directions for row in one.windows if row.failure is None]
    sunday = max(days) - timedelta(days=max(days).isoweekday() % 7) if days else None
    if sunday and (today - sunday).days > STALE_DAYS:
        advice.append(f'the last complete week ended on {sunday}, {(today - sunday).days} days ago: "littriage run"')
    if advice:
        raise _Advice("; ".join(advice))
    return f"the last complete week ended on {sunday}" if sunday else "nothing asked yet"


def _published(settings: Settings) -> str:
    from littriage.published import Published

    if not (settings.warehouse / resources.PUBLISHED).exists():
        return 'nothing published yet: "littriage run" publishes'
    with Published.open(settings.warehouse) as published:
        about = published.about
        return f"as of {about.as_of}, last comparable month {about.last_month}, {about.failures} failures in it"
