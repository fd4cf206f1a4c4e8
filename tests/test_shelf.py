"""Papers of a warehouse as arrays: which ones, in which order, by whom, where, and members of what."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from typing import Any

import numpy as np
import pytest

from littriage.trends import month_after, month_span
from littriage.warehouse import Warehouse
from littriage.warehouse.shelf import content_stamp, load, membership_matrix, stock

FIRST, LAST = date(2020, 1, 1), date(2020, 6, 1)
MONTHS = month_span(FIRST, LAST)


def add(warehouse: Warehouse, *ids: str, **facts: Any) -> None:
    """Papers by id, such as 2003.00001 of March 2020: countable ones of a copy, with an abstract, in cs.CL."""
    months = [date(2000 + int(id_[:2]), int(id_[2:4]), 1) for id_ in ids]
    known = {
        "title": "A title", "abstract": "An abstract.", "authors": ["Ada Lovelace"], "categories": ["cs.CL"],
        "date_kind": "submitted", "text_hash": "h", "source": "test", "in_field": True,
    }  # fmt: skip
    warehouse.insert("paper", {"id": list(ids), "published": months, "month": months}, **{**known, **facts})


def belong(warehouse: Warehouse, paper: str, direction: str, probability: float, *, in_title: bool = False) -> None:
    warehouse.insert(
        "membership", {"paper_id": [paper]}, direction=direction, similarity=0.5, probability=probability,
        probability_any=min(1.0, probability + 0.25), member=probability > 0.5, rule="v2/fast",
    )  # fmt: skip
    warehouse.insert("hit", {"paper_id": [paper]}, direction=direction, in_title=in_title, title_groups=1, phrases=1)


def whole(warehouse: Warehouse, field: str = "cs.CL", usable: Sequence[date] = MONTHS) -> Any:
    return load(warehouse, field, LAST, usable, FIRST)


def test_papers_stand_in_the_order_of_months_then_ids(warehouse: Warehouse) -> None:
    add(warehouse, "2003.00002", "2001.00009", "2006.00001", "2003.00001")

    shelf = whole(warehouse)

    assert shelf.ids == ("2001.00009", "2003.00001", "2003.00002", "2006.00001")
    assert shelf.month.tolist() == [0, 2, 2, 5]
    assert (shelf.first, shelf.months) == (FIRST, 6)
    assert shelf.sizes().tolist() == [1, 0, 2, 0, 0, 1]


def test_papers_of_many_years_stand_in_one_order_each_with_its_own_words(warehouse: Warehouse) -> None:
    """The papers are read a year at a time: none may be lost, told twice, or given another's words where years meet."""
    months = month_span(date(2018, 3, 1), date(2020, 6, 1))
    for month in reversed(months):
        add(warehouse, f"{month:%y%m}.00001", title=f"Of m{month:%Y%m}", abstract="All.", authors=[f"Ada {month:%Y%m}"])

    found = stock(warehouse, LAST, months[0])
    alone = stock(warehouse, LAST)

    assert found.ids == tuple(f"{month:%y%m}.00001" for month in months) == alone.ids
    assert found.phrases.month.tolist() == list(range(len(months))) == alone.phrases.month.tolist()
    assert found.authors.toarray().tolist() == np.eye(len(months)).tolist()


def test_the_months_begin_with_the_oldest_paper_unless_another_month_is_asked_for(warehouse: Warehouse) -> None:
    add(warehouse, "2002.00001", "2004.00001")

    assert (stock(warehouse, LAST).first, stock(warehouse, LAST).phrases.month.tolist()) == (date(2020, 2, 1), [0, 2])
    assert stock(warehouse, LAST, date(2020, 3, 1)).ids == ("2004.00001",)
    assert stock(warehouse, date(2020, 3, 1), FIRST).ids == ("2002.00001",)


@pytest.mark.parametrize(
    "facts",
    [{"abstract": None}, {"not_counted": "withdrawn"}, {"in_field": False}],
    ids=["title only", "withdrawn", "queried"],
)
def test_what_is_no_part_of_the_record_is_left_out(warehouse: Warehouse, facts: dict[str, Any]) -> None:
    """A paper that only a direction's query brought would make what that query asks for look common."""
    add(warehouse, "2001.00001")
    add(warehouse, "2001.00002", **facts)

    assert whole(warehouse).ids == ("2001.00001",)


def test_one_person_is_one_column_however_the_name_is_written(warehouse: Warehouse) -> None:
    add(warehouse, "2001.00001", authors=["Kurt Gödel", "Kurt Godel"])
    add(warehouse, "2001.00002", authors=["Gödel, Kurt", "李明"])
    add(warehouse, "2001.00003", authors=[])

    authors = whole(warehouse).authors.toarray()

    assert authors.shape == (3, 2)
    assert authors[:, 0].tolist() == [1, 1, 0]
    assert authors.sum(axis=1).tolist() == [1, 2, 0]


def test_a_field_holds_papers_under_each_name_of_its_categories(warehouse: Warehouse) -> None:
    add(warehouse, "2001.00001", categories=["cmp-lg"])
    add(warehouse, "2001.00002", categories=["cs.LG", "stat.ML"])
    add(warehouse, "2001.00003", categories=[])

    found = stock(warehouse, LAST, FIRST)

    assert found.category_names == ("cs.CL", "cs.LG", "stat.ML")
    assert found.shelf("cs.CL", MONTHS).inside.tolist() == [True, False, False]
    assert found.shelf("cmp-lg stat.ML", MONTHS).inside.tolist() == [True, True, False]
    assert found.shelf("", MONTHS).inside.tolist() == [True, True, False]
    assert not found.shelf("hep-th", MONTHS).inside.any()


def test_a_shelf_ends_with_the_last_month_that_can_be_compared(warehouse: Warehouse) -> None:
    add(warehouse, "2001.00001", "2003.00001", "2005.00001")

    shelf = whole(warehouse, usable=[MONTHS[0], MONTHS[3]])

    assert shelf.usable.tolist() == [True, False, False, True]
    assert shelf.ids == ("2001.00001", "2003.00001")


def test_without_papers_there_is_an_empty_shelf(warehouse: Warehouse) -> None:
    shelf = whole(warehouse)

    assert (shelf.ids, shelf.phrases.names) == ((), ())
    assert (shelf.authors.shape, shelf.categories.shape, shelf.sizes().tolist()) == ((0, 0), (0, 0), [0] * 6)
    assert stock(warehouse, LAST).first == LAST


def test_phrases_need_twenty_papers_and_three_titles(warehouse: Warehouse) -> None:
    ids = [f"2001.{number:05}" for number in range(1, 21)]
    add(warehouse, *ids[:3], title="On parse trees", abstract="We draw word graphs.")
    add(warehouse, *ids[3:], title="On something", abstract="We draw parse trees and word graphs.")

    phrases = whole(warehouse).phrases

    assert "parse trees" in phrases.names
    assert "word graphs" not in phrases.names  # in no title
    column = phrases.names.index("parse trees")
    assert (phrases.texts[:, column].sum(), phrases.titles[:, column].sum()) == (20, 3)


# --- members ----------------------------------------------------------------------------------------------------


def test_members_stand_by_their_probability(warehouse: Warehouse) -> None:
    add(warehouse, "2001.00001", "2001.00002", "2002.00001")
    belong(warehouse, "2001.00001", "trees", 0.75, in_title=True)
    belong(warehouse, "2002.00001", "trees", 0.5)
    belong(warehouse, "2002.00001", "graphs", 1.0, in_title=True)

    names, papers, titles = membership_matrix(
        warehouse, ["2002.00001", "2001.00002", "2001.00001"], ["trees", "none", "graphs"]
    )

    assert names == ("graphs", "none", "trees")
    assert papers.toarray().tolist() == [[1.0, 0.0, 0.5], [0.0, 0.0, 0.0], [0.0, 0.0, 0.75]]
    assert titles.toarray().tolist() == [[1.0, 0.0, 0.0], [0.0, 0.0, 0.0], [0.0, 0.0, 0.75]]


def test_related_papers_count_where_they_are_asked_for(warehouse: Warehouse) -> None:
    add(warehouse, "2001.00001")
    belong(warehouse, "2001.00001", "trees", 0.5)

    assert membership_matrix(warehouse, ["2001.00001"], ["trees"], related=True)[1].toarray().tolist() == [[0.75]]


def test_papers_that_are_not_on_the_shelf_have_no_row(warehouse: Warehouse) -> None:
    add(warehouse, "2001.00001", "2001.00002")
    belong(warehouse, "2001.00002", "trees", 0.5)

    assert membership_matrix(warehouse, ["2001.00001"], ["trees"])[1].nnz == 0
    names, papers, titles = membership_matrix(warehouse, [], [])
    assert (names, papers.shape, titles.shape) == ((), (0, 0), (0, 0))


def test_the_stamp_tells_a_change_of_what_lies_in_the_months(warehouse: Warehouse) -> None:
    add(warehouse, "2001.00001", "2002.00001", "2005.00001")
    belong(warehouse, "2001.00001", "trees", 0.5)
    first, last = FIRST, month_after(FIRST, 2)
    seen = [content_stamp(warehouse, first, last)]

    add(warehouse, "2005.00001", authors=["Bob"])
    belong(warehouse, "2005.00001", "trees", 0.5)
    assert content_stamp(warehouse, first, last) == seen[0]  # later than the months
    add(warehouse, "2001.00001", authors=["Bob"])
    seen.append(content_stamp(warehouse, first, last))
    belong(warehouse, "2001.00001", "trees", 0.75)
    seen.append(content_stamp(warehouse, first, last))
    add(warehouse, "2001.00002")
    seen.append(content_stamp(warehouse, first, last))

    assert len(set(seen)) == 4
    assert np.array([papers for papers, _ in seen]).tolist()[1] == seen[2][0]  # members alone have changed
