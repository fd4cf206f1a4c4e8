"""`harvest` and `harvest status`: what is asked, what it costs, and what the ledger tells of it."""

from __future__ import annotations

import io
import json
import os
import subprocess
import sys
from collections.abc import Callable
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import Any

import duckdb
import pytest

from littriage import resources
from littriage.channels import Plan, PlannedSubject
from littriage.cli.harvest_status import ASCII_SIGNS, SIGNS
from littriage.cli.plans import print_plan
from littriage.errors import LittriageError, NoWarehouse, SchemaTooNew
from littriage.model import MonthStatus, Window
from littriage.replica import Replica
from littriage.replica.faults import Fault, Request, always, refused
from littriage.trends import month_after
from littriage.warehouse import Warehouse
from littriage.warehouse.status import AskedWindow, DirectionStatus
from small_field import Run, corpus, months_ago, runner

ASKED = datetime(2026, 11, 20, 6, 0, 0)
ESCAPE = "status 503\x1b[31m\u202e"


@pytest.fixture
def run(tmp_path: Path, capfd: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> Run:
    return runner(tmp_path, capfd, monkeypatch)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A warehouse on which nothing has been asked."""
    with Warehouse.open(tmp_path / "warehouse"):
        pass
    return tmp_path / "warehouse"


# --- harvest ----------------------------------------------------------------------------------------------------


def test_harvest_from_a_replica(run: Run, monkeypatch: pytest.MonkeyPatch):
    """The plan first, then the papers of every direction and the size of their field; what is settled is not asked."""
    with Replica(corpus(6)) as replica:
        monkeypatch.setenv("LITTRIAGE_ARXIV", replica.address)
        code, out, err = run("harvest", "--months", "7")
        first = len(replica.requests)
        again = run("harvest", "--months", "7")[1]

    plan, stages = out.split("\n\n")
    harvest, exposure = stages.splitlines()[1:]
    assert (code, err) == (0, "")
    assert plan.startswith("Channel api: the field is not held: oai cs\n")
    assert "received 36, stored 36, dropped 0, failed 0" in harvest
    assert "failed 0" in exposure
    assert "stored 0" in again
    assert len(replica.requests) - first < first


def test_dry_run_asks_nothing(run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    """What would be asked of either channel, by what reckoning, and how long it takes; no request, no warehouse."""
    with Replica(corpus(2)) as replica:
        monkeypatch.setenv("LITTRIAGE_ARXIV", replica.address)
        code, out, err = run("harvest", "--dry-run", "--months", "3")

    channel, head, *subjects, cost, other = out.splitlines()
    assert (code, err, replica.requests) == (0, "", [])
    assert channel == "Channel api: the field is not held: oai cs"
    assert head.split() == ["subject", "asked", "for", "requests", "by"]
    assert [line.split()[:2] for line in subjects] == [
        ["parsing", "papers"],
        ["word-vectors", "papers"],
        ["cs.CL", "count"],
    ]
    assert subjects[2].split()[2:] == ["4", "4", "months"]
    assert "requests or more: about " in cost
    assert ", at one request every 0.02 s." in cost  # this machine is asked without a pause
    assert other.startswith("The other channel, oai, would make ")
    assert not (tmp_path / "warehouse").exists()


def test_dry_run_as_json(run: Run, tmp_path: Path):
    """The plan with each subject, and the other channel's; arXiv's own pace is never below three seconds."""
    code, out, err = run("harvest", "--dry-run", "--json", "--months", "3", "--direction", "parsing")

    answer = json.loads(out)
    plan = answer["plan"]
    assert (code, err, list(answer)) == (0, "", ["schema", "plan"])
    assert (plan["channel"], plan["interval_s"]) == ("api", 3.0)
    assert plan["requests"] == sum(one["requests"] for one in plan["subjects"])
    assert plan["seconds"] == 3 * plan["requests"]
    assert [one["subject"] for one in plan["subjects"]] == ["parsing", "cs.CL"]
    assert (plan["other"]["channel"], plan["other"]["other"]) == ("oai", None)


def test_long_plans_are_added_up(capsys: pytest.CaptureFixture[str]):
    """Many subjects of a kind are one line; figures have their thousands set apart."""
    subjects = [PlannedSubject(f"d{number}", "papers", 100, "6 windows") for number in range(145)]
    subjects += [
        PlannedSubject(f"c{number}", "count", 61 - number % 2, f"{61 - number % 2} months") for number in range(53)
    ]

    print_plan(Plan("api", "as it was asked for", tuple(subjects), interval_s=3.0, answer_s=2.0))

    assert capsys.readouterr().out.splitlines()[2:] == [
        "145 directions  papers       14,500  each: 6 windows",
        "53 fields       count         3,207  most: 61 months",
        "17,707 requests or more: about 14.8 h, at one request every 3 s.",
    ]


def test_harvest_as_json(run: Run, monkeypatch: pytest.MonkeyPatch):
    """The summary with the plan, and nothing else on stdout."""
    with Replica(corpus(3)) as replica:
        monkeypatch.setenv("LITTRIAGE_ARXIV", replica.address)
        code, out, err = run("harvest", "--months", "3", "--json")

    answer = json.loads(out)
    assert (code, err) == (0, "")
    assert answer["plan"]["channel"] == "api"
    assert [stage["name"] for stage in answer["stages"]] == ["harvest", "exposure"]
    assert answer["failures"] == []


def test_one_direction_fails(run: Run, monkeypatch: pytest.MonkeyPatch):
    """The others are harvested, the failure is shown with its reason, and the exit code is 0."""
    with Replica(corpus(3), faults=on_phrase("parse tree", refused(503))) as replica:
        monkeypatch.setenv("LITTRIAGE_ARXIV", replica.address)
        code, out, _ = run("harvest", "--months", "3")

    assert code == 0
    assert "! harvest, parsing: " in out
    assert "SourceUnavailable" in out
    assert "status 503" in out
    assert "! harvest, word-vectors" not in out


def test_the_ledger_tells_of_the_failures(run: Run, monkeypatch: pytest.MonkeyPatch):
    """Every request of a harvest is a row, and every retry says why the one before it failed."""
    with Replica(corpus(3), faults=on_phrase("parse tree", refused(503))) as replica:
        monkeypatch.setenv("LITTRIAGE_ARXIV", replica.address)
        run("harvest", "--months", "3")
        answer = json.loads(run("harvest", "status", "--json", "--requests", "1000")[1])
        told = run("harvest", "status", "--requests", "1000")[1]

    rows = answer["requests"]
    retries = [row for row in rows if row["attempt"] > 1]
    zeros = [row["subject"] for row in rows if row["expected"] == 0]
    assert len(rows) == len(replica.requests) == sum(one["requests"] for one in answer["channels"])
    assert retries
    assert {row["subject"] for row in retries} == {"parsing"}
    assert all("status 503" in row["reason_before"] for row in retries)
    assert told.count("again after SourceUnavailable") == len(retries)
    assert set(zeros) == {"cs.CL"}
    assert len(zeros) % 2 == 0, "a zero is asked for twice"
    assert {one["slug"]: len(one["failed"]) > 0 for one in answer["directions"]} == {
        "parsing": True,
        "word-vectors": False,
    }


def test_source_is_down(run: Run, monkeypatch: pytest.MonkeyPatch):
    """Where every direction failed the exit code is 1, after the failures; the rest of the list is counted."""
    with Replica(corpus(3), faults=always(refused(503))) as replica:
        monkeypatch.setenv("LITTRIAGE_ARXIV", replica.address)
        code, out, err = run("harvest", "--months", "3")

    assert code == 1
    assert "! harvest, parsing: " in out
    assert err == f"error: no direction could be harvested whole from {replica.address}: run this again later\n"


def test_harvest_of_one_direction(run: Run, monkeypatch: pytest.MonkeyPatch):
    """Only its query is sent."""
    with Replica(corpus(2)) as replica:
        monkeypatch.setenv("LITTRIAGE_ARXIV", replica.address)
        assert run("harvest", "--direction", "word-vectors", "--months", "3")[0] == 0

    assert not any("parse" in request.path for request in replica.requests)
    assert any("word" in request.path for request in replica.requests)


def test_harvest_of_the_whole_field(run: Run, monkeypatch: pytest.MonkeyPatch):
    """By OAI-PMH: one set for all directions, up to the service's day; then auto keeps to it, as the field is held."""
    with Replica(corpus(6)) as replica:
        monkeypatch.setenv("LITTRIAGE_OAI", replica.oai_address)
        code, out, err = run("harvest", "--channel", "oai")
        again = run("harvest")[1]
        status = run("harvest", "status")[1]

    assert (code, err) == (0, "")
    assert out.startswith("Channel oai: as it was asked for\n")
    assert "received 54, stored 54, " in out
    assert again.startswith("Channel oai: the field is held, and only what has changed is listed\n")
    ((source, kind, requests, *_),) = cells(status, "Requests")
    assert (source, kind, requests) == ("oai-pmh", "records", "2")
    ((set_, base, current_to, *_),) = cells(status, "Copy of the field")
    assert (set_, base, current_to) == ("cs", "listing", f"{months_ago(2)}")


def test_every_set_fails(run: Run, monkeypatch: pytest.MonkeyPatch):
    """Exit code 1, and the address that gave no answer."""
    with Replica(corpus(2), faults=always(refused(503))) as replica:
        monkeypatch.setenv("LITTRIAGE_OAI", replica.oai_address)
        code, out, err = run("harvest", "--channel", "oai")

    assert code == 1
    assert "! harvest, oai cs: SourceUnavailable" in out
    assert err == f"error: no set could be harvested whole from {replica.oai_address}: run this again later\n"


@pytest.mark.parametrize("word", ["parsing", "graph-x"])
def test_a_direction_is_no_argument(run: Run, tmp_path: Path, word: str):
    """It was one once: a usage error that names the option, before anything is asked or made."""
    code, out, err = run("harvest", word)

    assert (code, out) == (2, "")
    assert f'harvest takes no "{word}": ask for one direction with --direction {word}' in err
    assert not (tmp_path / "warehouse").exists()


def test_options_before_status(run: Run, folder: Path):
    """They would be lost in silence: a usage error. Variables are no options."""
    code, out, err = run("harvest", "--direction", "parsing", "status")

    assert (code, out) == (2, "")
    assert err == 'error: put the options after the word: "littriage harvest status --..."\n'
    assert run("harvest", "status")[0] == 0


def test_a_channel_that_is_none(run: Run):
    """A usage error that names those that there are."""
    code, out, err = run("harvest", "--channel", "rss")

    assert (code, out) == (2, "")
    assert "there is no channel 'rss': take auto, oai or api" in err


def on_phrase(phrase: str, fault: Fault) -> Callable[[Request], Fault | None]:
    """The plan in which only requests for that phrase meet the fault."""
    return lambda request: fault if phrase in request.parameters.get("search_query", "") else None


# --- status: what it reads --------------------------------------------------------------------------------------


def note_requests(folder: Path, *rows: dict[str, Any]) -> None:
    """Put rows into the ledger, five seconds apart; what a row does not say is an answered request for papers."""
    usual = {
        "source": "arxiv-api", "kind": "papers", "subject": "parsing", "first_day": date(2026, 1, 1),
        "last_day": date(2026, 10, 31), "place": "0", "attempt": 1, "waited_s": 3.0, "seconds": 0.5,
        "outcome": "answered", "reason": "", "expected": 20, "received": 20, "stored": None, "dropped": "{}",
    }  # fmt: skip
    with Warehouse.open(folder) as opened:
        (held,) = opened.connection.execute("select count(*) from harvest_request").fetchone() or (0,)
        full = [
            {**usual, "asked_at": ASKED + timedelta(seconds=5 * (held + place)), **row}
            for place, row in enumerate(rows)
        ]
        opened.insert("harvest_request", {name: [row[name] for row in full] for name in full[0]}, replace=False)


FAILED = {"outcome": "SourceUnavailable", "reason": ESCAPE, "expected": None, "received": None}
AGAIN = {"attempt": 2, "waited_s": 5.0, "dropped": '{"no id": 2}'}
COUNT = {
    "kind": "count", "subject": "cs.CL", "first_day": date(2026, 2, 1), "last_day": date(2026, 2, 28), "received": 0,
    "expected": 1_010,
}  # fmt: skip
LISTING = {
    "source": "oai-pmh", "kind": "records", "subject": "cs", "first_day": None, "last_day": None, "expected": None,
    "place": "verb=ListRecords&metadataPrefix=arXivRaw&skip=3500", "received": 3_500, "stored": 3_400,
    "dropped": '{"no date": 90, "no id": 10}',
}  # fmt: skip


def note_windows(folder: Path, direction: str, *windows: tuple[date, date, datetime, str | None], query: str = "q"):
    """Put (first day, last day, asked at, failure) into the harvest's checkpoints."""
    with Warehouse.open(folder) as opened:
        first, last, asked_at, failure = zip(*windows, strict=True)
        opened.insert(
            "harvest_window",
            {"first_day": first, "last_day": last, "asked_at": asked_at, "failure": failure},
            source="arxiv-api", direction=direction, query=query, expected=20, received=20, stored=18, requests=1,
        )  # fmt: skip


def note_months(folder: Path, categories: str, first: date, statuses: list[str], held: int = 1_000):
    """Put consecutive months into the record of what they are worth."""
    with Warehouse.open(folder) as opened:
        opened.insert(
            "field_month",
            {"month": [month_after(first, place) for place in range(len(statuses))], "status": statuses},
            category_set=categories, held=held, reported=1_010, late=3, growth=1.031, growth_low=1.01,
            growth_high=1.06, lost=2.5, reason="papers may still arrive", source="oai-pmh",
        )  # fmt: skip


def cells(out: str, heading: str) -> list[list[str]]:
    """The cells of the rows of the table under a heading, its own heading row left out."""
    lines = out.splitlines()
    start = next(place for place, line in enumerate(lines) if line.startswith(heading)) + 2
    rows = lines[start : start + next((n for n, line in enumerate(lines[start:]) if not line), len(lines))]
    return [[cell.strip() for cell in line.split("  ") if cell] for line in rows]


# --- status: requests -------------------------------------------------------------------------------------------


def test_status_adds_requests_up_by_source_and_kind(run: Run, folder: Path):
    """Requests, answered, repeated, failed, received, stored, waiting and answering time, first and last, drops."""
    note_requests(folder, FAILED, AGAIN, COUNT, LISTING, {**LISTING, "place": "", "seconds": 200.0})
    note_windows(folder, "parsing", (date(2026, 1, 1), date(2026, 10, 31), ASKED, None))

    code, out, err = run("harvest", "status")

    counts, papers, records = cells(out, "Requests")
    first, last = "2026-11-20 06:00", "2026-11-20 06:00"
    assert (code, err) == (0, "")
    assert counts == [
        "arxiv-api", "count", "1", "1", "0", "0", "0", "-", "3.0 s", "0.5 s", first, last, "-",
    ]  # fmt: skip
    assert papers == [
        "arxiv-api", "papers", "2", "1", "1", "1", "20", "18", "8.0 s", "1.0 s", first, last, "no id 2",
    ]  # fmt: skip
    assert records == [
        "oai-pmh", "records", "2", "2", "0", "0", "7,000", "6,800", "6.0 s", "3 min", first, last,
        "no date 180, no id 20",
    ]  # fmt: skip


def test_status_of_an_empty_warehouse(run: Run, folder: Path):
    """Each part says that there is nothing, and the exit code is 0: nothing asked is no failure."""
    code, out, err = run("harvest", "status")

    assert (code, err) == (0, "")
    assert out.splitlines()[::2] == [
        "Requests: none in the ledger",
        "Copy of the field: none has been listed",
        "Directions: none has been asked for",
        'Months: none has been weighed: "littriage run" and "littriage rank" do it',
    ]


def test_last_requests_tell_why_each_was_repeated(run: Run, folder: Path):
    """A retry's line carries the failure before it, a failed one its own; only the last N are shown, oldest first."""
    note_requests(folder, COUNT, FAILED, {**FAILED, **AGAIN, **FAILED, "attempt": 2}, {**AGAIN, "attempt": 3})

    out = run("harvest", "status", "--requests", "3")[1]
    requests = json.loads(run("harvest", "status", "--requests", "3", "--json")[1])["requests"]

    once, twice, thrice = out.splitlines()[-3:]
    assert once.endswith("0.5 s  status 503[31m")
    assert twice.endswith("again after SourceUnavailable: status 503[31m; status 503[31m")
    assert thrice.endswith("no id 2   5.0 s      0.5 s  again after SourceUnavailable: status 503[31m")
    assert "The last 3 requests" in out
    assert [row["number"] for row in requests] == [2, 3, 4]
    assert [row["outcome_before"] for row in requests] == [None, "SourceUnavailable", "SourceUnavailable"]


def test_a_retry_whose_first_attempt_is_not_held(run: Run, folder: Path):
    """It says so; another window's failure is not taken for its own."""
    note_requests(folder, {**FAILED, "place": "100"}, AGAIN)

    assert (
        run("harvest", "status", "--requests", "1")[1]
        .splitlines()[-1]
        .endswith("again; the first attempt is not in the ledger")
    )


def test_stored_texts_cannot_steer_the_terminal(run: Run, folder: Path):
    """Control and direction-changing characters are taken out of reasons, tokens and slugs; long tokens are cut."""
    note_requests(folder, FAILED, {**LISTING, "place": "\x1b]0;evil\x07" + "x" * 500})
    note_windows(folder, "par\x1b[2Jsing", (date(2026, 1, 1), date(2026, 1, 31), ASKED, ESCAPE))

    out = run("harvest", "status", "--requests", "2")[1]

    assert not any(sign in out for sign in "\x1b\x07\u202e")
    assert max(len(cell) for line in out.splitlines() for cell in line.split()) < 60


def test_status_minds_only_what_it_is_asked_for(run: Run, folder: Path):
    """One direction: its requests and its field's; the listing belongs to all. Names are checked, with a suggestion."""
    note_requests(folder, {}, {"subject": "word-vectors"}, COUNT, {**COUNT, "subject": "cs.CV"}, LISTING)
    note_windows(folder, "parsing", (date(2026, 1, 1), date(2026, 10, 31), ASKED, None))
    note_windows(folder, "word-vectors", (date(2026, 1, 1), date(2026, 10, 31), ASKED, None))
    note_months(folder, "cs.CL", date(2026, 1, 1), ["complete"])
    note_months(folder, "cs.CV", date(2026, 1, 1), ["complete"])

    answer = json.loads(run("harvest", "status", "--direction", "parsing", "--requests", "9", "--json")[1])
    field = json.loads(run("harvest", "status", "--category-set", "cs.CV", "--requests", "9", "--json")[1])
    code, _, err = run("harvest", "status", "--direction", "parsign")

    assert [row["subject"] for row in answer["requests"]] == ["parsing", "cs.CL", "cs"]
    assert [row["slug"] for row in answer["directions"]] == ["parsing"]
    assert list(answer["months"]) == ["cs.CL"]
    assert [row["subject"] for row in field["requests"]] == ["cs.CV", "cs"]
    assert (field["directions"], list(field["months"])) == ([], ["cs.CV"])
    assert code == 2
    assert "did you mean parsing?" in err


# --- status: the copy of the field ------------------------------------------------------------------------------


def test_status_of_the_field_copy(run: Run, folder: Path):
    """Per set: what it rests on, up to when it is current, and the listing under way or the last one."""
    with Warehouse.open(folder) as opened:
        opened.insert(
            "oai_list",
            {
                "set_spec": ["", "cs", "stat"],
                "base": ["listing", "snapshot.jsonl", None],
                "base_to": [None, date(2026, 10, 2), None],
                "current_to": [date(2026, 11, 20), None, None],
                "under_way": [False, True, False],
                "token": [None, "t", None],
                "since": [None, date(2026, 10, 1), None],
                "started_on": [date(2026, 11, 20), date(2026, 11, 19), None],
                "newest": [date(2026, 11, 19), date(2026, 10, 9), None],
                "pages": [2, 1, 0],
                "records": [4_000, 3_500, 0],
                "finished_at": [ASKED, None, None],
            },
            in_order=True,
        )

    out = run("harvest", "status")[1]
    whole, cs, stat = cells(out, "Copy of the field")

    assert whole == ["all of arXiv", "listing", "2026-11-20", "2 pages, 4,000 records", "2026-11-20 06:00"]
    assert cs == [
        "cs", "snapshot.jsonl, to 2026-10-02", "-",
        "under way since 2026-11-19: 1 pages, 3,500 records, newest 2026-10-09", "-",
    ]  # fmt: skip
    assert stat == ["stat", "-", "-", "not begun", "-"]


# --- status: directions -----------------------------------------------------------------------------------------


def test_status_of_directions(run: Run, folder: Path):
    """Windows done and failed with the reason, and the day up to which all is settled: ten days before it was asked."""
    note_windows(
        folder, "parsing",
        (date(2026, 1, 1), date(2026, 10, 31), ASKED, None),
        (date(2026, 11, 1), date(2026, 11, 20), ASKED, "ShortAnswer"),
    )  # fmt: skip
    note_windows(folder, "word-vectors", (date(2026, 1, 1), date(2026, 11, 20), ASKED, None))
    note_windows(folder, "word-vectors", (date(2025, 1, 1), date(2025, 12, 31), datetime(2026, 1, 1), "old"), query="o")

    out = run("harvest", "status")[1]

    assert "Directions: 2, 2 windows done, 1 failed" in out
    parsing, vectors = cells(out, "Directions")
    assert parsing[-2:] == ["2026-10-31", "2026-11-01 to 2026-11-20: ShortAnswer"]
    assert vectors[-1] == "2026-11-10"


def test_many_directions_are_told_by_their_exceptions(run: Run, folder: Path):
    """Of a whole catalogue only those that failed or lag behind are listed; the others are counted."""
    days = {"first_day": date(2026, 1, 1), "last_day": date(2026, 10, 31), "asked_at": ASKED}
    with Warehouse.open(folder) as opened:
        opened.insert(
            "harvest_window",
            {
                "direction": [f"d{number:02}" for number in range(30)],
                "failure": ["HTTP 503" if number == 7 else None for number in range(30)],
            },
            source="arxiv-api", query="q", received=0, stored=0, requests=1, **days,
        )  # fmt: skip

    out = run("harvest", "status")[1]

    (listed, rest) = cells(out, "Directions")
    assert listed[0] == "d07"
    assert rest == [
        "29 more are settled to 2026-10-31 without a failure: --direction SLUG shows one, --json all of them"
    ]
    assert len(json.loads(run("harvest", "status", "--json")[1])["directions"]) == 30


def test_one_direction_shows_every_window(run: Run, folder: Path):
    """With its counts, its drops and its failure; a window that a later answer made up for counts no more."""
    note_windows(
        folder, "parsing",
        (date(2026, 1, 1), date(2026, 1, 31), ASKED, "TotalChanged: 20, then 21"),
        (date(2026, 1, 1), date(2026, 2, 28), ASKED, None),
    )  # fmt: skip
    with Warehouse.open(folder) as opened:
        opened.insert(
            "harvest_drop", {"reason": ["no id", "no date"], "rows": [2, 1_000]}, replace=False, examples=["x"],
            source="arxiv-api", direction="parsing", first_day=date(2026, 1, 1), last_day=date(2026, 2, 28),
        )  # fmt: skip

    out = run("harvest", "status", "--direction", "parsing")[1]

    assert "parsing from arxiv-api: 1 windows done, 0 failed, settled to 2026-02-28" in out
    failed, done = cells(out, "parsing from")
    assert failed[-2:] == ["-", "TotalChanged: 20, then 21"]
    assert done[-1] == "no date 1,000, no id 2"


def test_settled_to_ends_at_the_first_hole():
    """What lies behind a failed window is not settled up to; without a beginning nothing is."""

    def asked(first: date, last: date, failure: str | None = None) -> AskedWindow:
        return AskedWindow("arxiv-api", Window(first, last), 1, 1, 1, 1, failure, ASKED, {})

    spring = asked(date(2026, 1, 1), date(2026, 3, 31))
    hole = asked(date(2026, 4, 1), date(2026, 4, 30), "ShortAnswer")
    summer = asked(date(2026, 5, 1), date(2026, 8, 31))

    assert DirectionStatus("d", "s", (spring, hole, summer)).settled_to == date(2026, 3, 31)
    assert DirectionStatus("d", "s", (hole, summer)).settled_to is None


# --- status: months ---------------------------------------------------------------------------------------------

STATUSES = ["complete", "complete", "assumed", "partial", "titles", "missing", "complete", "open"]


def test_calendar_has_a_sign_a_month(run: Run, folder: Path):
    """A line a year in quarters, each status another sign, months that nobody weighed a dot."""
    note_months(folder, "cs.CL", date(2025, 11, 1), STATUSES)

    lines = run("harvest", "status")[1].splitlines()
    place = lines.index("Months")

    assert lines[place + 1] == "  ■ complete □ assumed ○ open ▲ partial T titles × missing · nothing known"
    assert lines[place + 2] == "cs.CL: assumed 1, complete 3, missing 1, open 1, partial 1, titles 1"
    assert lines[place + 3 :] == ["  2025 ··· ··· ··· ·■■", "  2026 □▲T ×■○ ··· ···"]


@pytest.mark.parametrize("encoding", ["ascii", "latin-1"])
def test_calendar_where_the_terminal_has_no_such_signs(folder: Path, monkeypatch: pytest.MonkeyPatch, encoding: str):
    """Plain ASCII, by which the states are still told apart."""
    from littriage.cli import harvest_status

    monkeypatch.setattr(sys, "stdout", io.TextIOWrapper(io.BytesIO(), encoding=encoding))

    assert harvest_status._encodable_signs() is ASCII_SIGNS


def test_calendar_over_a_pipe_without_utf8(run: Run, folder: Path):
    """As a process whose stdout is ASCII prints it."""
    note_months(folder, "cs.CL", date(2026, 1, 1), STATUSES)

    ended = subprocess.run(
        [sys.executable, "-c", "from littriage.cli import main; main()", "harvest", "status"],
        env={**os.environ, "PYTHONIOENCODING": "ascii", "PYTHONPATH": os.pathsep.join(sys.path)},
        capture_output=True,
        text=True,
        check=True,
    )

    assert ended.stdout.splitlines()[-1] == "  2026 ##= %Tx #o. ..."


def test_each_status_has_a_sign_of_its_own():
    """No two are alike, in either alphabet, and every status has one."""
    for signs in (SIGNS, ASCII_SIGNS):
        assert set(signs) == {*MonthStatus, None}
        assert len(set(signs.values())) == len(signs)
    assert "".join(ASCII_SIGNS.values()).isascii()


def test_equal_calendars_are_shown_once(run: Run, folder: Path):
    """Under the largest set, with the number of the others; those beyond five are counted."""
    note_months(folder, "cs.CL", date(2026, 1, 1), ["complete"], held=5)
    note_months(folder, "cs.CL cs.LG", date(2026, 1, 1), ["complete"], held=50)
    note_months(folder, "", date(2026, 1, 1), ["open"], held=500)

    out = run("harvest", "status")[1].splitlines()
    for place in range(5):
        note_months(folder, f"cs.{place}", date(2020 + place, 1, 1), ["complete"], held=1)
    many = run("harvest", "status")[1].splitlines()

    assert out[-4:] == [
        "every category: open 1", "  2026 ○·· ··· ··· ···", "cs.CL cs.LG and 1 more: complete 1",
        "  2026 ■·· ··· ··· ···",
    ]  # fmt: skip
    assert many[-1] == "2 more calendars: --category-set CATEGORIES shows one, --json all of them"


def test_one_month_in_full(run: Run, folder: Path):
    """What is held, reported, late and lost, the growth expected, status with reason, and the requests for its days."""
    note_months(folder, "cs.CL", date(2026, 2, 1), ["open"])
    note_requests(
        folder,
        {"first_day": date(2025, 1, 1), "last_day": date(2026, 1, 31)},  # the day before
        {"first_day": date(2026, 2, 28), "last_day": date(2026, 3, 31)},  # its last day
        COUNT,
        {**LISTING, "first_day": date(2026, 3, 1)},  # changed after its end
        LISTING,
    )

    out = run("harvest", "status", "--month", "2026-02")[1]
    answer = json.loads(run("harvest", "status", "--month", "2026-02", "--json")[1])

    (row,) = cells(out, "2026-02, by category set")
    assert row == [
        "cs.CL", "1,000", "1,010", "3", "1.031 (1.010 to 1.060)", "2.5", "oai-pmh",
        "not compared: open (papers may still arrive)",
    ]  # fmt: skip
    assert "Requests for days of 2026-02" in out
    assert [row["number"] for row in answer["requests"]] == [2, 3, 5]
    assert sum(row["requests"] for row in answer["channels"]) == 3
    assert answer["months"]["cs.CL"][0]["lost"] == 2.5


def test_a_month_that_nobody_weighed(run: Run, folder: Path):
    """It says so, which is not a month without papers."""
    assert run("harvest", "status", "--month", "2026-02")[1].startswith("2026-02: not weighed\n")


def test_status_in_chinese(run: Run, folder: Path):
    """Headings, states and durations; what the source said stays as it was."""
    note_requests(folder, FAILED, AGAIN)
    note_months(folder, "cs.CL", date(2026, 1, 1), ["open"])

    out = run("harvest", "status", "--lang", "zh", "--requests", "1")[1]

    assert "■ 完整 □ 未经核实 ○ 尚未完结" in out
    assert "5.0 秒" in out
    assert "重试，此前 SourceUnavailable：status 503[31m" in out


# --- status: the file -------------------------------------------------------------------------------------------


def test_status_makes_nothing(run: Run, tmp_path: Path):
    """No warehouse: exit code 1, the next step, and none is made."""
    code, out, err = run("harvest", "status")

    assert (code, out) == (1, "")
    assert f"no warehouse at {tmp_path}/warehouse" in err
    assert not (tmp_path / "warehouse").exists()


def test_status_changes_nothing(run: Run, folder: Path):
    """The file is the same afterwards, down to the last byte."""
    note_requests(folder, FAILED, AGAIN)
    before = (folder / resources.WORKING).read_bytes()

    assert run("harvest", "status", "--requests", "5")[0] == 0
    assert (folder / resources.WORKING).read_bytes() == before
    assert [path.name for path in folder.iterdir()] == [resources.WORKING]


def test_status_while_a_run_writes(run: Run, folder: Path):
    """Exit code 1, and the number of the process that holds the file."""
    program = (
        "import sys; from pathlib import Path; from littriage.warehouse import Warehouse\n"
        "with Warehouse.open(Path(sys.argv[1])): print('open', flush=True); sys.stdin.read()"
    )
    with subprocess.Popen(
        [sys.executable, "-c", program, str(folder)],
        env={**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)},
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
    ) as other:
        assert other.stdout is not None
        assert other.stdout.readline() == b"open\n"
        code, out, err = run("harvest", "status")
        other.communicate()

    assert (code, out) == (1, "")
    assert f"is being written by process {other.pid}: wait until it has ended, then try again" in err


def test_status_after_a_kill(run: Run, folder: Path):
    """What a killed process had committed is seen, although it never closed the file."""
    program = (
        "import os, signal, sys; from pathlib import Path; from littriage.warehouse import Warehouse\n"
        "opened = Warehouse.open(Path(sys.argv[1]))\n"
        "opened.connection.execute(\"set checkpoint_threshold = '1GB'\")\n"
        "with opened.transaction():\n"
        "    opened.insert('field_month', {'category_set': ['cs.CL']}, month='2026-01-01', held=1, lost=0.0,"
        " status='complete', reason='', source='s')\n"
        "os.kill(os.getpid(), signal.SIGKILL)"
    )
    subprocess.run(
        [sys.executable, "-c", program, str(folder)],
        env={**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)},
        check=False,
    )
    assert (folder / f"{resources.WORKING}.wal").exists()

    assert run("harvest", "status")[1].splitlines()[-1] == "  2026 ■·· ··· ··· ···"


def test_a_file_to_read_of_another_version(folder: Path):
    """An older one is not migrated, a newer one is refused; both are left as they are, and the next step is told."""
    with Warehouse.open(folder) as opened:
        opened.connection.execute("insert into migration values (99, 'future', now()::timestamp)")
    with pytest.raises(SchemaTooNew, match=r"has schema 99.*update littriage"):
        Warehouse.read_only(folder)

    last = max(number for number, _, _ in resources.migrations())
    with duckdb.connect(str(folder / resources.WORKING)) as connection:
        connection.execute("delete from migration where number >= $last", {"last": last})
    before = (folder / resources.WORKING).read_bytes()
    with pytest.raises(LittriageError, match=rf"has schema {last - 1}, this littriage reads {last}: any command that"):
        Warehouse.read_only(folder)
    assert (folder / resources.WORKING).read_bytes() == before


def test_a_file_to_read_that_is_none(tmp_path: Path):
    """No file, no folder, a database of somebody else, and something that is no database."""
    with pytest.raises(NoWarehouse):
        Warehouse.read_only(tmp_path / "none")

    duckdb.connect(str(tmp_path / resources.WORKING)).close()
    with pytest.raises(LittriageError, match="has schema 0"):
        Warehouse.read_only(tmp_path)

    (tmp_path / resources.WORKING).write_bytes(b"not a database" * 1_000)
    with pytest.raises(LittriageError, match="is not a warehouse that DuckDB can read"):
        Warehouse.read_only(tmp_path)
