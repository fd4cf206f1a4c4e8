"""Papers and counts as a harvest brings them: what is stored of each, and which days were asked."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Sequence
from datetime import date, datetime

from littriage.model import Exposure, HarvestNote, MonthStatus, Paper, Window, parse_arxiv_id
from littriage.warehouse.file import Warehouse


def text_hash(paper: Paper) -> str:
    """Notices a changed title or abstract; the same as in warehouse/write/import_*_staged.sql."""
    return hashlib.md5(f"{paper.title}\n{paper.abstract or ''}".encode(), usedforsecurity=False).hexdigest()


def store_harvested(
    warehouse: Warehouse, note: HarvestNote, papers: Sequence[Paper], *, query: str, now: datetime
) -> int:
    """Store the papers of one window and its checkpoint in one transaction; how many were new or better known."""
    with warehouse.transaction():
        stored = _store(warehouse, papers, source=note.source, today=now.date())
        warehouse.insert(
            "harvest_window",
            {"direction": [note.direction]},
            source=note.source,
            query=query,
            first_day=note.window.start,
            last_day=note.window.end,
            expected=note.expected,
            received=note.received,
            stored=stored,
            requests=note.requests,
            failure=note.failure,
            asked_at=now,
        )
        warehouse.run(
            "write/harvest_drops_forgotten",
            source=note.source,
            direction=note.direction,
            first_day=note.window.start,
            last_day=note.window.end,
        )
        warehouse.insert(
            "harvest_drop",
            {
                "reason": [drop.reason for drop in note.dropped],
                "rows": [drop.rows for drop in note.dropped],
                "examples": [list(drop.examples) for drop in note.dropped],
            },
            replace=False,
            source=note.source,
            direction=note.direction,
            first_day=note.window.start,
            last_day=note.window.end,
        )
    return stored


def _store(warehouse: Warehouse, papers: Sequence[Paper], *, source: str, today: date) -> int:
    identified = [(paper, found) for paper in papers if (found := parse_arxiv_id(paper.id))]
    warehouse.run("write/incoming_emptied")
    warehouse.insert(
        "incoming",
        {
            "row_number": range(len(identified)),
            "id": [found.base for _, found in identified],
            "version": [paper.version or found.version for paper, found in identified],
            "title": [paper.title for paper, _ in identified],
            "abstract": [paper.abstract for paper, _ in identified],
            "authors": [list(paper.authors) for paper, _ in identified],
            "categories": [list(paper.categories) for paper, _ in identified],
            "published": [paper.published for paper, _ in identified],
            "month": [found.month for _, found in identified],
            "updated": [paper.updated for paper, _ in identified],
            "comments": [paper.comments for paper, _ in identified],
            "not_counted": ["withdrawn" if paper.withdrawn else None for paper, _ in identified],
            "text_hash": [text_hash(paper) for paper, _ in identified],
        },
        replace=False,
        date_kind="submitted",
        drop_reason=None,
        better=False,
    )
    merge(warehouse, source=source, in_field=False, today=today)
    (stored,) = warehouse.one("read/incoming_better")
    return int(stored)


def merge(warehouse: Warehouse, *, source: str, in_field: bool, today: date) -> None:
    """Bring the usable rows of `incoming` together with what the warehouse holds of the same papers.

    `in_field`: they come from a copy of the whole field (a file, an OAI listing), not from a direction's query.
    """
    warehouse.run("write/import_paper_merged", source=source, in_field=in_field, today=today)
    warehouse.run("write/import_paper_known")
    warehouse.run("write/import_paper_stored")


def done_windows(warehouse: Warehouse, source: str, direction: str, query: str) -> list[tuple[Window, datetime]]:
    """Windows that were harvested whole, with when they were asked."""
    found = warehouse.rows("read/done_windows", source=source, direction=direction, query=query)
    return [(Window(first, last), asked_at) for first, last, asked_at in found]


def failed_windows(warehouse: Warehouse, source: str, direction: str, query: str) -> list[tuple[Window, str]]:
    """Windows whose last attempt failed, with the reason."""
    found = warehouse.rows("read/failed_windows", source=source, direction=direction, query=query)
    return [(Window(first, last), reason) for first, last, reason in found]


def store_exposures(warehouse: Warehouse, exposures: Iterable[Exposure]) -> None:
    """Keep the field's size; a later answer for the same month and source replaces it."""
    kept = list(exposures)
    with warehouse.transaction():
        warehouse.insert(
            "exposure",
            {
                "category_set": [one.category_set for one in kept],
                "month": [one.month for one in kept],
                "papers": [one.papers for one in kept],
                "status": [one.status.value for one in kept],
                "source": [one.source for one in kept],
                "reason": [one.reason for one in kept],
            },
        )


def exposures(warehouse: Warehouse, category_set: str, source: str) -> list[Exposure]:
    """The stored field of a set of categories from one source, by month."""
    found = warehouse.rows("read/exposures", category_set=category_set, source=source)
    return [
        Exposure(category_set, month, papers, MonthStatus(status), source, reason)
        for month, papers, status, reason in found
    ]
