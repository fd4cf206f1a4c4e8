"""Questions are asked once, within a budget, and nothing that was paid for is lost."""

from __future__ import annotations

import json
import random
import threading
from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from itertools import count
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from fakes import FakeLlm
from littriage.asking import (
    NO_MODEL,
    NOT_UNICODE,
    WANTED_CALLS,
    Amount,
    Asked,
    Assistant,
    Budget,
    Question,
    ask,
    counts,
    most_tokens,
    worst_call,
)
from littriage.errors import LlmRefused, LlmUnavailable, MalformedReply, SettingsError
from littriage.llm.failures import Exchange, Request, failure_of
from littriage.llm.ladder import Rung
from littriage.model import Catalogue
from littriage.ports import LlmCall, Prompt, Reply
from littriage.progress import Quiet
from littriage.run import Run
from littriage.warehouse import Warehouse, answers
from littriage.warehouse.checks import broken_rules
from questions import CORE, prompt, questions

NOW = datetime(2026, 1, 2, 3)


def new_run(warehouse: Warehouse, day: int = 0) -> Run:
    """A run on an empty catalogue; each look at the clock is a second after the one before."""
    seconds = count()
    return Run(
        warehouse,
        Catalogue((), ()),
        NOW.date(),
        lambda: NOW + timedelta(days=day, seconds=next(seconds)),
        Quiet(),
    )


@pytest.fixture
def run(warehouse: Warehouse) -> Run:
    return new_run(warehouse)


def assistant(llm: FakeLlm, budget: Budget | None = None, at_once: int = 1) -> Assistant:
    return Assistant(llm, budget or Budget(), at_once)


def values(asked: Asked) -> list[Mapping[str, Any]]:
    return [answer.value for answer in asked.answers.values()]


def ledger(warehouse: Warehouse) -> list[tuple[Any, ...]]:
    return warehouse.connection.execute(
        "select subject, outcome, reason, tokens_in, tokens_out, cost_usd from llm_call order by number"
    ).fetchall()


def open_subjects(warehouse: Warehouse, task: str | None = None) -> list[str]:
    return [one.subject for one in answers.open_questions(warehouse, task)]


# --- the cache --------------------------------------------------------------------------------------------------


def test_answers_come_by_question(run: Run):
    """With the model's name, in the order of the list, and a row of the ledger each."""
    llm = FakeLlm([{"label": "core"}, {"label": "out"}], usd_per_million=(1.0, 2.0))

    asked = ask(run, assistant(llm), questions(2))

    assert values(asked) == [{"label": "core"}, {"label": "out"}]
    assert [answer.model for answer in asked.answers.values()] == ["fake-1", "fake-1"]
    assert list(asked.answers) == [one.prompt.question for one in questions(2)]
    assert (asked.left, asked.calls, asked.questions, asked.from_cache) == ((), 2, 2, 0)
    assert (asked.tokens_in, asked.tokens_out) == (200, 20)
    assert asked.cost_usd == pytest.approx(2 * (100 + 2 * 10) / 1e6)
    assert ledger(run.warehouse) == [
        ("demo 2401.00001", "answered", "", 100, 10, pytest.approx(0.00012)),
        ("demo 2401.00002", "answered", "", 100, 10, pytest.approx(0.00012)),
    ]
    assert broken_rules(run.warehouse) == []


def test_same_questions_twice(run: Run):
    """The second time no call is made, by a new run too, and the answers are the same."""
    first = ask(run, assistant(FakeLlm(lambda _: CORE)), questions(3))
    later = FakeLlm()
    second = ask(new_run(run.warehouse, 7), assistant(later), questions(3))

    assert later.history == []
    assert second.answers == first.answers
    assert (second.calls, second.from_cache, second.questions, second.cost_usd) == (0, 3, 0, 0.0)


def test_the_order_of_the_questions_does_not_matter(run: Run):
    """Each keeps its own answer, whatever came first and however many are under way."""
    by_data = lambda one: {"label": ("core", "related", "out")[json.loads(one.data)["paper"] % 3]}  # noqa: E731
    shuffled = questions(12)
    random.Random(5).shuffle(shuffled)

    asked = ask(run, assistant(FakeLlm(by_data), at_once=4), shuffled)
    again = ask(run, None, questions(12))

    assert dict(asked.answers) == dict(again.answers)
    assert list(again.answers) == [one.prompt.question for one in questions(12)]
    assert all(asked.answers[one.prompt.question].value == by_data(one.prompt) for one in questions(12))


def test_duplicates_are_asked_once(run: Run):
    """Under the subject that came first."""
    one = questions(1)[0]
    llm = FakeLlm([CORE])

    asked = ask(run, assistant(llm, at_once=4), [one, Question(one.prompt, "other"), one])

    assert (len(llm.history), len(asked.answers), asked.left) == (1, 1, ())
    assert ledger(run.warehouse)[0][0] == "demo 2401.00001"


def test_another_model_is_asked_again(run: Run):
    """What one model says is not what another would have said."""
    ask(run, assistant(FakeLlm([{"label": "core"}])), questions(1))
    asked = ask(run, assistant(FakeLlm([{"label": "out"}], model="fake-2")), questions(1))

    assert [(one.value, one.model) for one in asked.answers.values()] == [({"label": "out"}, "fake-2")]


def test_an_imported_answer_serves_every_model(run: Run):
    """It was brought on purpose; the model's own answer comes before it, and of several the newest counts."""
    (first, second) = questions(2)
    brought(run.warehouse, [first, second], {"label": "related"}, "human", NOW)
    brought(run.warehouse, [first, second], {"label": "out"}, "big", NOW + timedelta(days=1))
    answers.store_reply(
        run.warehouse, first, [FakeLlm().call()], CORE, model="fake-1", place="p", run_id="r", now=NOW
    )  # fmt: skip
    llm = FakeLlm()

    asked = ask(run, assistant(llm), [first, second])

    assert llm.history == []
    assert [(one.value["label"], one.model) for one in asked.answers.values()] == [("core", "fake-1"), ("out", "big")]


def test_without_a_model(run: Run):
    """Whatever is stored serves, the newest first, what was imported before what was asked; the rest is left."""
    first, second, third = questions(3)
    for model, label, day in (("a", "core", 1), ("b", "out", 2)):
        answers.store_reply(
            run.warehouse, first, [FakeLlm().call()], {"label": label},
            model=model, place="p", run_id="r", now=NOW + timedelta(days=day),
        )  # fmt: skip
    answers.store_reply(
        run.warehouse, second, [FakeLlm().call()], CORE, model="a", place="p", run_id="r", now=NOW + timedelta(days=9)
    )
    brought(run.warehouse, [second], {"label": "related"}, "human", NOW)

    asked = ask(run, None, [first, second, third])

    assert [(one.value["label"], one.model) for one in asked.answers.values()] == [("out", "b"), ("related", "human")]
    assert asked.left == ((third, NO_MODEL),)
    assert open_subjects(run.warehouse) == [third.subject]


def brought(warehouse: Warehouse, several: Sequence[Question], value: Mapping[str, Any], model: str, now: datetime):
    """Answers as an import stores them."""
    found = [answers.ImportedAnswer(one.prompt.question, one.prompt.task, model, value) for one in several]
    answers.store_imported(warehouse, found, origin="answers.jsonl", now=now)


def test_nothing_to_ask(run: Run):
    """No question, no call; the open questions of the task that is named are gone all the same."""
    ask(run, None, questions(2))
    ask(new_run(run.warehouse, 1), None, [])
    assert len(open_subjects(run.warehouse)) == 2

    asked = ask(new_run(run.warehouse, 2), assistant(FakeLlm()), [], task="screen")

    assert asked == Asked({}, (), 0, 0, 0, 0.0, 0, 0)
    assert open_subjects(run.warehouse) == []


# --- answers that are of no use ---------------------------------------------------------------------------------


def test_an_answer_that_the_check_rejects(run: Run):
    """It is not stored, the question is left with the complaint, and the ledger says `rejected`."""
    one, two = questions(2)
    complain = lambda prompt, value: "too vague" if value == CORE else None  # noqa: E731
    asked = ask(run, assistant(FakeLlm([CORE, {"label": "out"}])), [one, two], complain)

    assert asked.left == ((one, "too vague"),)
    assert [row[1:3] for row in ledger(run.warehouse)] == [("rejected", "too vague"), ("answered", "")]
    assert answers.found(run.warehouse, [one.prompt.question]) == {}
    assert broken_rules(run.warehouse) == []


def test_a_stored_answer_is_checked_too(run: Run):
    """Imported answers have met the schema alone: one that does not hold is dropped, and the question asked."""
    (one,) = questions(1)
    brought(run.warehouse, [one], CORE, "human", NOW)
    complain = lambda prompt, value: "too vague" if value == CORE else None  # noqa: E731

    left = ask(run, None, [one], complain).left
    asked = ask(run, assistant(FakeLlm([{"label": "out"}])), [one], complain)

    assert left == ((one, "the answer of human in answers.jsonl: too vague"),)
    assert values(asked) == [{"label": "out"}]
    assert [stored.model for stored in answers.found(run.warehouse, [one.prompt.question])[one.prompt.question]] == [
        "fake-1"
    ]


@pytest.mark.parametrize("value", [{"label": float("nan")}, {"label": "\ud83d"}])
def test_an_answer_that_no_file_can_hold(run: Run, value: Mapping[str, Any]):
    """NaN and half characters pass through JSON's escapes: the question is left, and the run goes on."""
    one, two = questions(2)
    asked = ask(run, assistant(FakeLlm([value, CORE])), [one, two])

    assert asked.left == ((one, NOT_UNICODE),)
    assert values(asked) == [CORE]


def test_a_malformed_reply_leaves_its_question_alone(run: Run):
    """The others are asked on, however many there are of the kind."""
    bad = MalformedReply("no JSON \ud83d in it" + "x" * 9999)
    asked = ask(run, assistant(FakeLlm([bad, bad, bad, bad, CORE])), questions(5))

    assert len(asked.left) == 4
    assert asked.left[0][1].startswith("MalformedReply: no JSON ")
    assert values(asked) == [CORE]
    assert {row[1] for row in ledger(run.warehouse)} == {"MalformedReply", "answered"}
    assert all(len(row[2]) <= answers.REASON_CHARS for row in ledger(run.warehouse))
    assert run.failures == []
    assert len(open_subjects(run.warehouse)) == 4


# --- servers that give up ---------------------------------------------------------------------------------------


def test_a_refusal_ends_the_asking(run: Run):
    """A bad key fails every question: one call, one failure, and no call by later stages of the run."""
    helper = assistant(FakeLlm([CORE, LlmRefused("status 401: bad key")]))
    asked = ask(run, helper, questions(5))
    later = ask(run, helper, questions(2, task="name"))

    assert len(helper.llm.history) == 2  # type: ignore[attr-defined]
    assert [reason for _, reason in (*asked.left, *later.left)] == ["LlmRefused: status 401: bad key"] * 6
    assert run.failures == [("llm", "fake-1", "LlmRefused: status 401: bad key")]
    assert len(open_subjects(run.warehouse)) == 6


def test_a_refusal_of_one_question(run: Run):
    """One that is too long (status 400) says nothing of the others; three in a row do."""
    long = LlmRefused("status 400: too long", status=400)
    asked = ask(run, assistant(FakeLlm([long, CORE, long, long, long])), questions(7))

    assert len(asked.answers) == 1
    assert len(asked.left) == 6
    assert asked.calls == 5
    assert len(run.failures) == 1


def test_a_server_that_is_down(run: Run):
    """Three questions in a row without an answer end the asking; two with an answer between them do not."""
    down = LlmUnavailable("status 503")
    helper = assistant(FakeLlm([down, down, CORE, down, down, down]))
    asked = ask(run, helper, questions(9))

    assert (asked.calls, len(asked.answers), len(asked.left)) == (6, 1, 8)
    assert run.failures == [("llm", "fake-1", "LlmUnavailable: status 503")]
    assert asked.cost_usd is None, "the answered call has no price"


def test_answers_under_way_are_kept_when_the_asking_ends(run: Run, monkeypatch: pytest.MonkeyPatch):
    """What was asked beside the refused question is stored when it comes."""
    begun, failed = threading.Event(), threading.Event()
    monkeypatch.setattr(run, "fail", lambda *_: failed.set())

    def reply(one: Prompt) -> Mapping[str, Any] | LlmRefused:
        if json.loads(one.data)["paper"] == 1:
            begun.wait(10)
            return LlmRefused("status 401")
        begun.set()
        failed.wait(10)
        return CORE

    asked = ask(run, assistant(FakeLlm(reply), at_once=2), questions(4))

    assert list(asked.answers) == [questions(4)[1].prompt.question]
    assert len(asked.left) == 3


# --- interruption -----------------------------------------------------------------------------------------------


def test_an_interrupt_loses_nothing_that_was_paid_for(run: Run):
    """Answers are stored one by one: after a kill the next run asks for the rest alone."""
    ask(run, None, questions(5))
    llm = FakeLlm([CORE, CORE, KeyboardInterrupt()])
    with pytest.raises(KeyboardInterrupt):
        ask(new_run(run.warehouse, 1), assistant(llm), questions(5))

    assert open_subjects(run.warehouse) == [one.subject for one in questions(5)[2:]]
    stored = run.warehouse.connection.execute("select count(*) from llm_answer").fetchall()
    later = FakeLlm(lambda _: CORE)
    asked = ask(new_run(run.warehouse, 2), assistant(later), questions(5))

    assert stored == [(2,)]
    assert (len(later.history), asked.from_cache) == (3, 2)
    assert len(ledger(run.warehouse)) == 5


def test_an_interrupt_waits_for_what_is_under_way(run: Run):
    """The other answers come, and are paid for: they are stored before the interrupt goes on."""
    all_four = threading.Barrier(4)
    interrupted = threading.Event()

    def reply(one: Prompt) -> Mapping[str, Any] | BaseException:
        all_four.wait(10)
        if json.loads(one.data)["paper"] == 1:
            interrupted.set()
            return KeyboardInterrupt()
        interrupted.wait(10)
        return CORE

    budget = Budget(calls=100)
    with pytest.raises(KeyboardInterrupt):
        ask(run, assistant(FakeLlm(reply), budget, at_once=4), questions(9))

    assert run.warehouse.connection.execute("select count(*) from llm_answer").fetchall() == [(3,)]
    assert budget.spent.calls == 3 + WANTED_CALLS, "of the interrupted question the worst case is booked"


# --- open questions ---------------------------------------------------------------------------------------------


def test_open_questions_are_those_of_the_last_run(run: Run):
    """Each task has its own; a new run replaces them, in its own order, and an answer closes its question."""
    one, two, three = questions(3)
    ask(run, None, [one, two])
    ask(run, None, questions(1, task="name"))
    ask(new_run(run.warehouse, 1), None, [three, two])

    assert open_subjects(run.warehouse, "screen") == [three.subject, two.subject]
    assert len(open_subjects(run.warehouse)) == 3

    ask(new_run(run.warehouse, 2), assistant(FakeLlm([CORE]), Budget(calls=1)), [two, three])
    assert [(one.subject, one.reason) for one in answers.open_questions(run.warehouse, "screen")] == [
        (three.subject, "budget of 1 call spent")
    ]


def test_a_task_may_ask_in_rounds(run: Run):
    """What the first round left open stays beside the second's, until it is answered."""
    one, two, three = questions(3)
    ask(run, None, [one, two])
    ask(run, None, [three])
    assert open_subjects(run.warehouse) == [one.subject, two.subject, three.subject]

    ask(run, assistant(FakeLlm([CORE])), [two])
    assert open_subjects(run.warehouse) == [one.subject, three.subject]


def test_an_open_question_comes_back_as_it_was_asked(run: Run):
    """Quotes, newlines, Chinese and a megabyte of text included."""
    data = json.dumps({"abstract": 'Say "yes"\n\t\u2028\x00 <b>' + "语言" * 200_000}, ensure_ascii=False)
    asked = Question(prompt(data, instructions="Line one\n“two”"), "主题 1")
    ask(run, None, [asked])

    (found,) = answers.open_questions(run.warehouse)
    assert found == answers.OpenQuestion(asked.prompt, "主题 1", NO_MODEL)


# --- budget -----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("at_once", [1, 4])
def test_a_budget_of_one_call(run: Run, at_once: int):
    """Exactly one request, which may not be repaired; the rest is listed, and the output is complete."""
    llm = FakeLlm([CORE])
    asked = ask(run, assistant(llm, Budget(calls=1), at_once), questions(6))

    assert llm.allowed == [1]
    assert (asked.calls, len(asked.answers)) == (1, 1)
    assert {reason for _, reason in asked.left} == {"budget of 1 call spent"}
    assert len(asked.left) == 5
    assert counts(asked) == {
        "asked": 1, "from cache": 0, "left": 5, "calls": 1, "tokens in": 100, "tokens out": 10, "cost": "unknown",
    }  # fmt: skip


def test_a_budget_spans_a_run(run: Run):
    """Stages share it: what the first has spent the second cannot."""
    helper = assistant(FakeLlm(lambda _: CORE), Budget(calls=5), at_once=4)
    first = ask(run, helper, questions(3))
    second = ask(run, helper, questions(4, task="name"))

    assert (first.calls, second.calls) == (3, 2)
    assert [reason for _, reason in second.left] == ["budget of 5 calls spent"] * 2


def test_cached_answers_cost_nothing(run: Run):
    """A budget of no call still gives every stored answer."""
    ask(run, assistant(FakeLlm([CORE])), questions(1))
    asked = ask(run, assistant(FakeLlm(), Budget(calls=0)), questions(2))

    assert (len(asked.answers), asked.left[0][1]) == (1, "budget of 0 calls spent")


def test_repairs_count(run: Run):
    """A question that took three calls leaves the others so much less."""
    llm = FakeLlm()
    three = Reply(CORE, (llm.call("MalformedReply", "x"), llm.call("LlmUnavailable", "x"), llm.call()))
    llm = FakeLlm([three, CORE])
    asked = ask(run, assistant(llm, Budget(calls=4), at_once=4), questions(3))

    assert llm.allowed == [4, 1]
    assert (asked.calls, len(asked.answers), len(asked.left)) == (4, 2, 1)


def test_repairs_are_possible_as_long_as_the_budget_has_them(run: Run):
    """Questions wait for what is under way rather than start with too few calls; the last ones take what is left."""
    llm = FakeLlm(lambda _: CORE)
    ask(run, assistant(llm, Budget(calls=6), at_once=4), questions(9))
    assert llm.allowed == [4, 4, 4, 3, 2, 1]


def test_without_a_budget_the_client_decides(run: Run):
    """It repairs and repeats as it sees fit."""
    llm = FakeLlm([CORE])
    ask(run, assistant(llm), questions(1))
    assert llm.allowed == [None]


def test_a_budget_of_tokens(run: Run):
    """What a question did not need is given back; what it could need is never started beyond the limit."""
    (first, *_) = several = questions(50)
    worst = sum(worst_call(first.prompt, 0))
    llm = FakeLlm(lambda _: CORE, tokens=(60, 5))
    budget = Budget(tokens=worst + 65 * 3)
    asked = ask(run, assistant(llm, budget), several)

    assert asked.calls == 4, "the first needs its worst case free, and gives all but 65 tokens back"
    assert budget.spent.tokens == 4 * 65
    assert {reason for _, reason in asked.left} == {f"budget of {budget.tokens:,} tokens spent"}


def test_a_question_larger_than_the_budget(run: Run):
    """It is left with words of its own, and those after it are asked."""
    large = Question(prompt(f'"{"x" * 5000}"'), "large")
    asked = ask(run, assistant(FakeLlm([CORE]), Budget(tokens=4000)), [large, *questions(1)])

    assert asked.left == ((large, "may take more than the whole budget of 4,000 tokens"),)
    assert len(asked.answers) == 1


def test_a_budget_of_dollars(run: Run):
    """As for tokens, at the model's price."""
    llm = FakeLlm(lambda _: CORE, tokens=(1000, 0), usd_per_million=(10.0, 10.0))
    budget = Budget(usd=0.05)
    asked = ask(run, assistant(llm, budget), questions(20))

    assert 1 <= asked.calls <= 5
    assert budget.spent.usd == pytest.approx(asked.calls * 0.01)
    assert asked.cost_usd == pytest.approx(asked.calls * 0.01)
    assert {reason for _, reason in asked.left} == {"budget of 0.05 USD spent"}
    assert counts(asked)["USD"] == f"{asked.cost_usd:.4f}"


def test_a_price_that_is_not_known_is_not_zero(run: Run):
    """A budget in dollars cannot be kept with it: nothing is asked. Without one the cost is unknown, not 0."""
    asked = ask(run, assistant(FakeLlm(), Budget(usd=1.0)), questions(2))
    priceless = ask(run, assistant(FakeLlm([CORE])), questions(1))

    assert asked.calls == 0
    assert "price is not known" in asked.left[0][1]
    assert priceless.cost_usd is None
    assert counts(priceless)["cost"] == "unknown"


def test_a_server_that_does_not_tell_is_charged_the_worst(run: Run):
    """Tokens that nobody counted may all have been spent; a refused request took none."""
    budget = Budget(tokens=10_000)
    (one, two) = questions(2)
    ask(run, assistant(FakeLlm([CORE], tokens=None), budget), [one])
    assert budget.spent == Amount(1, sum(worst_call(one.prompt, 0)), 0.0)

    ask(run, assistant(FakeLlm([LlmRefused("no", status=400)], tokens=None), budget), [two])
    assert budget.spent == Amount(2, sum(worst_call(one.prompt, 0)), 0.0)


@pytest.mark.parametrize(("status", "charged"), [(429, False), (503, False), (500, True), (504, True), (None, True)])
def test_a_request_that_was_turned_away_took_no_tokens(run: Run, status: int | None, charged: bool):
    """A rate limit must not eat the budget; where the model may have answered, the worst case counts."""
    exchange = Exchange(sent=True, status=status, complete=True, body=b"{}", timed_out=status is None)
    error = failure_of(exchange, Request("host/v1", "m", Rung.PROMPT, (), 9.0, str))
    budget = Budget(tokens=10_000)
    ask(run, assistant(FakeLlm([error], tokens=None), budget), questions(1))

    assert isinstance(error, LlmUnavailable)
    assert (budget.spent.calls, budget.spent.tokens > 0) == (1, charged)


def test_the_worst_case_of_a_prompt():
    """A token for each byte that is sent and those around it; repairs repeat what was said."""
    plain, chinese = prompt('"abcd"'), prompt('"语言"')

    assert most_tokens(chinese) - most_tokens(plain) == 2
    assert worst_call(plain, 2)[0] > worst_call(plain, 1)[0] > worst_call(plain, 0)[0] == most_tokens(plain)
    assert worst_call(plain, 2)[1] == 20


@pytest.mark.parametrize("limits", [{"calls": -1}, {"tokens": -5}, {"usd": float("nan")}, {"usd": float("inf")}])
def test_limits_that_are_none(limits: dict[str, Any]):
    with pytest.raises(SettingsError, match="is none: give 0 or more"):
        Budget(**limits)


@settings(max_examples=25, deadline=None)
@given(
    calls=st.none() | st.integers(0, 12),
    tokens=st.none() | st.integers(0, 40_000),
    usd=st.none() | st.floats(0, 0.05),
    at_once=st.integers(1, 5),
    seed=st.integers(0, 2**32),
)
def test_a_budget_is_never_exceeded(calls: int | None, tokens: int | None, usd: float | None, at_once: int, seed: int):
    """Whatever the replies' sizes, however many calls a question takes, and however many are under way."""
    dice = random.Random(seed)
    several = questions(15, max_tokens=dice.randint(1, 500))

    class Greedy(FakeLlm):
        """Takes any number of the calls it may make, each of any size up to its worst case."""

        def ask(self, prompt: Prompt, most_calls: int | None = None) -> Reply:
            made = []
            for number in range(dice.randint(1, most_calls or 4)):
                tokens_in, tokens_out = (dice.randint(0, most) for most in worst_call(prompt, number))
                if dice.random() < 0.2:
                    made.append(LlmCall(NOW, 1.0, "LlmUnavailable", "503"))
                else:
                    made.append(
                        LlmCall(NOW, 1.0, "answered", "", tokens_in, tokens_out, self.price(tokens_in, tokens_out))
                    )
            self.history += [prompt] * len(made)
            return Reply(CORE, tuple(made))

    llm = Greedy(usd_per_million=(1.0, 3.0))
    budget = Budget(calls, tokens, usd)
    with Warehouse.in_memory() as warehouse:
        asked = ask(new_run(warehouse), Assistant(llm, budget, at_once), several)

    spent = budget.spent
    assert spent.calls == len(llm.history) == asked.calls
    assert calls is None or spent.calls <= calls
    assert tokens is None or asked.tokens_in + asked.tokens_out <= spent.tokens <= tokens
    assert usd is None or (spent.usd or 0.0) <= usd * (1 + 1e-12)
    assert len(asked.answers) + len(asked.left) == 15


def test_a_budget_is_shared_between_threads():
    """Many threads that take and give back never hold more than there is."""
    budget = Budget(calls=10)
    worst = lambda calls: Amount(calls, 0, 0.0)  # noqa: E731
    held, most, lock = [0], [0], threading.Lock()

    def work() -> None:
        for _ in range(50):
            if grant := budget.grant(worst):
                with lock:
                    held[0] += grant.calls or 0
                    most[0] = max(most[0], held[0])
                with lock:
                    held[0] -= grant.calls or 0
                    budget.settle(grant, Amount(0, 0, 0.0))

    threads = [threading.Thread(target=work) for _ in range(8)]
    for one in threads:
        one.start()
    for one in threads:
        one.join()

    assert 1 <= most[0] <= 10
    assert budget.grant(worst, least=4) is not None


# --- how it is asked --------------------------------------------------------------------------------------------


def test_so_many_at_once_and_no_more(run: Run):
    """Four are under way together, where four are allowed, and never a fifth."""
    four = threading.Barrier(4)
    lock = threading.Lock()
    now, most = [0], [0]

    def reply(_: Prompt) -> Mapping[str, Any]:
        with lock:
            now[0] += 1
            most[0] = max(most[0], now[0])
        four.wait(10)
        with lock:
            now[0] -= 1
        return CORE

    ask(run, assistant(FakeLlm(reply), at_once=4), questions(8))
    assert most == [4]


def test_progress_is_told(run: Run):
    """How many are to be asked, and each that is done; the stored ones are no work."""
    seen: list[object] = []

    class Watcher(Quiet):
        def start(self, label: str, total: int | None) -> None:
            seen.append((label, total))

        def advance(self, done: int = 1) -> None:
            seen.append(done)

        def finish(self) -> None:
            seen.append("finished")

    ask(run, assistant(FakeLlm([CORE])), questions(1))
    run.progress = Watcher()
    ask(run, assistant(FakeLlm([CORE, LlmRefused("no")])), questions(5))

    assert seen == [("ask: screen", 4), 1, 1, 2, "finished"]


def test_a_fault_in_the_client_is_no_answer(run: Run):
    """What a client should not raise comes out; what came before it is stored."""
    with pytest.raises(ZeroDivisionError):
        ask(run, assistant(FakeLlm([CORE, ZeroDivisionError()])), questions(3))
    assert len(ledger(run.warehouse)) == 1
