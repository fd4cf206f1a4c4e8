"""Questions to a language model, asked once: cache, budget and ledger around any Llm.

What is stored is asked no more. What is not is asked a few at a time, as far as the budget goes; each answer, and every
request that it took, is stored as soon as it comes. The rest is left, with the reason, and becomes the list of open
questions that `littriage llm export` writes.
"""

from __future__ import annotations

import json
import math
import re
import threading
from collections import deque
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from contextlib import suppress
from dataclasses import dataclass, field, replace
from typing import Any

from littriage.errors import LittriageError, LlmRefused, LlmUnavailable, SettingsError
from littriage.llm.rendering import rendered
from littriage.ports import Llm, LlmCall, Prompt, Reply
from littriage.run import Counts, Run, progress
from littriage.warehouse import answers

NO_MODEL = "no language model is configured"
NOT_UNICODE = "the answer holds what no JSON file may: NaN, an infinity, or half a character"

WANTED_CALLS = 4
"""Requests granted to a question where a budget is set: an answer, and the repairs and repetitions that it may need."""
FAILURES_IN_A_ROW = 3
"""Questions that a server may leave without an answer, one after another, before it is asked no more."""
ENVELOPE_TOKENS = 300
"""What a request can hold besides its two texts: roles, marks around the messages, a template of the server."""
COMPLAINT_TOKENS = 2_000
"""What a repair adds to a request besides the answer that is to be repaired."""

Check = Callable[[Prompt, Mapping[str, Any]], str | None]
"""What is wrong with an answer that fits its schema, in words; None where it holds. Called by the asking thread."""


# --- budget -----------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Amount:
    """What requests cost, or may cost."""

    calls: int
    tokens: int
    """In and out."""
    usd: float | None
    """None: the price is not known."""


@dataclass(frozen=True, slots=True)
class Grant:
    """A part of a budget, set aside for one question."""

    number: int
    calls: int | None
    """Requests that it allows; None: as many as the client sees fit, for there is no limit."""
    amount: Amount
    """The worst case."""


class Budget:
    """A hard limit on requests, tokens and US dollars, shared by all that is asked in a run, from any thread.

    Before a question is asked its worst case is set aside, and what it did not need is given back afterwards. So the
    limits hold as long as a request takes no more than its worst case: see `worst_call`. Raises SettingsError for a
    limit below zero, or one that is no number.
    """

    def __init__(self, calls: int | None = None, tokens: int | None = None, usd: float | None = None) -> None:
        for name, limit in (("calls", calls), ("tokens", tokens), ("usd", usd)):
            if limit is not None and not (math.isfinite(limit) and limit >= 0):
                raise SettingsError(f"a budget of {limit} {name} is none: give 0 or more, or leave it out", limit=limit)
        self.calls = calls
        self.tokens = tokens
        self.usd = usd
        self._spent = Amount(0, 0, 0.0)
        self._granted: dict[int, Amount] = {}
        self._numbers = 0
        self._lock = threading.Lock()

    @property
    def unlimited(self) -> bool:
        """There is no limit at all."""
        return self.calls is None and self.tokens is None and self.usd is None

    @property
    def spent(self) -> Amount:
        """What was spent so far; the dollars are those of requests whose cost is known or could be bounded."""
        with self._lock:
            return self._spent

    def grant(self, worst: Callable[[int], Amount], *, least: int = 1, wanted: int = WANTED_CALLS) -> Grant | None:
        """As many of the wanted requests as the budget allows; None where it does not allow the least.

        `worst` gives the worst case of that many requests.
        """
        with self._lock:
            if self.unlimited:
                return self._set_aside(None, worst(wanted))
            for calls in range(wanted, least - 1, -1):
                if not self._in_the_way(worst(calls)):
                    return self._set_aside(calls, worst(calls))
        return None

    def settle(self, grant: Grant, spent: Amount) -> None:
        """Book what a question did take; the rest of its grant is free again."""
        with self._lock:
            del self._granted[grant.number]
            usd = math.fsum((self._spent.usd or 0.0, spent.usd or 0.0))
            self._spent = Amount(self._spent.calls + spent.calls, self._spent.tokens + spent.tokens, usd)

    def why_not(self, worst: Callable[[int], Amount]) -> str:
        """Why a question is not asked: the limit that stands in the way of a single request."""
        with self._lock:
            return self._in_the_way(worst(1)) or "the budget is set aside for other questions"

    def _set_aside(self, calls: int | None, amount: Amount) -> Grant:
        self._numbers += 1
        self._granted[self._numbers] = amount
        return Grant(self._numbers, calls, amount)

    def _in_the_way(self, more: Amount) -> str:
        """The first limit that more would exceed, in words; empty where there is none."""
        granted = self._granted.values()
        if self.calls is not None and self._spent.calls + sum(one.calls for one in granted) + more.calls > self.calls:
            return f"budget of {self.calls:,} {'call' if self.calls == 1 else 'calls'} spent"
        tokens = self._spent.tokens + sum(one.tokens for one in granted) + more.tokens
        if self.tokens is not None and tokens > self.tokens:
            if more.tokens > self.tokens:
                return f"may take more than the whole budget of {self.tokens:,} tokens"
            return f"budget of {self.tokens:,} tokens spent"
        if self.usd is not None:
            if more.usd is None:
                return f"the model's price is not known, so that a budget of {self.usd:g} USD cannot be kept"
            if math.fsum((self._spent.usd or 0.0, *(one.usd or 0.0 for one in granted), more.usd)) > self.usd:
                if more.usd > self.usd:
                    return f"may cost more than the whole budget of {self.usd:g} USD"
                return f"budget of {self.usd:g} USD spent"
        return ""


def most_tokens(prompt: Prompt) -> int:
    """Tokens that a prompt can have at most: one for each byte of its UTF-8, and those around it.

    The tokenizers of today's models work on bytes, so that no token is less than one
    (https://arxiv.org/abs/1909.03341, section 2). English prose has four bytes a token and Chinese two to three; digits
    and hostile text can come near one. The schema counts twice: a server can get it beside the text that says it.
    """
    texts = rendered(prompt, with_schema=True)
    schema = json.dumps(prompt.schema, ensure_ascii=False)
    return len(f"{texts.system}{texts.user}{schema}".encode()) + ENVELOPE_TOKENS


def worst_call(prompt: Prompt, number: int) -> tuple[int, int]:
    """Tokens in and out that the request of that number, from 0, takes at most.

    A repair repeats the conversation: each request can hold all earlier answers and what was wrong with them.
    """
    return most_tokens(prompt) + number * (prompt.max_tokens + COMPLAINT_TOKENS), prompt.max_tokens


def _worst_case(prompt: Prompt, llm: Llm) -> Callable[[int], Amount]:
    first = most_tokens(prompt)
    more = prompt.max_tokens + COMPLAINT_TOKENS

    def amount(calls: int) -> Amount:
        tokens_in = calls * first + more * calls * (calls - 1) // 2
        tokens_out = calls * prompt.max_tokens
        return Amount(calls, tokens_in + tokens_out, llm.price(tokens_in, tokens_out))

    return amount


def _spent(prompt: Prompt, llm: Llm, calls: Sequence[LlmCall]) -> Amount:
    """What requests took; where a server did not tell, the worst case, unless it turned the request away."""
    tokens, usd = 0, 0.0
    for number, call in enumerate(calls):
        if call.tokens_in is not None and call.tokens_out is not None:
            tokens_in, tokens_out = call.tokens_in, call.tokens_out
        elif call.outcome == LlmRefused.__name__ or _TURNED_AWAY.search(call.reason):
            tokens_in, tokens_out = 0, 0
        else:
            tokens_in, tokens_out = worst_call(prompt, number)
        tokens += tokens_in + tokens_out
        usd += (llm.price(tokens_in, tokens_out) or 0.0) if call.cost_usd is None else call.cost_usd
    return Amount(len(calls), tokens, usd)


_TURNED_AWAY = re.compile(r"\bstatus (?:4\d\d|503)\b")
"""In the client's words for a failure: too many requests, or too busy, and no model has read it. After another status
from 500 on, or in time that ran out, one may have."""


# --- asking -----------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Question:
    """A prompt, and what the list of open questions calls it."""

    prompt: Prompt
    subject: str
    """Such as `text-to-sql 2103.00112`."""


@dataclass
class Assistant:
    """A language model, and how far a run may go with it."""

    llm: Llm
    budget: Budget
    at_once: int = 4
    """Questions that are under way together, at most."""
    languages: tuple[str, ...] = ("en", "zh")
    """Of names and briefs."""
    stopped: str = ""
    """Why it is asked no more in this run; empty while it is."""


@dataclass(frozen=True, slots=True)
class Answer:
    """What a model says."""

    value: Mapping[str, Any]
    """Fits the question's schema."""
    model: str


@dataclass(frozen=True, slots=True)
class Asked:
    """What came of a list of questions."""

    answers: Mapping[str, Answer]
    """By `Prompt.question`, in the order of the list."""
    left: tuple[tuple[Question, str], ...]
    """The questions without an answer, and why, in the order of the list."""
    calls: int
    tokens_in: int
    """Of the calls whose tokens are known."""
    tokens_out: int
    cost_usd: float | None
    """None: of an answered call the price is not known."""
    from_cache: int
    questions: int = 0
    """Those that the model was asked."""


def ask(
    run: Run,
    assistant: Assistant | None,
    questions: Sequence[Question],
    check: Check | None = None,
    *,
    task: str | None = None,
) -> Asked:
    """The answers to these questions, each asked at most once: stored ones first, then the model's.

    A stored answer serves where it is the assistant's model's, or was imported; without an assistant, whoever gave it.
    An answer that `check` complains of is not stored, and an imported one is dropped. The open questions of the tasks
    concerned are replaced by what is left; `task` names one whose old ones go even where the list is empty.

    Nothing that was paid for is lost when the run is interrupted. A refusal that concerns every question (LlmRefused: a
    bad key, no such model), or three questions in a row that the server refused or did not answer, end the asking for
    the rest of the run, with a failure in the run's report.
    """
    unique: dict[str, Question] = {}
    for question in questions:
        unique.setdefault(question.prompt.question, question)
    asking = _Asking(run, assistant, check)
    asking.look_up(unique)
    from_cache = len(asking.answers)
    unanswered = [one for name, one in unique.items() if name not in asking.answers]
    if assistant is not None and unanswered:
        asking.ask_all(assistant, unanswered)
    reasons = {name: asking.reasons.get(name, NO_MODEL) for name in unique if name not in asking.answers}
    left = tuple((unique[name], reason) for name, reason in reasons.items())
    for one in sorted({question.prompt.task for question in unique.values()} | ({task} if task else set())):
        mine = [(question, reason) for question, reason in left if question.prompt.task == one]
        answers.store_open(run.warehouse, one, mine, run_id=run.id, asked=unique)
    calls = asking.calls
    return Asked(
        answers={name: asking.answers[name] for name in unique if name in asking.answers},
        left=left,
        calls=len(calls),
        tokens_in=sum(call.tokens_in or 0 for call in calls),
        tokens_out=sum(call.tokens_out or 0 for call in calls),
        cost_usd=_cost(calls),
        from_cache=from_cache,
        questions=asking.asked,
    )


def _cost(calls: Sequence[LlmCall]) -> float | None:
    """US dollars; None where an answer's price is not known. A server takes nothing for a request without an answer."""
    free = {LlmUnavailable.__name__, LlmRefused.__name__}
    costs = [call.cost_usd for call in calls if call.cost_usd is not None or call.outcome not in free]
    return None if None in costs else math.fsum(cost for cost in costs if cost is not None)


def counts(asked: Asked) -> Counts:
    """The figures of a stage's report."""
    if asked.left and all(reason == NO_MODEL for _, reason in asked.left):
        return {"from cache": asked.from_cache, "left, with no language model": len(asked.left)}
    found: Counts = {"asked": asked.questions, "from cache": asked.from_cache, "left": len(asked.left)}
    if asked.calls:
        found |= {"calls": asked.calls, "tokens in": asked.tokens_in, "tokens out": asked.tokens_out}
        found |= {"cost": "unknown"} if asked.cost_usd is None else {"USD": f"{asked.cost_usd:.4f}"}
    return found


@dataclass
class _Asking:
    """One list of questions under way. Only the calling thread touches the warehouse; the others wait for the model."""

    run: Run
    assistant: Assistant | None
    check: Check | None
    answers: dict[str, Answer] = field(default_factory=dict)
    reasons: dict[str, str] = field(default_factory=dict)
    """Why a question has no answer."""
    calls: list[LlmCall] = field(default_factory=list)
    asked: int = 0
    silent: int = 0
    """Questions in a row that the server refused or left without an answer."""

    def look_up(self, unique: Mapping[str, Question]) -> None:
        """Take what is stored; an imported answer that the check does not accept is dropped."""
        model = self.assistant.llm.model if self.assistant else None
        for name, several in answers.found(self.run.warehouse, unique).items():
            own = [one for one in several if one.model == model]
            imported = [one for one in several if one.imported and one.model != model]
            others = [one for one in several if not one.imported] if model is None else []
            for one in (*own, *imported, *others):
                complaint = self._complaint(unique[name].prompt, one.value)
                if complaint is None:
                    self.answers[name] = Answer(one.value, one.model)
                    break
                if one.imported:
                    answers.reject(self.run.warehouse, one)
                    complaint = f"the answer of {one.model} in {one.origin}: {complaint}"
                self.reasons.setdefault(name, complaint)

    def ask_all(self, assistant: Assistant, questions: Sequence[Question]) -> None:
        """Ask, a few at a time, as far as the budget and the server allow; the rest gets its reason."""
        waiting = deque(questions)
        flying: dict[Future[Reply], tuple[Question, Grant]] = {}
        at_once = max(1, assistant.at_once)
        label = f"ask: {', '.join(sorted({one.prompt.task for one in questions}))}"
        with (
            progress(self.run, label, len(questions)) as advance,
            ThreadPoolExecutor(at_once, thread_name_prefix="ask") as pool,
        ):
            try:
                while waiting or flying:
                    while waiting and len(flying) < at_once and not assistant.stopped:
                        worst = _worst_case(waiting[0].prompt, assistant.llm)
                        grant = assistant.budget.grant(worst, least=WANTED_CALLS if flying else 1)
                        if grant is None and flying:
                            break  # what is under way may give back enough
                        question = waiting.popleft()
                        if grant is None:
                            self.reasons[question.prompt.question] = assistant.budget.why_not(worst)
                            advance(1)
                        else:
                            self.asked += 1
                            flying[pool.submit(assistant.llm.ask, question.prompt, grant.calls)] = (question, grant)
                    if assistant.stopped:
                        for question in waiting:
                            self.reasons[question.prompt.question] = assistant.stopped
                        advance(len(waiting))
                        waiting.clear()
                    done = wait(flying, return_when=FIRST_COMPLETED).done if flying else set()
                    for future in [one for one in flying if one in done]:
                        self._keep(assistant, *flying[future], future)
                        del flying[future]  # an interrupt may come while it is kept
                        advance(1)
            except BaseException:
                for future, (question, grant) in flying.items():  # their answers come, and are paid for
                    with suppress(LittriageError):
                        if future.exception() is None:
                            self._keep(assistant, question, grant, future)
                raise

    def _keep(self, assistant: Assistant, question: Question, grant: Grant, future: Future[Reply]) -> None:
        """Store what came of a question, and note whether it is of use to ask on."""
        prompt, llm = question.prompt, assistant.llm
        try:
            reply = future.result()
        except BaseException:
            assistant.budget.settle(grant, grant.amount)
            raise
        calls, value, why = list(reply.calls), reply.value, _reason(reply)
        if value is not None and (complaint := self._complaint(prompt, value)) is not None:
            calls[-1:] = [replace(call, outcome=answers.REJECTED, reason=complaint) for call in calls[-1:]]
            value, why = None, complaint
        answers.store_reply(
            self.run.warehouse, question, calls, value,
            model=llm.model, place=llm.place, run_id=self.run.id, now=self.run.now(),
        )  # fmt: skip
        assistant.budget.settle(grant, _spent(prompt, llm, reply.calls))
        self.calls += calls
        if value is not None:
            self.answers[prompt.question] = Answer(value, llm.model)
        else:
            self.reasons[prompt.question] = why
        self.silent = self.silent + 1 if isinstance(reply.error, LlmUnavailable | LlmRefused) else 0
        if _concerns_all(reply.error) or self.silent >= FAILURES_IN_A_ROW:
            self._stop(assistant, why)

    def _stop(self, assistant: Assistant, why: str) -> None:
        if not assistant.stopped:
            assistant.stopped = why
            self.run.fail("llm", assistant.llm.model, why)

    def _complaint(self, prompt: Prompt, value: Mapping[str, Any]) -> str | None:
        """What is wrong with an answer; None where it can be used."""
        try:
            answers.dumped(value)
        except ValueError:
            return NOT_UNICODE
        return (self.check(prompt, value) or None) if self.check else None


def _concerns_all(error: LittriageError | None) -> bool:
    """A refusal that every other question would meet too: of the key or the model, not of this question's own form."""
    if not isinstance(error, LlmRefused):
        return False
    return error.parts.get("status") not in _OF_ONE_QUESTION and not error.parts.get("unsupported")


_OF_ONE_QUESTION = (400, 413, 422)
"""HTTP statuses that a request can get for being too long or oddly formed; some servers use them for a bad key too."""


def _reason(reply: Reply) -> str:
    if reply.error is None:
        return "the model gave no answer"
    return f"{type(reply.error).__name__}: {reply.error}"
