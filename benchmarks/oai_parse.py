"""Measures the parser of OAI-PMH answers from memory: records a second on one core, and memory over many pages.

    python benchmarks/oai_parse.py [--pages 50] [--records 3500] [--repeat 5]

The pages are written by the replica, in arXivRaw, each of other simulated papers. Memory is the peak of a process of
its own that parses page after page from the same bytes and keeps nothing but counts; it is taken for 5 pages and for
`--pages`, and the second must not be above the first by more than a tenth. Needs Linux (/proc).
"""

from __future__ import annotations

import argparse
import multiprocessing
import re
import time
from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

from littriage.model import Paper
from littriage.replica.oai import Repository, answer_oai
from littriage.sources.oai_records import parse_records
from littriage.sources.transport import CHUNK_BYTES

DAY = date(2026, 1, 1)
FEW_PAGES = 5
TEXT = "naïve “agents” study graph attention: $O(n^2)$ bounds & 图 retrieval under shift with large models"
WORDS = TEXT.split()


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--pages", type=int, default=50, metavar="N")
    parser.add_argument("--records", type=int, default=3500, metavar="N", help="On a page.")
    parser.add_argument("--repeat", type=int, default=5, metavar="N", help="The best of so many is printed.")
    arguments = parser.parse_args()
    body = page(arguments.records)
    print(f"a page of {arguments.records:,} records: {len(body) / 1e6:.1f} MB")
    seconds = min(parsed(body, arguments.records) for _ in range(arguments.repeat))
    print(f"parsed in {seconds:.2f} s: {arguments.records / seconds:,.0f} records/s")
    few, many = (peak_mb(body, arguments.records, pages) for pages in (FEW_PAGES, arguments.pages))
    print(
        f"peak memory: {few:.0f} MB for {FEW_PAGES} pages, {many:.0f} MB for {arguments.pages}, ratio {many / few:.2f}"
    )
    return int(many > 1.1 * few)


def page(records: int) -> bytes:
    """One answer with so many papers, of some 1,200 characters of abstract each."""
    repository = Repository((paper(number) for number in range(records)), day=DAY, page_size=records)
    return answer_oai(repository, [("verb", "ListRecords"), ("metadataPrefix", "arXivRaw")], "http://127.0.0.1/oai")


def paper(number: int) -> Paper:
    words = [WORDS[(number * 7 + n * n) % len(WORDS)] for n in range(190)]
    return Paper(
        id=f"2103.{number:05d}",
        title=" ".join(words[:11]),
        abstract=" ".join(words),
        authors=("Ada Lovelace", "张伟", "Łukasz Ångström", "C. Balázs"),
        categories=("cs.LG", "stat.ML"),
        published=date(2021, 3, 1 + number % 31),
        version=1 + number % 3,
        updated=datetime(2021, 4, 1, tzinfo=UTC) + timedelta(minutes=number),
        comments="12 pages, 3 figures",
    )


def chunks(body: bytes) -> Iterator[bytes]:
    """The page in the parts that it would come in over a network."""
    return (body[at : at + CHUNK_BYTES] for at in range(0, len(body), CHUNK_BYTES))


def parsed(body: bytes, records: int) -> float:
    """Seconds that a page takes."""
    start = time.process_time()
    found = parse_records(chunks(body), DAY)
    seconds = time.process_time() - start
    assert len(found.papers) == records, f"{len(found.papers)} of {records} records were read: {found.dropped}"
    return seconds


def peak_mb(body: bytes, records: int, pages: int) -> float:
    """Peak memory of a new process that parses so many pages, MB."""
    context = multiprocessing.get_context("spawn")
    with context.Pool(1) as pool:
        return pool.apply(_peak_mb, (body, records, pages))


def _peak_mb(body: bytes, records: int, pages: int) -> float:
    for _ in range(pages):
        parsed(body, records)
    peak = re.search(r"VmHWM:\s*(\d+) kB", Path("/proc/self/status").read_text())
    assert peak, "Linux tells it"
    return int(peak[1]) / 1024


if __name__ == "__main__":
    raise SystemExit(main())
