"""What is computed from papers, kept and replaced."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any

import numpy as np
import pytest

from littriage.model import FieldMonth, LexicalHit, Membership, MonthStatus
from littriage.warehouse import Warehouse, derived
from littriage.warehouse import vectors as vectors_files
from littriage.warehouse.derived import Text
from stored import store_memberships

APRIL = date(2021, 4, 1)
HIT = LexicalHit("demo", in_title=True, title_groups=1, phrases=2, mentions=3, read_share=0.25)


def add_papers(warehouse: Warehouse, *ids: str, **facts: Any) -> None:
    known = {
        "title": "T", "abstract": "A.", "authors": ["A"], "categories": ["cs.CL"], "published": APRIL,
        "date_kind": "submitted", "month": APRIL, "text_hash": "h", "source": "s", "in_field": True,
    }  # fmt: skip
    warehouse.insert("paper", {"id": list(ids)}, **(known | facts))


def membership(paper: str, probability: float, direction: str = "demo") -> Membership:
    hit = LexicalHit(direction, True, 1, 1, 1, 0.5)
    return Membership(paper, direction, hit, 0.5, probability, probability >= 0.5, "v1/fast")


def test_a_stamp_is_remembered_by_stage_and_subject(warehouse: Warehouse) -> None:
    """Never stamped is None; a later stamp replaces the earlier one."""
    derived.stamp(warehouse, "cluster", "a", "demo")
    derived.stamp(warehouse, "cluster", "b", "demo")
    derived.stamp(warehouse, "decide", "c")

    assert derived.stamped(warehouse, "cluster", "demo") == "b"
    assert derived.stamped(warehouse, "decide") == "c"
    assert derived.stamped(warehouse, "cluster") is None


def test_matching_replaces_the_hits_of_a_paper(warehouse: Warehouse) -> None:
    """A paper that matches no more has none; both are remembered as matched."""
    add_papers(warehouse, "1", "2")
    add_papers(warehouse, "3", not_counted="withdrawn")
    assert [[one.id for one in batch] for batch in derived.texts_to_match(warehouse, "x", 9)] == [["1", "2"]]

    assert derived.store_hits(warehouse, {"1": [HIT], "2": [HIT, LexicalHit("other", False, 0, 1, 1, 1.0)]}, "x") == 3
    assert list(derived.texts_to_match(warehouse, "x", 9)) == []
    assert derived.store_hits(warehouse, {"1": [], "2": [HIT]}, "y") == 1
    assert warehouse.connection.execute("from hit").fetchall() == [("2", "demo", True, 1, 2, 3, 0.25)]
    assert [[one.id for one in batch] for batch in derived.texts_to_match(warehouse, "z", 1)] == [["1"], ["2"]]


def test_texts_without_a_vector_of_their_present_text_are_embedded_oldest_first(warehouse: Warehouse) -> None:
    """For each model apart; a changed text needs a new vector; papers that do not count need none."""
    add_papers(warehouse, "1", abstract="A much longer abstract.")
    add_papers(warehouse, "2", "3")
    add_papers(warehouse, "4", not_counted="withdrawn")
    warehouse.connection.execute("update paper set month = '2019-01-01' where id = '3'")

    def to_embed(model: str, directions: list[str] | None = None) -> list[str]:
        return derived.papers_to_embed(warehouse, model, directions)

    assert to_embed("m") == ["3", "1", "2"]
    (texts,) = derived.texts_to_embed(warehouse, to_embed("m"), 9)

    vectors = np.eye(3, 4, dtype=np.float32)
    vectors_files.store(warehouse, texts, vectors, "m")
    assert to_embed("m") == []
    assert len(to_embed("another")) == 3

    add_papers(warehouse, "3", title="New", text_hash="h2")
    assert list(derived.texts_to_embed(warehouse, to_embed("m"), 9)) == [[Text("3", "New", "A.", (), "h2")]]
    derived.store_hits(warehouse, {"3": [HIT]}, "x")
    assert to_embed("m", ["demo"]) == ["3"]
    assert to_embed("m", ["other"]) == []
    assert to_embed("m", []) == []


def test_texts_come_in_batches_in_the_order_asked_for(warehouse: Warehouse, monkeypatch: pytest.MonkeyPatch) -> None:
    """However many are read at once; a paper that is not there is left out, and nothing asked is nothing."""
    add_papers(warehouse, *"abcdefg")
    for at_once in (1, 4, 100):
        monkeypatch.setattr(derived, "TEXTS_AT_ONCE", at_once)
        found = [[one.id for one in batch] for batch in derived.texts_to_embed(warehouse, list("gfxacbd"), 2)]
        assert [id_ for batch in found for id_ in batch] == list("gfacbd")
        assert max(map(len, found)) == 2
    assert list(derived.texts_to_embed(warehouse, [], 2)) == []


def test_vectors_are_taken_in_the_order_asked_for(warehouse: Warehouse) -> None:
    """And no places are an empty matrix."""
    vectors = np.eye(3, 4, dtype=np.float32)
    vectors_files.store(warehouse, [Text(one, "T", None, (), "h") for one in "abc"], vectors, "m")
    found = vectors_files.taken(warehouse, "m", np.array([2, 0, 1]))
    assert found.dtype == np.float32
    assert found.tolist() == vectors[[2, 0, 1]].tolist()
    assert vectors_files.taken(warehouse, "m", []).shape == (0, 0)


def test_the_text_of_a_paper_is_title_and_abstract() -> None:
    assert Text("1", "T", "A.").text == "T\nA."
    assert Text("1", "T", None).text == "T"


def test_months_sum_the_probabilities_of_countable_papers(warehouse: Warehouse) -> None:
    """Members and others, of known category; within one category, those that are in it."""
    add_papers(warehouse, "1", "2", "3")
    add_papers(warehouse, "4", categories=["cs.LG", "cs.CL"], month=date(2021, 5, 1))
    add_papers(warehouse, "5", categories=[])
    add_papers(warehouse, "6", not_counted="withdrawn")
    add_papers(warehouse, "7", categories=["cs.LG"])
    kept = [membership(str(number), number / 10) for number in range(1, 8)]
    store_memberships(warehouse, [*kept, membership("1", 0.25, "other")])

    may = date(2021, 5, 1)
    assert derived.member_months(warehouse, None) == {
        "demo": {APRIL: (1.3, 1, 0.67), may: (0.4, 0, 0.24)},
        "other": {APRIL: (0.25, 0, 0.1875)},
    }
    assert derived.member_months(warehouse, "cs.LG") == {"demo": {APRIL: (0.7, 1, 0.21), may: (0.4, 0, 0.24)}}


def test_months_of_imported_papers_leave_out_what_was_only_harvested(warehouse: Warehouse) -> None:
    add_papers(warehouse, "1")
    add_papers(warehouse, "2", in_field=False)
    store_memberships(warehouse, [membership("1", 0.75), membership("2", 0.75)])

    assert derived.member_months(warehouse, in_field=True) == {"demo": {APRIL: (0.75, 1, 0.1875)}}
    assert derived.member_months(warehouse) == {"demo": {APRIL: (1.5, 2, 0.375)}}


def test_hits_of_directions_that_are_gone_are_forgotten(warehouse: Warehouse) -> None:
    add_papers(warehouse, "1")
    derived.store_hits(warehouse, {"1": [HIT, LexicalHit("gone", True, 1, 1, 1, 0.5)]}, "x")
    derived.forget_hits_except(warehouse, ["demo"])
    assert warehouse.connection.execute("select direction from hit").fetchall() == [("demo",)]


# --- what the months of a field are worth -----------------------------------------------------------------------


def test_numbers_of_ids_come_by_month_and_archive(warehouse: Warehouse) -> None:
    """Ascending, of what the copy holds: withdrawn or not; no paper of a popular list or of a query."""
    add_papers(warehouse, "2104.00020", "2104.00003")
    add_papers(warehouse, "2104.00100", not_counted="withdrawn")
    add_papers(warehouse, "2104.00101", not_counted="popularity sample")
    add_papers(warehouse, "2104.00102", in_field=False)
    january = date(1999, 1, 1)
    add_papers(warehouse, "hep-th/9901012", "hep-th/9901001", "math/9901001", month=january)

    found = [(one.month, one.archive, one.numbers.tolist()) for one in derived.id_sequences(warehouse)]
    assert found == [(january, "hep-th", [1, 12]), (january, "math", [1]), (APRIL, "", [3, 20, 100])]


def test_an_empty_warehouse_has_no_numbers(warehouse: Warehouse) -> None:
    assert derived.id_sequences(warehouse) == []


def add_request(warehouse: Warehouse, set_spec: str, day: int, since: date | None, outcome: str = "answered") -> None:
    warehouse.insert(
        "harvest_request",
        {"subject": [set_spec]},
        replace=False,
        source="oai-pmh",
        kind="records",
        first_day=since,
        place="",
        attempt=1,
        asked_at=datetime(2024, 6, day, 12),
        waited_s=0.0,
        seconds=1.0,
        outcome=outcome,
        reason="",
        dropped="{}",
    )


def test_a_copy_is_brought_up_to_date_by_what_is_asked_from_where_it_stood(warehouse: Warehouse) -> None:
    """Not by its first listing, nor by catching up with a file of years ago, nor by a request without an answer."""
    add_request(warehouse, "cs", 3, None)
    add_request(warehouse, "cs", 4, date(2015, 3, 1))
    add_request(warehouse, "cs", 10, date(2024, 6, 2))
    add_request(warehouse, "cs", 10, date(2024, 6, 2))
    add_request(warehouse, "cs", 17, date(2024, 6, 9))
    add_request(warehouse, "cs", 18, date(2024, 6, 16), outcome="SourceUnavailable")
    add_request(warehouse, "stat", 5, date(2020, 1, 1))

    assert derived.copy_updates(warehouse) == {"cs": (date(2024, 6, 10), date(2024, 6, 17))}


def test_arrivals_are_counted_by_month_and_day(warehouse: Warehouse) -> None:
    """Of the copy's countable papers in the categories, from a month on."""
    march, day = date(2021, 3, 1), date(2021, 4, 9)
    add_papers(warehouse, "1", "2", first_seen=day)
    add_papers(warehouse, "3")
    add_papers(warehouse, "4", first_seen=day, categories=["cs.CV"])
    add_papers(warehouse, "5", first_seen=day, not_counted="withdrawn")
    add_papers(warehouse, "6", first_seen=day, month=march)

    found = derived.arrivals(warehouse, ["cs.CL"], (day,), APRIL)
    assert found.seen == {APRIL: {day: 2, None: 1}}
    assert found.looks == (day,)
    assert derived.arrivals(warehouse, [], (), march).seen == {march: {day: 1}, APRIL: {day: 3, None: 1}}


def test_stored_papers_count_whatever_brought_them(warehouse: Warehouse) -> None:
    """A field that was only counted by its source holds what the directions' harvests brought."""
    add_papers(warehouse, "1", in_field=False)
    add_papers(warehouse, "2", categories=["cs.CV", "cs.CL"])
    add_papers(warehouse, "3", not_counted="withdrawn")

    assert derived.stored_months(warehouse, ["cs.CL"]) == {APRIL: 2}
    assert derived.stored_months(warehouse, ["cs.RO"]) == {}


def test_field_months_are_replaced(warehouse: Warehouse) -> None:
    """What is not known stays null."""
    counted = FieldMonth("cs.CL", APRIL, 90, 100, None, None, None, None, 0.0, MonthStatus.COMPLETE, "", "arxiv-api")
    grown = FieldMonth("cs.CL", APRIL, 90, None, 3, 1.04, 1.02, 1.07, 2.5, MonthStatus.OPEN, "why", "oai-pmh")
    derived.store_field_months(warehouse, [counted])
    derived.store_field_months(warehouse, [grown])

    assert warehouse.connection.execute("from field_month").fetchall() == [
        ("cs.CL", APRIL, 90, None, 3, 1.04, 1.02, 1.07, 2.5, "open", "why", "oai-pmh")
    ]
    derived.store_field_months(warehouse, [])
    assert warehouse.connection.execute("from field_month").fetchall() == []


def test_the_copy_is_counted_for_all_sets_in_one_scan(warehouse: Warehouse) -> None:
    """A paper of two categories is in the field of each, and once in that of both."""
    add_papers(warehouse, "1")
    add_papers(warehouse, "2", categories=["cs.CV", "cs.CL"], published=date(2021, 4, 9), abstract=None)
    add_papers(warehouse, "3", categories=["cs.CV"], month=date(2021, 5, 1))
    add_papers(warehouse, "4", categories=[])
    add_papers(warehouse, "5", not_counted="withdrawn")
    add_papers(warehouse, "6", in_field=False)

    may, last = (date(2021, 5, 1), 1, 1, APRIL), date(2021, 4, 9)
    sets = {"cs.CL": ["cs.CL"], "cs.CL cs.CV": ["cs.CL", "cs.CV"], "cs.RO": ["cs.RO"], "": []}
    assert derived.held_months(warehouse, sets) == {
        "cs.CL": [(APRIL, 2, 1, last)],
        "cs.CL cs.CV": [(APRIL, 2, 1, last), may],
        "cs.RO": [],
        "": [(APRIL, 2, 1, last), may],
    }
    assert derived.held_months(warehouse, {}) == {}


@pytest.mark.parametrize("name", ["state", "readers_state", "member_stamps"])
def test_a_stamp_sees_changes_that_come_in_pairs(warehouse: Warehouse, name: str) -> None:
    """Two papers, months or judgements changed in the same way must not cancel out."""

    def store(text: str, status: str, scope: str) -> list[Any]:
        add_papers(warehouse, "1", "2", text_hash=text)
        derived.store_hits(warehouse, {"1": [HIT], "2": [HIT]}, "x")
        store_memberships(warehouse, [membership("1", 0.9), membership("2", 0.9)])
        warehouse.insert(
            "coverage", {"category": ["cs.CL", "cs.LG"]}, month=APRIL, status=status, recall="", source="s"
        )
        warehouse.insert(
            "judgement",
            {"paper_id": ["1", "2"]},
            direction="demo", judge="person", label="core", text_hash="t", scope_hash=scope, note="",
            judged_at=datetime(2021, 1, 1),
        )  # fmt: skip
        return warehouse.rows(f"read/{name}")

    before = store("h", "M", "a")
    assert store("h", "M", "a") == before
    assert store("h2", "A", "b") != before
