"""Papers and counts as a harvest brings them: what is stored of each, and which days were asked."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Sequence
from datetime import date, datetime

from littriage.completeness import Asked
from littriage.harvest import month_window
from littriage.model import Attempt, Exposure, HarvestNote, MonthStatus, Paper, Window, parse_arxiv_id
from littriage.ports import RecordPage
from littriage.warehouse import ledger
from littriage.warehouse.file import Warehouse
from littriage.warehouse.ledger import Listing


def text_hash(paper: Paper) -> str:
    """Notices a changed title or abstract; the same as in warehouse/write/macro_snapshot_papers.sql."""
    return hashlib.md5(f"{paper.title}\n{paper.abstract or ''}".encode(), usedforsecurity=False).hexdigest()


def store_harvested(
    warehouse: Warehouse,
    note: HarvestNote,
    papers: Sequence[Paper],
    *,
    query: str,
    now: datetime,
    attempts: Iterable[tuple[Window, Attempt]] = (),
) -> int:
    """Store the papers of one window, its checkpoint and its requests in one transaction.

    What comes back is how many papers were new or better known.
    """
    with warehouse.transaction():
        _lift_deletions(warehouse, papers)
        stored = _store(warehouse, papers, source=note.source, in_field=False, today=now.date())
        for days, attempt in attempts:
            ledger.store_attempts(
                warehouse,
                [attempt],
                source=note.source,
                subject=note.direction,
                first_day=days.start,
                last_day=days.end,
            )
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


def _store(warehouse: Warehouse, papers: Sequence[Paper], *, source: str, in_field: bool, today: date) -> int:
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
    merge(warehouse, source=source, in_field=in_field, today=today)
    (stored,) = warehouse.one("read/incoming_better")
    return int(stored)


def merge(warehouse: Warehouse, *, source: str, in_field: bool, today: date) -> None:
    """Bring the usable rows of `incoming` together with what the warehouse holds of the same papers.

    `in_field`: they come from a copy of the whole field (a file, an OAI listing), not from a direction's query.
    """
    warehouse.run("write/import_paper_merged", source=source, in_field=in_field, today=today)
    warehouse.run("write/import_paper_known")
    warehouse.run("write/import_paper_added")
    warehouse.run("write/import_paper_stored")


def asked_windows(warehouse: Warehouse, source: str, direction: str, query: str) -> list[Asked]:
    """Windows that were harvested whole, with the day on which they were asked."""
    found = warehouse.rows("read/done_windows", source=source, direction=direction, query=query)
    return [Asked(Window(first, last), asked_at.date()) for first, last, asked_at in found]


def failed_windows(warehouse: Warehouse, source: str, direction: str, query: str) -> list[tuple[Window, str]]:
    """Windows whose last attempt failed, with the reason."""
    found = warehouse.rows("read/failed_windows", source=source, direction=direction, query=query)
    return [(Window(first, last), reason) for first, last, reason in found]


def store_listed(
    warehouse: Warehouse,
    page: RecordPage,
    listing: Listing,
    attempts: Sequence[Attempt],
    *,
    source: str,
    now: datetime,
) -> tuple[int, int]:
    """Store a page of a listing, where the listing then stands, and the requests for the page, in one transaction.

    What comes back is how many papers were new or better known, and how many are deleted that were not before. Of a
    paper that is on the page twice the newer version is stored.
    """
    newest: dict[str, Paper] = {}
    for paper in page.papers:
        known = newest.get(paper.id)
        if known is None or (paper.version or 0) >= (known.version or 0):
            newest[paper.id] = paper
    with warehouse.transaction():
        _lift_deletions(warehouse, page.papers)
        stored = _store(warehouse, list(newest.values()), source=source, in_field=True, today=now.date())
        deleted = len(warehouse.rows("write/papers_deleted", ids=list(page.deleted))) if page.deleted else 0
        ledger.store_listing(warehouse, listing)
        ledger.store_attempts(
            warehouse,
            attempts,
            source=source,
            subject=listing.set_spec,
            first_day=listing.since,
            last_day=None,
            stored=stored,
        )
    return stored, deleted


def _lift_deletions(warehouse: Warehouse, papers: Sequence[Paper]) -> None:
    """Let papers that a source lists as present be counted again: unlike an old file, it knows its deletions."""
    warehouse.run("write/deletions_lifted", ids=[paper.id for paper in papers])


def store_exposure(warehouse: Warehouse, exposure: Exposure, attempts: Sequence[Attempt] = ()) -> None:
    """Keep the field's size in a month, with the requests for it; a later answer of the same source replaces it."""
    days = month_window(exposure.month)
    with warehouse.transaction():
        warehouse.insert(
            "exposure",
            {"category_set": [exposure.category_set]},
            month=exposure.month,
            papers=exposure.papers,
            status=exposure.status.value,
            source=exposure.source,
            reason=exposure.reason,
        )
        ledger.store_attempts(
            warehouse,
            attempts,
            source=exposure.source,
            subject=exposure.category_set,
            first_day=days.start,
            last_day=days.end,
        )


def exposures(warehouse: Warehouse, category_set: str, source: str) -> list[Exposure]:
    """The stored field of a set of categories from one source, by month."""
    found = warehouse.rows("read/exposures", category_set=category_set, source=source)
    return [
        Exposure(category_set, month, papers, MonthStatus(status), source, reason)
        for month, papers, status, reason in found
    ]
