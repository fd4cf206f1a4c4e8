"""`evaluate`: how good is littriage, against papers judged by readers?"""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from littriage.cli import tables
from littriage.cli.options import Json, Queries
from littriage.cli.tables import Column
from littriage.cli.working import Device, Model

if TYPE_CHECKING:
    from littriage.ports import Prompt

group = typer.Typer(help="Measure littriage against papers judged by readers.", rich_markup_mode=None)
_FIGURES = ("precision", "recall", "f1")


def register(app: typer.Typer) -> None:
    app.add_typer(group, name="evaluate")


@group.callback()
def _evaluate() -> None:
    pass


@group.command("membership")
def membership(
    gold: Annotated[Path, typer.Argument(metavar="GOLD.csv", help="direction, arxiv_id, label (0, 1, 2), pool.")],
    papers: Annotated[Path, typer.Option(metavar="PAPERS.parquet", help="Title and abstract of the judged papers.")],
    tier: Annotated[str, typer.Option(metavar="TIER", help="transformer or fast.")] = "transformer",
    questions: Annotated[
        Path | None,
        typer.Option(metavar="FILE", help="Write the questions on undecided hits here, as a batch file."),
    ] = None,
    answers: Annotated[
        list[Path] | None, typer.Option(metavar="FILE", help="Answers to those questions; repeatable.")
    ] = None,
    model: Model = None,
    device: Device = None,
    as_json: Json = False,
    queries: Queries = None,
) -> None:
    """Precision, recall and F1 of each step of membership: phrases, rule, and screening where there are answers.

    The rule is cross-validated over directions: none is judged by a rule that was fitted on it. With --questions the
    hits that it leaves undecided are written as a batch file; --answers takes what a model, or a person, said.
    """
    from littriage import configuration, wiring
    from littriage.evaluation import evaluate_membership, further_hits, load_judgements
    from littriage.warehouse.imports import read_papers

    settings = configuration.settings_from(os.environ, queries=queries, model=model, device=device)
    judgements = load_judgements(gold)
    texts = read_papers(papers)
    embedder = wiring.embedder(settings, tier)
    answered = _Answers(questions, answers or [])
    found = evaluate_membership(
        judgements,
        texts,
        wiring.catalogue(settings).directions,
        embedder,
        further_hits(embedder.model),
        answered if questions or answers else None,
    )
    if found["screened"]:
        found["screened"] |= answered.spent()
    if as_json:
        tables.print_json(found)
        return
    tables.print_line(f"{found['pairs']} pairs; vectors of {found['model']}; {found['protocol']}")
    intervals = found["core_f1_intervals"]
    steps = [
        ("phrases alone", found["lexical"], intervals["lexical"]),
        (f"rule {found['rule']}, cross-validated", found, intervals.get("rule")),
        ("the same, fitted on this file alone", found["file_alone"], None),
        (f"rule {found['rule']} as shipped, which has seen such pairs", found["shipped"], None),
    ]
    if found["screened"]:
        steps.insert(2, ("with answers on undecided hits", found["screened"], intervals.get("screened")))
    tables.print_table(
        [
            Column("step"),
            *(Column(f"core {figure}", True) for figure in _FIGURES),
            Column("core f1 (90%)", True),
            *(Column(f"any {figure}", True) for figure in _FIGURES),
        ],
        [
            (
                name,
                *(_figure(one["core"], figure) for figure in _FIGURES),
                "-" if interval is None else f"{interval[0]:.3f} to {interval[1]:.3f}",
                *(_figure(one["any"], figure) for figure in _FIGURES),
            )
            for name, one, interval in steps
        ],
    )
    if found["grey"]:
        _print_grey(found)
    with_answers = bool(found["screened"])
    tables.print_table(
        [
            Column("direction"),
            Column("pairs", True),
            *(Column(f"core {figure}", True) for figure in _FIGURES),
            Column("phrases f1", True),
            *([Column("with answers f1", True)] if with_answers else []),
        ],
        [
            (
                slug,
                str(one["pairs"]),
                *(_figure(one["core"], figure) for figure in _FIGURES),
                _figure(one["lexical"]["core"], "f1"),
                *([_figure(one["screened"], "f1")] if with_answers else []),
            )
            for slug, one in found["directions"].items()
        ],
    )
    for reason, count in found["skipped"].items():
        tables.print_warning(f"{count} pairs were skipped: {reason}")


def _print_grey(found: dict[str, Any]) -> None:
    grey, screened = found["grey"], found["screened"]
    tables.print_line(
        f"Undecided: {grey['hits']} of {found['hits']} hits, with a probability from {grey['low']:.2f} to "
        f"{grey['high']:.2f}; {grey['core_below']} core hits lie below, {grey['wrong_above']} others above."
    )
    if not screened:
        return
    tables.print_line(
        f"Answers to {screened['questions_answered']} of {screened['questions']} questions give "
        f"{screened['hits_answered']} of {screened['hits_asked']} undecided hits a label; calls: {screened['calls']}; "
        f"tokens: {_tokens(screened)}."
    )


def _tokens(spent: dict[str, Any]) -> str:
    if spent["tokens_in"] is not None:
        return f"{spent['tokens_in']:,} in, {spent['tokens_out']:,} out"
    return f"not told; by the questions' length about {spent['tokens_in_estimate']:,} in"


class _Answers:
    """Writes the questions where they are wanted, and gives the answers of the files."""

    def __init__(self, questions: Path | None, answers: Sequence[Path]) -> None:
        self.questions = questions
        self.files = answers
        self.calls = 0
        self.tokens: list[tuple[int | None, int | None]] = []
        self.estimate = 0

    def __call__(self, prompts: Sequence[Prompt]) -> Mapping[str, Mapping[str, Any]]:
        from littriage.llm import batch

        self.estimate = sum(batch.estimated_tokens(prompt) for prompt in prompts)
        if self.questions:
            batch.write_files(prompts, "", self.questions)
        known = {prompt.question: (prompt.task, prompt.schema) for prompt in prompts}
        found: dict[str, Mapping[str, Any]] = {}
        for file in self.files:
            read = batch.read_answers(file, known)
            self.calls += len(read.answers)
            self.tokens.append((read.tokens_in, read.tokens_out))
            found |= {one.question: one.value for one in read.answers}
            for drop in read.drops:
                tables.print_warning(f"{file}: {drop.rows} lines of no use: {drop.reason} ({', '.join(drop.examples)})")
        return found

    def spent(self) -> dict[str, Any]:
        """Calls and tokens of the answers; tokens are None where a file does not tell."""
        told = bool(self.tokens) and all(one is not None for pair in self.tokens for one in pair)
        return {
            "calls": self.calls,
            "tokens_in": sum(one or 0 for one, _ in self.tokens) if told else None,
            "tokens_out": sum(one or 0 for _, one in self.tokens) if told else None,
            "tokens_in_estimate": self.estimate,
        }


def _figure(measures: dict[str, Any], name: str) -> str:
    value = measures.get(name)
    return "-" if value is None else f"{value:.3f}"
