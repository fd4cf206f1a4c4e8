r"""Imports lines like those of arXiv's public snapshot, and compares with what DuckDB and a loop in Python need.

    python benchmarks/snapshot_import.py [--lines 330000] [--rounds 3] [--loop-lines 20000]

The lines are made, not arXiv's: about 1.9 kB each, wrapped abstracts, one to three versions, accents in TeX in an
eighth of the author lines and affiliations in some. Each round, one after the other, in processes of their own:
DuckDB's `create table as select` of the same columns from `read_json` into a new file; the import into a new
warehouse; the same import again. All are timed until the file is closed; the best of the rounds counts. The loop in
Python fills the table `paper` by prepared inserts from the first lines, and is scaled by lines. Ends with 1 where a
target is missed.
"""

from __future__ import annotations

import argparse
import itertools
import json
import random
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from datetime import date, datetime, timedelta
from pathlib import Path

import duckdb

from littriage.identity import author_names, canonical_categories, clean_text, is_withdrawn
from littriage.run import peak_mib
from littriage.warehouse import Warehouse
from littriage.warehouse.imports import import_file

TODAY, NOW = date(2026, 1, 1), datetime(2026, 1, 1)
TIME = "%a, %d %b %Y %H:%M:%S GMT"
PAPERS_A_MONTH = 4_500
RAW_COLUMNS = (
    "{id: 'varchar', title: 'varchar', abstract: 'varchar', authors: 'varchar', categories: 'varchar', "
    "comments: 'varchar', versions: 'struct(version varchar, created varchar)[]', update_date: 'varchar'}"
)
TARGETS = {"of DuckDB's speed": 0.75, "faster than the loop": 5.0, "faster again": 3.0}
MOST_MIB = 3_000


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--lines", type=int, default=330_000, metavar="N")
    parser.add_argument("--rounds", type=int, default=3, metavar="N")
    parser.add_argument("--loop-lines", type=int, default=20_000, metavar="N")
    parser.add_argument("--part", choices=PARTS, help=argparse.SUPPRESS)
    parser.add_argument("--folder", type=Path, help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.part:
        start = time.perf_counter()
        PARTS[options.part](options.folder, options.loop_lines)
        print(time.perf_counter() - start, peak_mib())
        return 0
    with tempfile.TemporaryDirectory(prefix="littriage-snapshot-") as scratch:
        folder = Path(scratch)
        with (folder / "snapshot.json").open("w", encoding="utf-8") as file:
            file.writelines(f"{json.dumps(line)}\n" for line in snapshot_lines(options.lines, random.Random(1)))
        size = (folder / "snapshot.json").stat().st_size
        print(f"{options.lines:,} lines, {size / 1e6:,.0f} MB", flush=True)
        seconds: dict[str, float] = {}
        peaks: dict[str, float] = {}
        for _ in range(options.rounds):
            for part in ("ctas", "first", "again"):
                took, peak = measured(part, folder, options.loop_lines)
                seconds[part] = min(took, seconds.get(part, took))
                peaks[part] = max(peak, peaks.get(part, peak))
                print(f"  {part:<6} {took:6.2f} s, peak {peak:,.0f} MiB", flush=True)
        loop_s, _ = measured("loop", folder, options.loop_lines)
        seconds["loop"] = loop_s * options.lines / min(options.lines, options.loop_lines)
    found = {
        "of DuckDB's speed": seconds["ctas"] / seconds["first"],
        "faster than the loop": seconds["loop"] / seconds["first"],
        "faster again": seconds["first"] / seconds["again"],
    }
    print(f"first import {seconds['first']:.2f} s ({size / 1e6 / seconds['first']:.0f} MB a second)")
    for name, ratio in found.items():
        print(f"{name:<22} {ratio:6.2f} (at least {TARGETS[name]})")
    print(f"peak memory            {peaks['first']:,.0f} MiB (at most {MOST_MIB:,})")
    return int(any(found[name] < least for name, least in TARGETS.items()) or peaks["first"] > MOST_MIB)


def measured(part: str, folder: Path, loop_lines: int) -> tuple[float, float]:
    """Seconds and peak memory in MiB of a part, in a process of its own."""
    command = [sys.executable, __file__, "--part", part, "--folder", str(folder), "--loop-lines", str(loop_lines)]
    seconds, peak = subprocess.run(command, check=True, capture_output=True, text=True).stdout.split()
    return float(seconds), float(peak)


# --- parts ------------------------------------------------------------------------------------------------------


def ctas(folder: Path, _: int) -> None:
    """What DuckDB needs by itself."""
    (folder / "ctas.duckdb").unlink(missing_ok=True)
    with duckdb.connect(str(folder / "ctas.duckdb")) as connection:
        connection.execute(
            f"create table raw as select * from read_json($path, columns = {RAW_COLUMNS}, "
            "format = 'newline_delimited')",
            {"path": str(folder / "snapshot.json")},
        )


def first(folder: Path, _: int) -> None:
    """The import into a new warehouse."""
    (folder / "warehouse" / "littriage.duckdb").unlink(missing_ok=True)
    with Warehouse.open(folder / "warehouse") as warehouse:
        report = import_file(warehouse, folder / "snapshot.json", today=TODAY, now=NOW)
    if report.stored != report.rows:
        raise SystemExit(f"{report.stored:,} of {report.rows:,} lines were stored")


def again(folder: Path, _: int) -> None:
    """The same import once more."""
    with Warehouse.open(folder / "warehouse") as warehouse:
        report = import_file(warehouse, folder / "snapshot.json", today=TODAY, now=NOW + timedelta(days=1))
    if report.unchanged != report.rows:
        raise SystemExit(f"{report.unchanged:,} of {report.rows:,} lines were unchanged")


def loop(folder: Path, lines: int) -> None:
    """What Python's json and prepared inserts need for the first lines."""
    (folder / "loop" / "littriage.duckdb").unlink(missing_ok=True)
    with Warehouse.open(folder / "loop") as warehouse, (folder / "snapshot.json").open(encoding="utf-8") as file:
        rows = (paper_row(json.loads(line)) for line in itertools.islice(file, lines))
        with warehouse.transaction():
            while batch := list(itertools.islice(rows, 1_000)):
                warehouse.connection.executemany(
                    "insert into paper (id, version, title, abstract, authors, categories, published, date_kind, "
                    "month, updated, comments, not_counted, text_hash, source, in_field, first_seen) "
                    f"values ({', '.join('?' * 16)})",
                    batch,
                )


def paper_row(line: dict[str, str | list[dict[str, str]]]) -> tuple[object, ...]:
    """A row of the table `paper`."""
    from hashlib import md5

    texts = {name: clean_text(str(line[name] or "")) for name in ("title", "abstract", "comments")}
    versions = [(one["version"], datetime.strptime(one["created"], TIME)) for one in line["versions"]]  # type: ignore[index]
    id_ = str(line["id"])
    month = date(2000 + int(id_[:2]), int(id_[2:4]), 1)
    return (
        id_, int(versions[-1][0][1:]), texts["title"], texts["abstract"], list(author_names(str(line["authors"]))),
        list(canonical_categories(str(line["categories"]).split())), versions[0][1].date(), "submitted", month,
        versions[-1][1], texts["comments"] or None,
        "withdrawn" if is_withdrawn(texts["abstract"], texts["comments"]) else None,
        md5(f"{texts['title']}\n{texts['abstract']}".encode()).hexdigest(), "snapshot.json", True, TODAY,
    )  # fmt: skip


PARTS: dict[str, Callable[[Path, int], None]] = {"ctas": ctas, "first": first, "again": again, "loop": loop}


# --- lines ------------------------------------------------------------------------------------------------------


def snapshot_lines(count: int, draw: random.Random) -> Iterator[dict[str, object]]:
    """Lines as the snapshot has them, from 2008 on, so many a month."""
    words = sorted({"".join(draw.choices("etaoinshrdlucmfwypvbgk", k=draw.randint(2, 11))) for _ in range(6_000)})
    draw.shuffle(words)
    weights = list(itertools.accumulate(1 / (place + 3) for place in range(len(words))))
    given = [r"Bal\'azs", r"K\"{o}nig", r"Mart\'{\i}n", r"\v{S}imon", *["Ada", "Charles", "Wei", "Grace", "Alan"] * 20]
    family = [word.capitalize() for word in words if len(word) > 3]
    categories = [
        "cs.LG",
        "cs.CL",
        "hep-th",
        "math.NA cs.NA",
        "astro-ph.GA",
        "stat.ML cs.LG",
        "cs.CV cs.AI",
        "quant-ph",
    ]
    for number in range(count):
        months, place = divmod(number, PAPERS_A_MONTH)
        year, month = 2008 + months // 12, months % 12 + 1
        said = draw.choices(words, cum_weights=weights, k=draw.randint(80, 230))
        title = " ".join(said[: draw.randint(5, 14)]).capitalize()
        people = [f"{draw.choice(given)} {draw.choice(family)}" for _ in range(draw.choice((1, 2, 2, 3, 3, 4, 5, 8)))]
        authors = " and ".join([", ".join(people[:-1]), people[-1]] if people[1:] else people)
        start = datetime(year, month, draw.randint(1, 28), draw.randrange(24), draw.randrange(60), draw.randrange(60))
        created = [start + timedelta(days=40 * version) for version in range(draw.choice((1, 1, 1, 2, 2, 3)))]
        yield {
            "id": f"{year % 100:02}{month:02}.{place + 1:0{4 if year < 2015 else 5}}",
            "submitter": people[0],
            "authors": f"{authors} ((1) {draw.choice(family)} Institute)" if draw.random() < 0.04 else authors,
            "title": title if len(title) < 70 else f"{title[:60]}\n  {title[60:]}",
            "comments": f"{draw.randint(4, 40)} pages, {draw.randint(1, 9)} figures" if draw.random() < 0.7 else None,
            "journal-ref": None,
            "doi": f"10.1000/{number}" if draw.random() < 0.4 else None,
            "report-no": None,
            "categories": draw.choice(categories),
            "license": "http://arxiv.org/licenses/nonexclusive-distrib/1.0/",
            "abstract": "  " + "\n".join(" ".join(said[at : at + 10]) for at in range(0, len(said), 10)) + "\n",
            "versions": [{"version": f"v{n}", "created": f"{at:{TIME}}"} for n, at in enumerate(created, 1)],
            "update_date": f"{created[-1] + timedelta(days=2):%Y-%m-%d}",
            "authors_parsed": [[*reversed(one.split(" ", 1)), ""] for one in people],
        }


if __name__ == "__main__":
    sys.exit(main())
