"""What a harvest is to ask, as people and programs read it; and the options that decide it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict
from itertools import groupby
from typing import TYPE_CHECKING, Annotated, Any

import typer

from littriage.cli import tables
from littriage.cli.messages import duration_text
from littriage.cli.options import Lang
from littriage.cli.tables import Column

if TYPE_CHECKING:
    from littriage.channels import Plan, PlannedSubject

Oai = Annotated[
    str | None, typer.Option("--oai", metavar="URL", envvar="LITTRIAGE_OAI", help="Address of the OAI-PMH service.")
]
Channel = Annotated[
    str | None,
    typer.Option(
        "--channel",
        metavar="CHANNEL",
        envvar="LITTRIAGE_CHANNEL",
        help="oai lists what has changed in whole archives, api asks direction by direction [default: auto].",
    ),
]
Redirects = Annotated[
    str | None,
    typer.Option(
        "--redirects",
        metavar="HOSTS",
        envvar="LITTRIAGE_REDIRECTS",
        hidden=True,
        help="Hosts that a redirect may lead to, with commas between them.",
    ),
]
DryRun = Annotated[bool, typer.Option("--dry-run", help="Show what would be asked, and ask nothing.")]

_LISTED = 12
"""Subjects of one kind up to which a plan names each."""


def print_plan(plan: Plan) -> None:
    """The channel and why, what is to be asked by subject, how long it takes, and what the other channel would ask."""
    from littriage.channels import set_name

    tables.print_line(f"Channel {plan.channel}: {plan.why}")
    rows = []
    for kind, subjects in groupby(plan.subjects, key=lambda one: one.kind):
        found = list(subjects)
        if len(found) <= _LISTED:
            names = [set_name(one.subject) if kind == "records" else one.subject or "every category" for one in found]
            rows += [(name, kind, f"{one.requests:,}", one.basis) for name, one in zip(names, found, strict=True)]
        else:
            rows.append((f"{len(found)} {_SUBJECTS[kind]}", kind, f"{_requests(found):,}", _basis(found)))
    tables.print_table([Column("subject"), Column("asked for"), Column("requests", True), Column("by")], rows)
    tables.print_line(_cost(plan))
    if plan.other:
        tables.print_line(f"The other channel, {plan.other.channel}, would make {_made(plan.other)}.")


_SUBJECTS = {"papers": "directions", "count": "fields", "records": "sets"}


def _requests(subjects: Sequence[PlannedSubject]) -> int:
    return sum(one.requests for one in subjects)


def _basis(subjects: Sequence[PlannedSubject]) -> str:
    """How the most were estimated."""
    bases = [one.basis for one in subjects]
    most = max(bases, key=bases.count)
    return f"{'most' if len(set(bases)) > 1 else 'each'}: {most}"


def _cost(plan: Plan) -> str:
    return f"{_made(plan)}, at one request every {max(plan.interval_s, plan.answer_s):.3g} s."


def _made(plan: Plan) -> str:
    requests = "request" if plan.requests == 1 else "requests"
    return f"{plan.requests:,} {requests} or more: about {duration_text(plan.seconds, Lang.EN)}"


def plan_json(plan: Plan) -> dict[str, Any]:
    """The plan in plain values, with its sums."""
    return {
        **{name: value for name, value in asdict(plan).items() if name != "other"},
        "requests": plan.requests,
        "seconds": plan.seconds,
        "other": plan_json(plan.other) if plan.other else None,
    }
