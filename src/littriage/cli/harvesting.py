"""`harvest`: what is asked of arXiv, by which channel and at what cost."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Any

import typer
from typer.core import TyperGroup

from littriage.cli import harvest_status, tables
from littriage.cli.options import Json, Queries
from littriage.cli.plans import Channel, DryRun, Oai, Redirects, plan_json, print_plan
from littriage.cli.working import (
    Arxiv,
    Contact,
    Interval,
    Months,
    OnlyDirections,
    Work,
    known_slugs,
    print_summary,
    show_plan,
)
from littriage.errors import SettingsError, SourceUnavailable

if TYPE_CHECKING:
    from littriage.channels import Plan
    from littriage.configuration import Settings


class _Group(TyperGroup):
    """Says where a direction goes: before there was a `status`, directions were arguments."""

    def resolve_command(self, ctx: Any, args: list[str]) -> Any:
        if args and args[0] not in self.commands and not ctx.resilient_parsing:
            raise SettingsError(
                f'harvest takes no "{args[0]}": ask for one direction with --direction {args[0]}, '
                'or see "littriage harvest status"'
            )
        return super().resolve_command(ctx, args)


group = typer.Typer(cls=_Group, rich_markup_mode=None)
group.command("status")(harvest_status.status)


def register(app: typer.Typer) -> None:
    app.add_typer(group, name="harvest")


@group.callback(invoke_without_command=True)
def harvest(
    ctx: typer.Context,
    direction: OnlyDirections = None,
    channel: Channel = None,
    months: Months = None,
    dry_run: DryRun = False,
    arxiv: Arxiv = None,
    oai: Oai = None,
    redirects: Redirects = None,
    contact: Contact = None,
    interval: Interval = None,
    as_json: Json = False,
    queries: Queries = None,
    warehouse: Work = None,
) -> None:
    """Ask arXiv for papers and for the size of the fields.

    Tells first what is to be asked, and how long it takes. What could be had is stored; what failed is printed, and
    asked again next time. Ends with 1 where everything failed.
    """
    if ctx.invoked_subcommand:
        _refuse_options(ctx)
        return
    from littriage import configuration, wiring
    from littriage.progress import progress_bars

    settings = configuration.settings_from(
        os.environ,
        warehouse=warehouse, queries=queries, arxiv=arxiv, oai=oai, channel=channel,
        redirects=redirects, contact=contact, interval_s=interval, harvest_months=months,
    )  # fmt: skip
    only = known_slugs(settings, direction)
    if dry_run:
        show_plan(settings, only, as_json)
        return
    with wiring.opened_run(settings, progress_bars()) as run:
        plan = wiring.harvest_plan(run, settings, only)
        if not as_json:
            print_plan(plan)
            tables.print_line()
        wiring.harvest(run, settings, plan, only=only)
        summary = run.summary()
    if as_json:
        tables.print_json({**summary, "plan": plan_json(plan)})
    else:
        print_summary(summary)
    _refuse_nothing(settings, plan, summary)


def _refuse_options(ctx: typer.Context) -> None:
    """Options before `status` would be lost in silence."""
    given = [name for name in ctx.params if _is_given(ctx, name)]
    if given:
        raise SettingsError(f'put the options after the word: "littriage harvest {ctx.invoked_subcommand} --..."')


def _is_given(ctx: typer.Context, name: str) -> bool:
    source = ctx.get_parameter_source(name)
    return source is not None and source.name == "COMMANDLINE"


def _refuse_nothing(settings: Settings, plan: Plan, summary: dict[str, Any]) -> None:
    """Raises SourceUnavailable where nothing could be harvested whole."""
    from littriage.channels import OAI, set_name

    asked = {
        set_name(one.subject) if one.kind == "records" else one.subject
        for one in plan.subjects
        if one.kind in ("papers", "records")
    }
    failed = {failure["subject"] for failure in summary["failures"] if failure["stage"] == "harvest"}
    if asked and asked <= failed:
        what, where = ("set", settings.oai) if plan.channel == OAI else ("direction", settings.arxiv)
        raise SourceUnavailable(f"no {what} could be harvested whole from {where}: run this again later")
