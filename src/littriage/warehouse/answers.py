"""What language models were asked and answered: the cache, the ledger of requests, and the questions left open.

Light: no numpy. A question is known by the hash that `ports.Prompt.question` gives it.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, fields
from datetime import datetime
from typing import TYPE_CHECKING, Any, Protocol

from littriage.ports import LlmCall, Prompt, answer_key

if TYPE_CHECKING:
    from littriage.warehouse.file import Warehouse

CALL = "call"
"""Origin of an answer that was asked for; any other origin is the name of the file that brought it."""
ANSWERED = "answered"
REJECTED = "rejected"
"""Outcome of a request whose answer fits the schema, and that the checks of its task did not accept."""
REASON_CHARS = 500
"""Of a reason that is stored; error texts can hold a whole page."""
_AT_ONCE = 1_000
"""Rows that are written or read together: a question can hold several papers."""


class Asked(Protocol):
    """A question, and what the list of open ones calls it."""

    @property
    def prompt(self) -> Prompt: ...

    @property
    def subject(self) -> str: ...


@dataclass(frozen=True, slots=True)
class StoredAnswer:
    """An answer of the cache."""

    question: str
    model: str
    value: Mapping[str, Any]
    origin: str
    answered_at: datetime

    @property
    def imported(self) -> bool:
        """It came in a file."""
        return self.origin != CALL

    @property
    def key(self) -> str:
        """Of the cache."""
        return answer_key(self.question, self.model)


@dataclass(frozen=True, slots=True)
class OpenQuestion:
    """A question that the last run left open."""

    prompt: Prompt
    subject: str
    reason: str


# --- the cache --------------------------------------------------------------------------------------------------


def found(warehouse: Warehouse, questions: Iterable[str]) -> dict[str, tuple[StoredAnswer, ...]]:
    """All stored answers to these questions, by question, the newest first; questions without one are not in it."""
    stored: dict[str, list[StoredAnswer]] = {}
    for question, model, answer, origin, answered_at in warehouse.rows("read/llm_answers", questions=list(questions)):
        stored.setdefault(question, []).append(StoredAnswer(question, model, json.loads(answer), origin, answered_at))
    return {question: tuple(several) for question, several in stored.items()}


def answered(warehouse: Warehouse) -> set[str]:
    """Every question that has an answer."""
    return {question for (question,) in warehouse.rows("read/llm_answered")}


def dumped(value: Mapping[str, Any]) -> str:
    """The answer as JSON text that can be stored. Raises ValueError for what no JSON file may hold.

    That is NaN and infinities, and halves of a character, which JSON's escapes can spell and UTF-8 cannot.
    """
    text = json.dumps(value, ensure_ascii=False, allow_nan=False)
    text.encode()
    return text


def store_reply(
    warehouse: Warehouse,
    question: Asked,
    calls: Sequence[LlmCall],
    value: Mapping[str, Any] | None,
    *,
    model: str,
    place: str,
    run_id: str,
    now: datetime,
) -> None:
    """Keep the requests for a question and the answer that came of them, in one transaction.

    A question that has its answer is open no more; None stores the requests alone. Raises ValueError as `dumped` does.
    """
    prompt = question.prompt
    answer = None if value is None else dumped(value)
    with warehouse.transaction():
        columns: dict[str, list[Any]] = {name: [getattr(one, name) for one in calls] for name in _CALL_COLUMNS}
        columns["reason"] = [_line(one.reason) for one in calls]
        warehouse.insert(
            "llm_call",
            columns,
            replace=False,
            run_id=run_id,
            question=prompt.question,
            task=prompt.task,
            subject=_line(question.subject),
            model=model,
            place=place,
        )
        if answer is not None:
            warehouse.insert(
                "llm_answer",
                {"key": [prompt.key(model)]},
                question=prompt.question,
                model=model,
                task=prompt.task,
                answer=answer,
                origin=CALL,
                answered_at=now,
            )
            warehouse.run("write/llm_questions_closed", questions=[prompt.question])


_CALL_COLUMNS = [field.name for field in fields(LlmCall)]


def reject(warehouse: Warehouse, answer: StoredAnswer) -> None:
    """Drop a stored answer: the checks of its task do not accept it."""
    with warehouse.transaction():
        warehouse.run("write/llm_answer_rejected", key=answer.key)


# --- imported answers -------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class ImportedAnswer:
    """An answer that a file holds to a question that is known here."""

    question: str
    task: str
    model: str
    value: Mapping[str, Any]


def store_imported(
    warehouse: Warehouse, brought: Sequence[ImportedAnswer], *, origin: str, now: datetime
) -> tuple[int, int]:
    """Keep the answers of one file, in one transaction; how many are stored, and how many were there already.

    An answer of the same model to the same question is replaced. The questions stay known until the next run, so that
    a corrected file, or that of another model, can still be imported; they count as open no more.
    """
    stored = found(warehouse, {one.question for one in brought})
    known = {answer.key: answer for several in stored.values() for answer in several if answer.imported}
    new = [one for one in brought if not _same(known.get(answer_key(one.question, one.model)), one)]
    with warehouse.transaction():
        for start in range(0, len(new), _AT_ONCE):
            some = new[start : start + _AT_ONCE]
            warehouse.insert(
                "llm_answer",
                {
                    "key": [answer_key(one.question, one.model) for one in some],
                    "question": [one.question for one in some],
                    "model": [one.model for one in some],
                    "task": [one.task for one in some],
                    "answer": [dumped(one.value) for one in some],
                },
                origin=f"./{CALL}" if origin == CALL else origin,
                answered_at=now,
            )
    return len(new), len(brought) - len(new)


def _same(stored: StoredAnswer | None, brought: ImportedAnswer) -> bool:
    return stored is not None and stored.value == brought.value


# --- open questions ---------------------------------------------------------------------------------------------


def store_open(
    warehouse: Warehouse,
    task: str,
    left: Sequence[tuple[Asked, str]],
    *,
    run_id: str = "",
    asked: Iterable[str] | None = None,
) -> None:
    """Replace the open questions of a task: (question, why it has no answer), in the order of asking.

    With `asked`, the questions that were asked about just now, what the same run left open besides them stays: a task
    may ask in several rounds. Questions that were open before are not written again, only why they are.
    """
    stored: dict[str, tuple[str, int]] = {
        question: (run, place) for question, run, place in warehouse.rows("read/llm_open_of_task", task=task)
    }
    wanted = {question.prompt.question: (question, reason) for question, reason in left}
    now_asked = None if asked is None else set(asked)
    stays = {
        name
        for name, (run, _) in stored.items()
        if now_asked is not None and run == run_id and name not in now_asked and name not in wanted
    }
    after = max((place for name, (_, place) in stored.items() if name in stays), default=0)
    places = {name: after + number for number, name in enumerate(wanted, 1)}
    again = [name for name in wanted if name in stored]
    new = [name for name in wanted if name not in stored]
    with warehouse.transaction():
        if gone := [name for name in stored if name not in wanted and name not in stays]:
            warehouse.run("write/llm_questions_closed", questions=gone)
        if again:
            warehouse.run(
                "write/llm_questions_left_again",
                run_id=run_id,
                questions=again,
                subjects=[_line(wanted[name][0].subject) for name in again],
                reasons=[_line(wanted[name][1]) for name in again],
                places=[places[name] for name in again],
            )
        for start in range(0, len(new), _AT_ONCE):
            some = new[start : start + _AT_ONCE]
            warehouse.insert(
                "llm_question",
                {
                    "question": some,
                    "subject": [_line(wanted[name][0].subject) for name in some],
                    "prompt": [_prompt_json(wanted[name][0].prompt) for name in some],
                    "reason": [_line(wanted[name][1]) for name in some],
                    "place": [places[name] for name in some],
                },
                task=task,
                run_id=run_id,
            )


def open_questions(warehouse: Warehouse, task: str | None = None, most: int | None = None) -> Iterator[OpenQuestion]:
    """The questions without an answer, of one task or of all, in the order in which they would be asked."""
    count = 2**62 if most is None else most
    for rows in warehouse.batches("read/llm_open", _AT_ONCE, task=task, count=count):
        for question, task_, subject, prompt, reason in rows:
            parts = json.loads(prompt)
            rebuilt = Prompt(task=task_, **{name: parts[name] for name in _PROMPT_PARTS})
            assert rebuilt.question == question, f"{subject}: the stored question is not the one that was asked"
            yield OpenQuestion(rebuilt, subject, reason)


_PROMPT_PARTS = ("version", "instructions", "data", "schema", "max_tokens")


def _prompt_json(prompt: Prompt) -> str:
    return json.dumps({name: getattr(prompt, name) for name in _PROMPT_PARTS}, ensure_ascii=False)


def open_subjects(warehouse: Warehouse, task: str | None) -> list[tuple[str, str]]:
    """(Question, subject) of every question of a task, or of all, that is known here, imported answers or not."""
    return [(question, subject) for question, subject in warehouse.rows("read/llm_subjects", task=task)]


def known_schemas(warehouse: Warehouse) -> dict[str, tuple[str, Mapping[str, Any]]]:
    """Task, and schema of the answer, of each question that the last run left open, by question.

    Equal schemas are one object.
    """
    schemas: dict[str, Mapping[str, Any]] = {}
    known = {}
    for question, task, text in warehouse.rows("read/llm_open_schemas"):
        if text not in schemas:
            schemas[text] = json.loads(text)
        known[question] = (task, schemas[text])
    return known


def _line(text: str) -> str:
    """The text as it can be stored: no half characters, no longer than a reason may be."""
    sound = text.encode("utf-8", "replace").decode().replace("\x00", "")
    return sound if len(sound) <= REASON_CHARS else f"{sound[: REASON_CHARS - 3]}..."


# --- what it comes to -------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Spent:
    """The requests of one task to one model."""

    task: str
    model: str
    calls: int
    answered: int
    tokens_in: int | None
    """None: the server never told."""
    tokens_out: int | None
    calls_untold: int
    """Requests with an answer, usable or not, whose tokens are not known."""
    cost_usd: float | None
    """Of the requests whose cost is known; None: of none."""
    calls_unpriced: int
    """Requests with an answer, usable or not, whose cost is not known."""
    seconds: float
    outcomes: Mapping[str, tuple[int, str]]
    """Of the requests that gave no answer: outcome -> how many, and the last reason."""


@dataclass(frozen=True, slots=True)
class Left:
    """The open questions of one task that share a reason."""

    task: str
    reason: str
    questions: int
    first_subject: str


@dataclass(frozen=True, slots=True)
class Cached:
    """The stored answers of one task and model."""

    task: str
    model: str
    answers: int
    imported: int
    size_bytes: int


def last_run(warehouse: Warehouse) -> str | None:
    """The newest run, whether it asked or not; None where there was none."""
    (run_id,) = warehouse.one("read/llm_last_run")
    return None if run_id is None else str(run_id)


def spent(warehouse: Warehouse, run_id: str | None = None) -> tuple[Spent, ...]:
    """What one run, or every run, has asked, by task and model."""
    outcomes: dict[tuple[str, str], dict[str, tuple[int, str]]] = {}
    for task, model, outcome, calls, reason in warehouse.rows("read/llm_call_outcomes", run_id=run_id):
        outcomes.setdefault((task, model), {})[outcome] = (calls, reason)
    return tuple(Spent(*(*row, outcomes.get(row[:2], {}))) for row in warehouse.rows("read/llm_calls", run_id=run_id))


def left_open(warehouse: Warehouse) -> tuple[Left, ...]:
    """The open questions by task and reason, the most common reason of a task first."""
    return tuple(Left(*row) for row in warehouse.rows("read/llm_open_reasons"))


def cached(warehouse: Warehouse) -> tuple[Cached, ...]:
    """The stored answers by task and model."""
    return tuple(Cached(*row) for row in warehouse.rows("read/llm_cache"))
