"""A year of announcements, revisions and withdrawals, and the replica that lives through it."""

from __future__ import annotations

import xml.etree.ElementTree as ET
from collections import Counter
from datetime import date, datetime, timedelta

import pytest
import requests
from hypothesis import given
from hypothesis import strategies as st

from littriage.directions import load_catalogue
from littriage.model import Paper
from littriage.replica import Replica
from littriage.replica.days import WITHDRAWAL, Event, EventKind, Script, announces, script_from
from littriage.replica.simulate import load_shapes, simulated_papers
from littriage.resources import folder

OAI = "{http://www.openarchives.org/OAI/2.0/}"
RAW = "{http://arxiv.org/OAI/arXivRaw/}"
ATOM = "{http://www.w3.org/2005/Atom}"
FIRST, LAST = date(2026, 1, 1), date(2026, 12, 31)


def paper(base: str, published: date, **facts: object) -> Paper:
    """A first version."""
    known: dict[str, object] = {
        "title": f"Title of {base}",
        "abstract": "An abstract",
        "authors": ("Ada Lovelace",),
        "categories": ("cs.LG",),
        "version": 1,
    }
    return Paper(id=base, published=published, **(known | facts))  # type: ignore[arg-type]


@pytest.fixture(scope="module")
def papers() -> list[Paper]:
    catalogue = load_catalogue(folder("queries"))
    return simulated_papers(catalogue, load_shapes(), seed=1, last_month=date(2026, 12, 1), months=15, papers=3000)


@pytest.fixture(scope="module")
def year(papers: list[Paper]) -> Script:
    return script_from(papers, seed=7, first_day=FIRST, last_day=LAST, deleted=0.005)


# --- a script ---------------------------------------------------------------------------------------------------


def test_a_corpus_is_what_is_known_at_the_end_of_a_day() -> None:
    """An event counts from its own day on, and the datestamp is that of the last one."""
    old = paper("2512.00001", date(2025, 12, 1))
    new = paper("2601.00001", date(2026, 1, 4), title="First")
    later = paper("2601.00001", date(2026, 1, 4), title="Second", version=2, updated=datetime(2026, 1, 19, 8))
    script = Script(
        (
            Event(date(2026, 1, 20), EventKind.REVISED, later),
            Event(date(2026, 1, 22), EventKind.DELETED, old),
            Event(date(2026, 1, 5), EventKind.NEW, new),
            Event(date(2025, 12, 2), EventKind.NEW, old),
        ),
        FIRST,
        LAST,
    )

    assert script.corpus(FIRST) == ((old,), {old.id: date(2025, 12, 2)}, frozenset())
    assert script.corpus(date(2026, 1, 4)) == script.corpus(FIRST)
    assert script.corpus(date(2026, 1, 5)).papers == (old, new)
    assert script.corpus(date(2026, 1, 19)).papers == (old, new)
    assert script.corpus(date(2026, 1, 20)).papers == (old, later)
    assert script.corpus(LAST) == (
        (old, later),
        {old.id: date(2026, 1, 22), new.id: date(2026, 1, 20)},
        frozenset({old.id}),
    )
    assert [event.kind for event in script.on(date(2026, 1, 20))] == [EventKind.REVISED]


def test_no_datestamp_is_before_the_services_earliest() -> None:
    """A paper of 1999 has that of 16 September 2005, as at arXiv."""
    old = Event(date(1999, 1, 6), EventKind.NEW, paper("hep-th/9901001", date(1999, 1, 5)))

    assert Script((old,), FIRST, LAST).corpus(FIRST).datestamps == {"hep-th/9901001": date(2005, 9, 16)}


def test_an_empty_script_is_an_empty_service() -> None:
    """No papers, no events, and every day can be asked."""
    script = script_from([], seed=1, first_day=FIRST, last_day=LAST)

    assert script.corpus(LAST) == ((), {}, frozenset())
    assert len(list(script.days())) == 365


@given(st.permutations(range(6)))
def test_the_order_in_which_events_are_given_does_not_matter(order: list[int]) -> None:
    """They are put in order of day and id."""
    events = [
        Event(date(2026, 1, 5 + n // 2), EventKind.NEW, paper(f"2601.{n:05d}", date(2026, 1, 4))) for n in range(6)
    ]

    assert Script(tuple(events[n] for n in order), FIRST, LAST) == Script(tuple(events), FIRST, LAST)


# --- a plausible year -------------------------------------------------------------------------------------------


def test_the_same_seed_gives_the_same_year(papers: list[Paper], year: Script) -> None:
    """Another seed another one; the order of the papers does not matter."""
    assert script_from(papers[::-1], seed=7, first_day=FIRST, last_day=LAST, deleted=0.005) == year
    assert script_from(papers, seed=8, first_day=FIRST, last_day=LAST, deleted=0.005) != year


def test_a_paper_keeps_its_fate_when_others_change_theirs(papers: list[Paper], year: Script) -> None:
    """Half the papers have half the events."""
    half = script_from(papers[::2], seed=7, first_day=FIRST, last_day=LAST, deleted=0.005)
    ids = {one.id for one in papers[::2]}

    assert half.events == tuple(event for event in year.events if event.paper.id in ids)


def test_nothing_happens_on_fridays_and_saturdays(year: Script) -> None:
    """Announcements are from Sunday to Thursday, and changes are announced."""
    assert [announces(date(2026, 11, day)) for day in range(15, 22)] == [True] * 5 + [False] * 2
    assert all(announces(event.day) and event.day <= LAST for event in year.events)
    assert {event.day.weekday() for event in year.events} == {6, 0, 1, 2, 3}


def test_each_kind_of_event_is_as_frequent_as_asked(papers: list[Paper], year: Script) -> None:
    """Within what chance allows for 3,000 papers; later ones are rarer, as the year ends before they come."""
    kinds = Counter(event.kind for event in year.events)

    assert kinds[EventKind.NEW] + kinds[EventKind.LATE] == len({event.paper.id for event in year.events})
    assert 2900 < kinds[EventKind.NEW] + kinds[EventKind.LATE] <= 3000
    assert 60 < kinds[EventKind.LATE] < 120
    assert 110 < kinds[EventKind.REVISED] < 220
    assert 10 < kinds[EventKind.WITHDRAWN] < 45
    assert 30 < kinds[EventKind.RECATEGORISED] < 85
    assert 2 < kinds[EventKind.DELETED] < 25


def test_papers_are_announced_days_after_their_submission(papers: list[Paper], year: Script) -> None:
    """1 to 5 of them, late ones up to 60; some of these have an id of an earlier month."""
    waits = {
        kind: [(event.day - event.paper.published).days for event in year.events if event.kind is kind]
        for kind in (EventKind.NEW, EventKind.LATE)
    }
    late = [event for event in year.events if event.kind is EventKind.LATE]

    assert (min(waits[EventKind.NEW]), max(waits[EventKind.NEW])) == (1, 5)
    assert min(waits[EventKind.LATE]) >= 15
    assert 40 < max(waits[EventKind.LATE]) <= 60
    assert sum(event.day.month != event.paper.published.month for event in late) > 20
    assert {event.paper.published for event in year.events} <= {one.published for one in papers}


def test_each_event_changes_what_it_says(year: Script) -> None:
    """Versions go up by one with revisions and withdrawals only; every event changes something but a deletion."""
    known: dict[str, Event] = {}
    for event in year.events:
        now, before = event.paper, known.get(event.paper.id)
        if before is None:
            assert event.kind in (EventKind.NEW, EventKind.LATE)
            assert (now.version, now.updated, now.withdrawn) == (1, None, False)
            assert now.comments != WITHDRAWAL
        else:
            assert before.day < event.day
            assert before.kind not in (EventKind.WITHDRAWN, EventKind.DELETED)
            assert before.paper.version is not None
            steps = event.kind in (EventKind.REVISED, EventKind.WITHDRAWN)
            assert now.version == before.paper.version + steps
            if steps:
                assert now.updated is not None
                assert now.updated.date() == event.day - timedelta(days=1)
            assert (now.comments == WITHDRAWAL) == now.withdrawn == (event.kind is EventKind.WITHDRAWN)
            assert (now == before.paper) == (event.kind is EventKind.DELETED)
            if event.kind is EventKind.RECATEGORISED:
                assert set(now.categories) ^ set(before.paper.categories)
                assert now.updated == before.paper.updated
            assert now.published == before.paper.published
        known[now.id] = event


def test_two_events_of_a_paper_are_never_on_one_day(papers: list[Paper]) -> None:
    """Even where every paper has every fate: the next one waits for the next announcement."""
    script = script_from(
        papers, seed=2, first_day=FIRST, last_day=LAST, late=0.0, revised=1.0, recategorised=1.0, withdrawn=1.0
    )
    days = Counter((event.paper.id, event.day) for event in script.events)

    assert set(days.values()) == {1}
    assert max(Counter(event.paper.id for event in script.events).values()) == 4


def test_a_year_replayed_day_by_day_ends_in_its_last_corpus(year: Script) -> None:
    """What each day adds or changes is what that day's events say, and quiet days change nothing."""
    papers, stamps, deleted = year.corpus(FIRST - timedelta(days=1))
    replayed = {one.id: one for one in papers}
    gone = set(deleted)
    for day in year.days():
        for event in year.on(day):
            replayed[event.paper.id] = event.paper
            stamps[event.paper.id] = day
            if event.kind is EventKind.DELETED:
                gone.add(event.paper.id)
        today = year.corpus(day)
        assert (len(today.papers), len(today.deleted)) == (len(replayed), len(gone))

    assert year.corpus(LAST) == (tuple(replayed[base] for base in sorted(replayed)), stamps, gone)


# --- the service ------------------------------------------------------------------------------------------------

EVENTS = {
    EventKind.NEW: Event(date(2026, 3, 2), EventKind.NEW, paper("2602.00002", date(2026, 2, 27))),
    EventKind.LATE: Event(date(2026, 3, 3), EventKind.LATE, paper("2601.00003", date(2026, 1, 10))),
    EventKind.REVISED: Event(
        date(2026, 3, 4),
        EventKind.REVISED,
        paper("2602.00001", date(2026, 2, 2), title="New title", version=2, updated=datetime(2026, 3, 3, 9)),
    ),
    EventKind.RECATEGORISED: Event(
        date(2026, 3, 5), EventKind.RECATEGORISED, paper("2602.00004", date(2026, 2, 2), categories=("cs.CL",))
    ),
    EventKind.WITHDRAWN: Event(
        date(2026, 3, 8),
        EventKind.WITHDRAWN,
        paper(
            "2602.00005",
            date(2026, 2, 2),
            comments=WITHDRAWAL,
            withdrawn=True,
            version=2,
            updated=datetime(2026, 3, 7, 9),
        ),
    ),
    EventKind.DELETED: Event(date(2026, 3, 9), EventKind.DELETED, paper("2602.00006", date(2026, 2, 2))),
}
SCRIPT = Script(
    (
        *(
            Event(date(2026, 2, 3), EventKind.NEW, paper(f"2602.{number:05d}", date(2026, 2, 2)))
            for number in (1, 4, 5, 6)
        ),
        *EVENTS.values(),
    ),
    date(2026, 3, 1),
    date(2026, 3, 10),
)


def by_oai(replica: Replica, base: str) -> ET.Element | None:
    """The record of a paper."""
    query = {"verb": "GetRecord", "metadataPrefix": "arXivRaw", "identifier": f"oai:arXiv.org:{base}"}
    body = requests.get(replica.oai_address, params=query, timeout=5).content
    return ET.fromstring(body).find(f"{OAI}GetRecord/{OAI}record")


def by_api(replica: Replica, base: str) -> ET.Element | None:
    """The entry of a paper."""
    body = requests.get(replica.address, params={"id_list": base}, timeout=5).content
    return ET.fromstring(body).find(f"{ATOM}entry")


def shown(replica: Replica, base: str) -> tuple[str | None, str | None]:
    """A paper's whole record and whole entry; None where the channel does not know it."""
    found = by_oai(replica, base), by_api(replica, base)
    return tuple(None if one is None else ET.tostring(one, "unicode") for one in found)  # type: ignore[return-value]


@pytest.mark.parametrize("kind", EventKind)
def test_an_event_shows_on_its_day_in_both_channels(kind: EventKind) -> None:
    """The evening before the answer is the old one, from that day on the new one."""
    event = EVENTS[kind]
    with Replica(script=SCRIPT) as replica:
        replica.set_day(event.day - timedelta(days=1))
        record, entry = shown(replica, event.paper.id)
        replica.set_day(event.day)
        new_record, new_entry = shown(replica, event.paper.id)
        replica.set_day(SCRIPT.last_day)
        assert shown(replica, event.paper.id) == (new_record, new_entry)

    assert new_record is not None
    assert f"datestamp>{event.day}<" in new_record
    if kind in (EventKind.NEW, EventKind.LATE):
        assert (record, entry) == (None, None)
        assert new_entry is not None
        assert f"published>{event.paper.published}T" in new_entry
        assert f"{event.paper.published:%d %b %Y}" in new_record
    elif kind is EventKind.DELETED:
        assert record is not None
        assert entry is not None
        assert new_entry is None
        assert 'status="deleted"' in new_record
    else:
        assert record is not None
        assert new_entry is not None
        for text in {
            EventKind.REVISED: ["New title"],
            EventKind.RECATEGORISED: ["cs.CL", "v1"],
            EventKind.WITHDRAWN: [WITHDRAWAL],
        }[kind]:
            assert text in new_record
            assert text in new_entry
        assert entry != new_entry
        assert ('version="v2"' in new_record) == (kind is not EventKind.RECATEGORISED)


def test_a_weekly_listing_gives_what_the_week_brought() -> None:
    """`from` the day after the last visit lists every event since, whatever its kind, in order of day."""
    query = {"verb": "ListIdentifiers", "metadataPrefix": "arXivRaw", "from": "2026-03-03"}
    with Replica(script=SCRIPT) as replica:
        replica.set_day(date(2026, 3, 8))
        root = ET.fromstring(requests.get(replica.oai_address, params=query, timeout=5).content)

    expected = [EventKind.LATE, EventKind.REVISED, EventKind.RECATEGORISED, EventKind.WITHDRAWN]
    assert [(e.text or "")[14:] for e in root.iter(f"{OAI}identifier")] == [EVENTS[kind].paper.id for kind in expected]


def test_both_channels_say_the_scripted_day_and_yesterdays_tokens_expire() -> None:
    """It begins with the script's first day; responseDate and the feed's `updated` follow `set_day`."""
    query = {"verb": "ListRecords", "metadataPrefix": "arXivRaw"}
    with Replica(script=SCRIPT, oai_page_size=2) as replica:
        assert replica.day == date(2026, 3, 1)
        root = ET.fromstring(requests.get(replica.oai_address, params=query, timeout=5).content)
        again = {"verb": "ListRecords", "resumptionToken": root.findtext(f"*/{OAI}resumptionToken") or ""}
        today = requests.get(replica.oai_address, params=again, timeout=5).text
        replica.set_day(date(2026, 3, 2))
        tomorrow = requests.get(replica.oai_address, params=again, timeout=5).text
        feed = requests.get(replica.address, params={"search_query": "cat:cs.LG"}, timeout=5).text

    assert root.findtext(f"{OAI}responseDate") == "2026-03-01T23:30:00Z"
    assert "2602.00005" in today
    assert 'code="badResumptionToken"' in tomorrow
    assert "<updated>2026-03-02T00:00:00Z</updated>" in feed


def test_the_query_api_finds_a_late_paper_by_its_day_of_submission() -> None:
    """Not before it is announced, and then among the papers of a window long past."""
    window = {"search_query": "submittedDate:[202601100000 TO 202601102359]"}
    found = []
    with Replica(script=SCRIPT) as replica:
        for day in (date(2026, 3, 2), date(2026, 3, 3)):
            replica.set_day(day)
            found.append(requests.get(replica.address, params=window, timeout=5).text.count("<entry>"))

    assert found == [0, 1]
