"""`llm`: the questions that are open, as a batch file; the answers of one; and what the model was asked."""

from __future__ import annotations

import os
import sys
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import asdict
from datetime import UTC, datetime
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from littriage.cli import tables
from littriage.cli.options import DEFAULT_WAREHOUSE, Json, Queries, Warehouse
from littriage.cli.tables import Column
from littriage.errors import SettingsError

if TYPE_CHECKING:
    from littriage.configuration import Settings
    from littriage.llm.batch import AnswerFile, Exported
    from littriage.ports import Prompt
    from littriage.warehouse.answers import OpenQuestion, Spent

STDOUT = "-"
NOTHING_OPEN = 4
"""The exit code of an export without a question."""
_UNKNOWN = "-"


class Task(StrEnum):
    """What a question is for."""

    SCREEN = "screen"
    NAME = "name"
    BRIEF = "brief"
    READ = "read"


Model = Annotated[
    str | None, typer.Option("--model", metavar="NAME", help="Who is to answer [default: the setting llm_model].")
]
Answerer = Annotated[
    str, typer.Option("--model", metavar="NAME", help="Who answered [default: what the lines say themselves].")
]
Files = Annotated[list[Path], typer.Argument(metavar="FILE...", help="Answers as JSON lines.")]

group = typer.Typer(
    help="Export, import and count questions to a language model.",
    rich_markup_mode=None,
    no_args_is_help=True,
)


def register(app: typer.Typer) -> None:
    app.add_typer(group, name="llm")


# --- export -----------------------------------------------------------------------------------------------------


@group.command("export")
def export(
    file: Annotated[str, typer.Argument(metavar="FILE", help="Where to; - is standard output.")],
    task: Annotated[Task | None, typer.Option("--task", help="Only the questions for this.")] = None,
    limit: Annotated[int | None, typer.Option("--limit", metavar="N", min=1, help="Questions at most.")] = None,
    model: Model = None,
    as_json: Json = False,
    queries: Queries = None,
    warehouse: Warehouse = DEFAULT_WAREHOUSE,
) -> None:
    """Write the open questions as a batch file.

    Those that the last run left, and those on hits that the membership rule leaves undecided. The format is that of
    OpenAI's Batch API, a question a line, in the order in which they would be asked. Nothing is asked here. Where one
    file would be too large, several are written: FILE.1.jsonl and so on. Ends with 4 where no question is open.
    """
    from littriage import assistance, configuration, wiring
    from littriage.llm import batch
    from littriage.progress import progress_bars
    from littriage.warehouse import answers

    if as_json and file == STDOUT:
        raise SettingsError("--json would stand among the questions: name a file, or leave it out")
    settings = configuration.settings_from(os.environ, warehouse=warehouse, queries=queries)
    name = model or settings.llm_model
    tasks: Counter[str] = Counter()
    with wiring.opened_run(settings, progress_bars(), create=False) as run:
        if task in (None, Task.SCREEN):
            assistance.pose_screening(run)
        prompts = _counted(answers.open_questions(run.warehouse, task and task.value, limit), tasks)
        if file == STDOUT:
            done = batch.write_stream(prompts, name, sys.stdout.buffer.write)
            sys.stdout.buffer.flush()
        else:
            done = batch.write_files(prompts, name, Path(file))
    if not done.questions:
        what = f"no question for {task} is open" if task else "no question is open"
        typer.echo(f"{what}: nothing was written", err=True)
        raise typer.Exit(NOTHING_OPEN)
    usd = _usd(settings, name, done)
    if as_json:
        tables.print_json(
            {
                "files": [str(one) for one in done.files],
                "questions": done.questions,
                "tasks": dict(sorted(tasks.items())),
                "bytes": done.size_bytes,
                "model": name or None,
                "tokens_in_estimate": done.tokens_in,
                "tokens_out_most": done.tokens_out,
                "usd_estimate": usd,
            }
        )
        return
    _tell_exported(done, tasks, name, usd)


def _counted(questions: Iterator[OpenQuestion], tasks: Counter[str]) -> Iterator[Prompt]:
    for one in questions:
        tasks[one.prompt.task] += 1
        yield one.prompt


def _tell_exported(done: Exported, tasks: Counter[str], model: str, usd: float | None) -> None:
    """What was written, on stderr where the questions themselves are on stdout."""
    from littriage.llm.batch import MOST_BYTES, MOST_REQUESTS

    told = not done.files
    by_task = ", ".join(f"{task} {count:,}" for task, count in sorted(tasks.items()))
    where = "" if told else f" in {', '.join(str(one) for one in done.files)}"
    typer.echo(tables.clean(f"{_some(done.questions, 'question')}{where}: {by_task}"), err=told)
    cost = "the cost is not known" if usd is None else f"about {usd:.2f} USD at the price of live requests"
    typer.echo(f"About {done.tokens_in:,} tokens in and at most {done.tokens_out:,} out; {cost}", err=told)
    if not model:
        typer.echo("! no model is named in the lines, which a batch service needs: pass --model NAME", err=True)
    if told and (done.questions > MOST_REQUESTS or done.size_bytes > MOST_BYTES):
        typer.echo("! a batch service may refuse so many in one file: name a FILE to have them split", err=True)


def _usd(settings: Settings, model: str, done: Exported) -> float | None:
    """What live requests of this size cost; None where the model's price is not known."""
    price_in, price_out = settings.llm_price_in, settings.llm_price_out
    if model == settings.llm_model and price_in is not None and price_out is not None:
        return (price_in * done.tokens_in + price_out * done.tokens_out) / 1e6
    try:
        from genai_prices import Usage, calc_price
    except ImportError:
        return None
    each = Usage(input_tokens=done.tokens_in // done.questions, output_tokens=done.tokens_out // done.questions)
    try:
        return float(calc_price(each, model).total_price) * done.questions
    except (LookupError, ValueError):
        return None


# --- import -----------------------------------------------------------------------------------------------------


@group.command("import")
def import_(
    files: Files, model: Answerer = "", as_json: Json = False, warehouse: Warehouse = DEFAULT_WAREHOUSE
) -> None:
    """Take in answers to the open questions.

    Each file whole or not at all: what a batch service gives back, or plain lines {"custom_id": ..., "answer": {...}}.
    An answer must fit its question; lines that do not are counted with the reason. A file that is refused ends the
    command; those before it stay stored, and are shown. Ends with 1 where no line could be used.
    """
    from littriage.llm import batch
    from littriage.warehouse import Warehouse as Working
    from littriage.warehouse import answers

    done: list[tuple[Path, AnswerFile, int, int]] = []
    with Working.open(warehouse, create=False) as opened:
        known, answered = answers.known_schemas(opened), answers.answered(opened)
        try:
            for file in files:
                read = batch.read_answers(file, known, answered, model=model)
                brought = [answers.ImportedAnswer(one.question, one.task, one.model, one.value) for one in read.answers]
                now = datetime.now(UTC).replace(tzinfo=None)
                done.append((file, read, *answers.store_imported(opened, brought, origin=file.name, now=now)))
        finally:
            if done:
                _print_imported(done, as_json, warehouse)
    if not any(read.answers for _, read, _, _ in done):
        raise typer.Exit(1)


def _print_imported(done: Sequence[tuple[Path, AnswerFile, int, int]], as_json: bool, warehouse: Path) -> None:
    stored_in_all = sum(stored for _, _, stored, _ in done)
    if as_json:
        found = [
            {
                "file": str(file),
                "lines": read.lines,
                "stored": stored,
                "unchanged": unchanged,
                "again": read.again,
                "dropped": [asdict(drop) for drop in read.drops],
                "models": dict(Counter(one.model for one in read.answers)),
                "tokens_in": read.tokens_in,
                "tokens_out": read.tokens_out,
            }
            for file, read, stored, unchanged in done
        ]
        tables.print_json({"files": found, "stored": stored_in_all})
        return
    tables.print_table(
        [
            Column("file"),
            *(Column(name, True) for name in ("lines", "stored", "unchanged", "again", "not used")),
            Column("by"),
        ],
        [
            (
                file.name, f"{read.lines:,}", f"{stored:,}", f"{unchanged:,}", f"{read.again:,}",
                f"{sum(drop.rows for drop in read.drops):,}", ", ".join(sorted({one.model for one in read.answers})),
            )
            for file, read, stored, unchanged in done
        ],
    )  # fmt: skip
    for file, read, _, _ in done:
        for drop in read.drops:
            more = "" if drop.rows == len(drop.examples) else ", ..."
            tables.print_warning(
                f"{file.name}: {_some(drop.rows, 'line')} not used, {drop.reason}: {', '.join(drop.examples)}{more}"
            )
        if read.again:
            tables.print_warning(f"{file.name}: {_some(read.again, 'answer')} replaced by a later line")
        if read.tokens_in is not None:
            tables.print_line(f"{file.name}: {read.tokens_in:,} tokens in, {read.tokens_out:,} out")
    if stored_in_all:
        place = "" if warehouse == DEFAULT_WAREHOUSE else f" --warehouse {warehouse}"
        use = f'run "littriage run --no-harvest{place}" to use them'
        tables.print_line(f"{_some(stored_in_all, 'answer')} stored; {use}")
    else:
        tables.print_line("No new answer was stored")


# --- status -----------------------------------------------------------------------------------------------------


@group.command("status")
def status(as_json: Json = False, warehouse: Warehouse = DEFAULT_WAREHOUSE) -> None:
    """Show what was asked, what it cost, and what is open.

    As the ledger tells it, with the answers that are stored; nothing is asked or written.
    """
    from littriage.warehouse import Warehouse as Working
    from littriage.warehouse import answers

    with Working.read_only(warehouse) as opened:
        run_id = answers.last_run(opened)
        last = answers.spent(opened, run_id) if run_id else ()
        ever = answers.spent(opened)
        left = answers.left_open(opened)
        cached = answers.cached(opened)
    if as_json:
        tables.print_json(
            {
                "last_run": {"run": run_id, "calls": [_spent_json(one) for one in last]},
                "ever": [_spent_json(one) for one in ever],
                "open": [asdict(one) for one in left],
                "cache": [asdict(one) for one in cached],
            }
        )
        return
    _print_spent(f"Last run, {run_id}" if run_id else "Last run", last)
    tables.print_line()
    _print_spent("Ever", ever)
    tables.print_line()
    if left:
        questions = _some(sum(one.questions for one in left), "open question")
        tables.print_line(f'{questions}; "littriage llm export FILE" writes them')
        tables.print_table(
            [Column("task"), Column("questions", True), Column("reason"), Column("such as")],
            [(one.task, f"{one.questions:,}", one.reason, one.first_subject) for one in left],
        )
    else:
        tables.print_line("No question is open.")
    tables.print_line()
    if cached:
        size_bytes = sum(one.size_bytes for one in cached)
        tables.print_line(f"{_some(sum(one.answers for one in cached), 'stored answer')}, {size_bytes / 1024:,.0f} KiB")
        tables.print_table(
            [Column("task"), Column("model"), Column("answers", True), Column("imported", True)],
            [(one.task, one.model, f"{one.answers:,}", f"{one.imported:,}") for one in cached],
        )
    else:
        tables.print_line("No answer is stored.")


def _print_spent(heading: str, spent: Sequence[Spent]) -> None:
    if not spent:
        tables.print_line(f"{heading}: no language model was asked.")
        return
    tables.print_line(f"{heading}: {_some(sum(one.calls for one in spent), 'call')}")
    names = ("calls", "answered", "tokens in", "tokens out", "USD", "seconds")
    tables.print_table(
        [Column("task"), Column("model"), *(Column(name, True) for name in names)],
        [
            (
                one.task, one.model, f"{one.calls:,}", f"{one.answered:,}", _count(one.tokens_in),
                _count(one.tokens_out), _cost(one), f"{one.seconds:,.1f}",
            )
            for one in spent
        ],
    )  # fmt: skip
    for one in spent:
        for outcome, (calls, reason) in one.outcomes.items():
            tables.print_warning(f"{one.task}, {one.model}: {_some(calls, 'call')} {outcome}, the last: {reason}")
        if one.calls_untold:
            tables.print_warning(
                f"{one.task}, {one.model}: of {_some(one.calls_untold, 'call')} the tokens are not known"
            )


def _cost(spent: Spent) -> str:
    """`0.0123`, `unknown`, or `0.0123 + 2 calls unknown`; `-` where no call had an answer."""
    known = "" if spent.cost_usd is None else f"{spent.cost_usd:.4f}"
    if spent.calls_unpriced and known:
        return f"{known} + {_some(spent.calls_unpriced, 'call')} unknown"
    return known or ("unknown" if spent.calls_unpriced else _UNKNOWN)


def _count(value: int | None) -> str:
    return _UNKNOWN if value is None else f"{value:,}"


def _some(count: int, what: str) -> str:
    return f"{count:,} {what}" if count == 1 else f"{count:,} {what}s"


def _spent_json(spent: Spent) -> dict[str, Any]:
    told = asdict(spent)
    told["outcomes"] = {
        outcome: {"calls": calls, "last_reason": why} for outcome, (calls, why) in spent.outcomes.items()
    }
    return told
