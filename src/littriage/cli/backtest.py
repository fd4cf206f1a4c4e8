"""`backtest`: how good is the outlook, on the past of this warehouse?"""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Mapping, Sequence
from datetime import date, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from littriage.cli import backtest_tables, tables
from littriage.cli.messages import say
from littriage.cli.options import Json, Lang, Language, Queries
from littriage.cli.working import Work
from littriage.errors import SettingsError

if TYPE_CHECKING:
    from littriage.backtest.run import Plan
    from littriage.backtest.stored import Tried
    from littriage.configuration import Settings
    from littriage.ports import Progress

KINDS = ("phrases", "directions", "clusters")
_LONGEST_STEP = 24


def register(app: typer.Typer) -> None:
    app.command()(backtest)


def backtest(
    categories: Annotated[
        str | None,
        typer.Option(metavar="LIST", help='The field, such as "cs.CL" [default: all whose completeness is stated].'),
    ] = None,
    origin_from: Annotated[
        datetime | None, typer.Option(metavar="YYYY-MM", formats=["%Y-%m"], help="First month to forecast from.")
    ] = None,
    origin_to: Annotated[
        datetime | None, typer.Option(metavar="YYYY-MM", formats=["%Y-%m"], help="Last month to forecast from.")
    ] = None,
    step: Annotated[
        int, typer.Option(metavar="MONTHS", min=1, max=_LONGEST_STEP, help="Months from one origin to the next.")
    ] = 3,
    topics: Annotated[
        str, typer.Option(metavar="LIST", help="Kinds of topics; phrases are always tried: the others learn from them.")
    ] = ",".join(KINDS),
    thinned: Annotated[bool, typer.Option(help="Try halves of the papers too: what is left without chance.")] = True,
    baselines: Annotated[bool, typer.Option(help="Try the methods of others beside it.")] = True,
    seed: Annotated[int | None, typer.Option(metavar="N", min=0, help="Of all that is drawn [default: fixed].")] = None,
    resamples: Annotated[
        int | None, typer.Option(metavar="N", min=2, help="Draws of topics for the intervals [default: 300].")
    ] = None,
    file: Annotated[
        Path | None, typer.Option(metavar="FILE.json", help="Print this saved result; nothing is tried.")
    ] = None,
    plot: Annotated[Path | None, typer.Option(metavar="FILE.svg", help="Draw what was said beside what came.")] = None,
    save: Annotated[Path | None, typer.Option(metavar="FILE.json", help="Write the result here too.")] = None,
    save_model: Annotated[
        Path | None, typer.Option(metavar="FILE.json", help="Write the model that all of it teaches.")
    ] = None,
    markdown: Annotated[bool, typer.Option("--markdown", help="Print the tables as Markdown.")] = False,
    as_json: Json = False,
    lang: Language = Lang.EN,
    queries: Queries = None,
    warehouse: Work = None,
) -> None:
    """Try the outlook on the past, beside others' methods.

    Past months are walked through. At each one topics are chosen, described and forecast with what was known then, by a
    model that has seen only outcomes that were known then; so are the methods of others. Minutes on a large field; the
    result is kept beside the tables.
    """
    from littriage import configuration

    if as_json and markdown:
        raise SettingsError("--json and --markdown both tell how to print: pass one of them")
    for target in (plot, save, save_model):
        _check_writable(target)
    settings = configuration.settings_from(os.environ, queries=queries, warehouse=warehouse)
    if file:
        if save_model:
            raise SettingsError("--file prints a saved result, which holds no model: leave --save-model out")
        found = _read(file)
    else:
        plan = _plan(
            topics, origin_from, origin_to, step=step, thinned=thinned, baselines=baselines, seed=seed,
            resamples=resamples,
        )  # fmt: skip
        tried = _tried(settings, categories, plan)
        found = {"schema": tables.JSON_SCHEMA, **tried.payload}
        _keep(settings, found)
        if save_model:
            _save_model(tried, save_model)
    if save:
        save.write_text(_text(found), encoding="utf-8")
    if plot:
        plot.write_text(backtest_tables.drawn(found, lang), encoding="utf-8")
    if as_json:
        tables.print_json({name: value for name, value in found.items() if name != "schema"})
    elif markdown:
        typer.echo(backtest_tables.markdown(found, lang))
    else:
        backtest_tables.print_all(found, lang)
        if not file:
            tables.print_note(say(lang, "bt_kept", file=str(_kept_at(settings, found))))


# --- what is asked ----------------------------------------------------------------------------------------------


def _plan(
    topics: str,
    origin_from: datetime | None,
    origin_to: datetime | None,
    *,
    seed: int | None,
    resamples: int | None,
    **others: Any,
) -> Plan:
    from littriage.backtest.run import RESAMPLES, SEED, Plan

    kinds = tuple(kind for kind in topics.replace(",", " ").split())
    if unknown := sorted(set(kinds) - set(KINDS)):
        raise SettingsError(f"there are no topics {', '.join(unknown)}: take {', '.join(KINDS)}, or some of them")
    return Plan(
        first=_month(origin_from),
        last=_month(origin_to),
        kinds=kinds,
        seed=SEED if seed is None else seed,
        resamples=RESAMPLES if resamples is None else resamples,
        **others,
    )


def _month(moment: datetime | None) -> date | None:
    return moment.date() if moment else None


def _check_writable(target: Path | None) -> None:
    """Refuse now what could not be written after minutes of work. Raises SettingsError."""
    if target is None:
        return
    folder = target.parent
    if target.is_dir() or not folder.is_dir() or not os.access(target if target.exists() else folder, os.W_OK):
        raise SettingsError(f"{target} cannot be written: name a file in a folder that is there and is yours")


def _tried(settings: Settings, categories: str | None, plan: Plan) -> Tried:
    from littriage import wiring
    from littriage.backtest.stored import tried
    from littriage.progress import progress_bars

    with wiring.reading_run(settings) as run:
        return tried(run, wiring.SOURCE_NAME, categories, plan, _Told(progress_bars()))


class _Told:
    """Bars for what a backtest is doing."""

    def __init__(self, bars: Progress) -> None:
        self._bars, self._what, self._done = bars, "", 0

    def __call__(self, what: str, done: int, of: int) -> None:
        if what != self._what:
            self._bars.finish()
            self._bars.start(what, of)
            self._what, self._done = what, 0
        self._bars.advance(done - self._done)
        self._done = done
        if done >= of:
            self._bars.finish()


# --- files ------------------------------------------------------------------------------------------------------


def _text(found: Mapping[str, Any]) -> str:
    return json.dumps(found, ensure_ascii=False, indent=1, allow_nan=False) + "\n"


def _kept_at(settings: Settings, found: Mapping[str, Any]) -> Path:
    from littriage.backtest import kept_at

    return kept_at(settings.warehouse, found["field"])


def _keep(settings: Settings, found: Mapping[str, Any]) -> None:
    """Write the result beside the tables; a folder that cannot be written to is told, and does no harm."""
    target = _kept_at(settings, found)
    partial = target.with_suffix(".partial")
    try:
        partial.write_text(_text(found), encoding="utf-8")
        os.replace(partial, target)
    except OSError as error:
        print(f"the result is not kept: {target} cannot be written ({error.strerror})", file=sys.stderr)


def _save_model(tried: Tried, target: Path) -> None:
    from littriage.outlook.model import dumped

    if tried.model is None:
        raise SettingsError(
            "no model is saved: at some horizon no forecast has come due; a field with more whole months can teach one"
        )
    target.write_text(dumped(tried.model) + "\n", encoding="utf-8")


def _read(file: Path) -> dict[str, Any]:
    """A result that --save wrote, or that was kept. Raises SettingsError for anything else."""
    try:
        found = json.loads(file.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise SettingsError(f"{file} is no result of a backtest: {error}") from error
    if not isinstance(found, dict) or found.get("schema") != tables.JSON_SCHEMA or _lacks(found, backtest_tables.NEEDS):
        raise SettingsError(f"{file} is no result of a backtest of this version: try anew, with --save {file}")
    return found


def _lacks(found: Mapping[str, Any], names: Sequence[str]) -> bool:
    return any(name not in found for name in names)
