"""Loads the same papers through every channel, and compares what is stored, field by field.

    python benchmarks/four_channels.py CORPUS.parquet... [--sample N]

The files are imported as they are; written out as lines of arXiv's snapshot and imported; and served by the replica,
once as an OAI-PMH listing (arXivRaw) and once as windows of days of the query API. Papers that a file has twice come
once. A file does not tell versions and comments, so those are compared among the other three; a popularity sample is
something that only files know of. Prints the papers of each channel, its seconds, and for each field the papers that
differ; ends with 1 where any does.
"""

from __future__ import annotations

import argparse
import json
import tempfile
import time
from collections.abc import Iterable, Iterator
from pathlib import Path

import duckdb

from littriage.channels import harvest_field
from littriage.harvest import harvest_direction, harvest_windows
from littriage.identity import author_list
from littriage.model import Catalogue, Paper, Query
from littriage.progress import Quiet
from littriage.replica import Replica
from littriage.replica.search import submitted_at, updated_at
from littriage.run import Run
from littriage.sources.arxiv_api import ArxivApi
from littriage.sources.oai_pmh import OaiPmh
from littriage.warehouse import Warehouse
from littriage.warehouse.imports import import_file
from littriage.warehouse.papers import store_harvested
from littriage.wiring import SystemClock

TOLD_BY_ALL = {
    "title": "title",
    "abstract": "abstract",
    "authors": "authors",
    "categories": "categories",
    "published": "published",
    "month": "month",
    "text hash": "text_hash",
    "not counted": "nullif(not_counted, 'popularity sample')",
}
TOLD_BY_ARXIV = {"version": "version", "updated": "updated", "comments": "comments"}
QUIET_WINDOW_PAPERS = 1_000


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("files", nargs="+", type=Path, metavar="CORPUS.parquet")
    parser.add_argument("--sample", type=int, metavar="N", help="Only so many papers, spread over the files.")
    arguments = parser.parse_args()
    clock = SystemClock()
    with tempfile.TemporaryDirectory(prefix="littriage-channels-") as scratch:
        folder = Path(scratch)
        files = [sampled(folder, arguments.files, arguments.sample)] if arguments.sample else arguments.files
        papers = list(papers_of(files))
        print(f"{len(papers):,} papers in {len(files)} files", flush=True)
        snapshot = folder / "snapshot.jsonl"
        snapshot.write_text("".join(f"{line}\n" for line in map(snapshot_line, papers)), encoding="utf-8")
        with timed("parquet"), Warehouse.open(folder / "parquet") as warehouse:
            for file in files:
                import_file(warehouse, file, today=clock.today(), now=clock.now())
        with timed("snapshot"), Warehouse.open(folder / "snapshot") as warehouse:
            import_file(warehouse, snapshot, today=clock.today(), now=clock.now())
        with Replica(papers) as replica:
            with timed("oai"), Warehouse.open(folder / "oai") as warehouse:
                by_oai(warehouse, replica, folder / "state", clock)
            with timed("api"), Warehouse.open(folder / "api") as warehouse:
                by_api(warehouse, replica, folder / "state", clock, papers)
        return compare(folder)


class timed:
    """Prints a channel's seconds."""

    def __init__(self, channel: str) -> None:
        self.channel = channel

    def __enter__(self) -> None:
        self.start = time.perf_counter()

    def __exit__(self, *_: object) -> None:
        print(f"{self.channel:<9} {time.perf_counter() - self.start:7.1f} s", flush=True)


def sampled(folder: Path, files: Iterable[Path], count: int) -> Path:
    """One file with so many of the papers, the same ones each time."""
    path = folder / "sample.parquet"
    duckdb.execute(
        "copy (select * from read_parquet($files, union_by_name = true) order by md5(id) limit $count) to "
        f"'{path}' (format parquet)",
        {"files": [str(file) for file in files], "count": count},
    )
    return path


def papers_of(files: Iterable[Path]) -> Iterator[Paper]:
    """The papers of the files as a service would hold them, each id once: names in their order, texts as they stand."""
    rows = duckdb.execute(
        """
        select id, title, abstract, string_split(coalesce(authors, ''), '; '),
            string_split(coalesce(categories, primary_category, ''), ' '), published
        from read_parquet($files, union_by_name = true)
        where title is not null and published is not null
        qualify row_number() over (partition by id order by abstract is null, md5(title)) = 1
        order by id
        """,
        {"files": [str(file) for file in files]},
    ).fetchall()
    for id_, title, abstract, authors, categories, published in rows:
        yield Paper(id_, title, abstract, author_list(authors), tuple(filter(None, categories)), published, version=1)


def snapshot_line(paper: Paper) -> str:
    """A line of arXiv's public snapshot."""
    return json.dumps(
        {
            "id": paper.id,
            "submitter": None,
            "authors": ", ".join(paper.authors),
            "title": paper.title,
            "comments": paper.comments,
            "journal-ref": None,
            "doi": None,
            "report-no": None,
            "categories": " ".join(paper.categories),
            "license": None,
            "abstract": f"  {paper.abstract or ''}\n",
            "versions": [{"version": "v1", "created": f"{submitted_at(paper):%a, %-d %b %Y %H:%M:%S GMT}"}],
            "update_date": f"{updated_at(paper):%Y-%m-%d}",
        },
        ensure_ascii=False,
    )


def by_oai(warehouse: Warehouse, replica: Replica, state: Path, clock: SystemClock) -> None:
    """The whole service, as one listing."""
    source = OaiPmh(clock=clock, state_folder=state, address=replica.oai_address, interval_s=0)
    run = Run(warehouse, Catalogue((), ()), clock.today(), clock.now, Quiet())
    harvest_field(run, source, [""])
    source.close()
    if run.failures:
        raise SystemExit(f"OAI-PMH: {run.failures[0]}")


def by_api(warehouse: Warehouse, replica: Replica, state: Path, clock: SystemClock, papers: list[Paper]) -> None:
    """Every paper, by windows of days of submission."""
    source = ArxivApi(clock=clock, state_folder=state, address=replica.address, interval_s=0)
    first, last = min(paper.published for paper in papers), max(paper.published for paper in papers)
    everything = Query(all_of=())
    for year in harvest_windows(first, last):
        for harvested in harvest_direction(source, "everything", everything, year, QUIET_WINDOW_PAPERS):
            if harvested.note.failure:
                raise SystemExit(f"API: {harvested.note}")
            store_harvested(warehouse, harvested.note, harvested.papers, query="everything", now=clock.now())
    source.close()


def compare(folder: Path) -> int:
    """Prints how many papers differ from those of the Parquet files, by channel and field; 1 where any does."""
    connection = duckdb.connect()
    for channel in ("parquet", "snapshot", "oai", "api"):
        connection.execute(f"attach '{folder / channel / 'littriage.duckdb'}' as {channel} (read_only)")
    differing = 0
    for channel, base, fields in [
        ("snapshot", "parquet", TOLD_BY_ALL),
        ("oai", "parquet", TOLD_BY_ALL),
        ("api", "parquet", TOLD_BY_ALL),
        ("oai", "snapshot", TOLD_BY_ARXIV),
        ("api", "snapshot", TOLD_BY_ARXIV),
    ]:
        selected = ", ".join(f"{sql} as {_column(name)}" for name, sql in fields.items())
        differences = ", ".join(
            f"count(*) filter (where one.{_column(name)} is distinct from other.{_column(name)})" for name in fields
        )
        found = connection.execute(
            f"""
            with one as (select id, {selected} from {channel}.paper), other as (select id, {selected} from {base}.paper)
            select count(one.id), count(*) filter (where one.id is null or other.id is null), {differences}
            from one full join other on one.id = other.id
            """
        ).fetchone()
        assert found is not None
        count, missing, *by_field = found
        differing += missing + sum(by_field)
        told = ", ".join(f"{name} {value}" for name, value in zip(fields, by_field, strict=True))
        print(f"{channel} against {base}: {count:,} papers; only in one {missing}; differing: {told}")
        for name, value in zip(fields, by_field, strict=True):
            if value:
                example = connection.execute(
                    f"select one.id, one.{fields[name]}, other.{fields[name]} from {channel}.paper as one "
                    f"join {base}.paper as other on one.id = other.id "
                    f"where one.{fields[name]} is distinct from other.{fields[name]} order by one.id limit 2"
                    if "(" not in fields[name]
                    else f"select one.id, one.not_counted, other.not_counted from {channel}.paper as one "
                    f"join {base}.paper as other on one.id = other.id "
                    "where nullif(one.not_counted, 'popularity sample') is distinct from "
                    "nullif(other.not_counted, 'popularity sample') limit 2"
                ).fetchall()
                print(f"    {name}: {example}")
    print("equal field by field" if not differing else "NOT EQUAL")
    return int(differing > 0)


def _column(name: str) -> str:
    return name.replace(" ", "_")


if __name__ == "__main__":
    raise SystemExit(main())
