"""Documents that were read, and the papers that drafts are tried on."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from itertools import chain

from littriage.documents.document import Document
from littriage.extraction.trial import PaperText
from littriage.warehouse.file import Warehouse

_PAPERS_AT_ONCE = 10_000


def store_documents(warehouse: Warehouse, documents: Sequence[tuple[Document, str]], now: datetime) -> None:
    """Keep the texts that locators count in, each with its day (empty: not known); a text is kept once."""
    with warehouse.transaction():
        warehouse.insert(
            "document",
            {
                "sha256": [one.sha256 for one, _ in documents],
                "name": [one.name for one, _ in documents],
                "content": [one.text for one, _ in documents],
                "day": [day for _, day in documents],
            },
            read_at=now,
        )


def stored_documents(warehouse: Warehouse) -> tuple[Document, ...]:
    """The documents that were read, by name; of several texts under one name the last one."""
    found = {
        name: Document(name, sha256, text, encoding="utf-8", format="text", title="", day=day, day_basis="stored")
        for name, sha256, text, day in warehouse.rows("read/documents")
    }
    return tuple(found.values())


def titles(warehouse: Warehouse, ids: Sequence[str]) -> Mapping[str, str]:
    """The titles of the papers that are stored, by id."""
    found: dict[str, str] = dict(warehouse.rows("read/paper_titles", ids=list(ids)))
    return found


def newest_papers(warehouse: Warehouse, limit: int) -> Iterator[PaperText]:
    """The newest countable papers, at most `limit`."""
    return chain.from_iterable(warehouse.batches("read/newest_papers", _PAPERS_AT_ONCE, limit=limit))
