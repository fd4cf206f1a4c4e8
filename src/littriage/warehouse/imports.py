"""Taking in files of papers, each whole or not at all, with every row accounted for."""

from __future__ import annotations

import gzip
import hashlib
import json
import re
import tempfile
import threading
import zlib
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from datetime import date, datetime
from io import BufferedReader
from pathlib import Path

import duckdb

from littriage.errors import ImportRefused
from littriage.model import Drop, Paper
from littriage.warehouse.file import Row, Warehouse, translated
from littriage.warehouse.papers import merge

IMPORT_RULE = "v1"
"""Version of what a line becomes: raised whenever the same file would be stored otherwise."""

NEEDED = ("id", "title", "published")
_PARQUET_COLUMNS = {
    "id": "text",
    "title": "text",
    "abstract": "text",
    "authors": "text",
    "categories": "text",
    "primary_category": "text",
    "published": "date",
    "date_kind": "text",
    "popularity_sample": "boolean",
    "version": "integer",
    "updated": "timestamp",
    "comments": "text",
    "venue": "text",
    "year": "integer",
    "status": "text",
    "keywords": "text",
}
_SEPARATORS = {"authors": "; ", "categories": " ", "keywords": "; "}
"""Columns that may come as lists of texts, and what stands between two of them where they come as one text."""
_EXPECTED_TYPES = {"id": "VARCHAR", "title": "VARCHAR", "published": "VARCHAR|DATE|TIMESTAMP.*"}
_PLAIN_TYPE = r"(?!STRUCT|MAP|UNION|VARIANT|BLOB).*[^\]]"
"""A type that does not change its meaning as text: not nested, no bytes."""

_MACROS = (
    "clean_text", "tex_letters", "author_names", "author_list", "authors_apart", "category_name",
    "canonical_categories", "is_withdrawn", "arxiv_id", "arxiv_month", "paper_fault", "versions_in_order",
    "snapshot_time", "snapshot_papers", "snapshot_additions",
)  # fmt: skip
"""warehouse/write/macro_*.sql, each after those that it uses."""

_LONGEST_LINE = 16 << 20
_BLOCK = 4 << 20
"""Bytes read at once; smaller than the longest line, so that one that is too long has blocks without an end."""
_FEW_HELD_BACK = 100
"""Ids up to which comparing a line with each of them is quicker than a join."""
_KEPT_REJECTS = 1_000
_KEPT_CHARACTERS = 500
_WATCH_S = 0.2
_COPY = ".copy"
_ZSTD = ("force_compression", "zstd")
"""DuckDB's own choice for texts, dict_fsst, takes twice the time and half as much room again."""
_IN_ORDER = ("preserve_insertion_order", "true")
"""Rows stay as the file has them: a row's place tells its line, and row groups are written whole and once."""
_AS_WRITTEN = ("disabled_optimizers", "join_order,build_side_probe_side")
"""A file is far larger than the ids that it is compared with, which DuckDB cannot know: its rows must stream by."""
_GZIP, _ZIP, _BYTE_ORDER_MARK = b"\x1f\x8b", b"PK\x03\x04", b"\xef\xbb\xbf"

Progress = Callable[[int], None]
"""Takes how many more of the file's bytes are done."""


@dataclass(frozen=True, slots=True)
class ImportReport:
    """What became of a file's rows: rows = stored + unchanged + the drops' rows."""

    source: str
    kind: str
    """`papers`, or `venue papers` for a file of conference papers."""
    rows: int
    stored: int
    """New papers, and papers that the file knows better than the warehouse did."""
    unchanged: int
    drops: tuple[Drop, ...]
    months: tuple[date, date] | None = None
    newest_change: date | None = None
    """Last day on which one of the papers was changed, as far as the file tells: what happened later it cannot hold."""


def import_file(
    warehouse: Warehouse, path: Path, *, today: date, now: datetime, progress: Progress | None = None
) -> ImportReport:
    """Store the papers of one file, in one transaction, and say what became of each row.

    Takes arXiv's public snapshot (JSON lines with `id`, `title`, `abstract`, `categories`, `versions`, ..., gzipped or
    not: https://www.kaggle.com/datasets/Cornell-University/arxiv) and Parquet with at least the columns id, title and
    published; a Parquet file with venue and year holds conference papers, kept apart. `progress` hears of the file's
    bytes as they are done.
    Raises ImportRefused for a file that holds no table of papers, or has a column of a type that cannot be read as it
    should; broken rows are counted drops, lines that are not UTF-8 or longer than 16 MiB among them, and the beginnings
    of the first thousand are kept in the table `import_rejected`. Raises DiskFull.
    """
    if not path.is_file():
        what = "it is a folder: name a file in it" if path.is_dir() else "check the path"
        raise ImportRefused(f"no file at {path}: {what}", path=str(path))
    before = path.stat()
    watch = _Watch(warehouse, before.st_size, progress)
    with _settings(warehouse, _ZSTD):
        with warehouse.transaction():
            define_macros(warehouse)
            rejected: Sequence[Reject] = ()
            fingerprint: str | None = None
            if path.suffix == ".parquet":
                with watch.part(1.0):
                    report = _import_parquet(warehouse, path, today)
            else:
                with _readable_lines(path, watch) as lines:
                    fingerprint = f"{IMPORT_RULE}:{lines.digest}"
                    report, rejected = _known_lines(warehouse, path, fingerprint, lines, today) or _import_lines(
                        warehouse, path, lines, today, watch
                    )
            after = path.stat()
            if (after.st_size, after.st_mtime_ns) != (before.st_size, before.st_mtime_ns):
                raise ImportRefused(f"{path} changed while it was read: import it again", path=str(path))
            _record(warehouse, report, rejected, fingerprint, now)
        if report.stored:
            with suppress(duckdb.Error):  # what is committed is safe in the log already
                warehouse.connection.execute("checkpoint")
    watch.finish()
    return report


def _record(
    warehouse: Warehouse, report: ImportReport, rejected: Sequence[Reject], fingerprint: str | None, now: datetime
) -> None:
    same = {"source": report.source, "imported_at": now}
    warehouse.insert(
        "import_file",
        {
            "rows": [report.rows],
            "stored": [report.stored],
            "unchanged": [report.unchanged],
            "fingerprint": [fingerprint],
        },
        replace=False,
        **same,
    )
    warehouse.insert(
        "import_drop",
        {
            "reason": [drop.reason for drop in report.drops],
            "rows": [drop.rows for drop in report.drops],
            "examples": [list(drop.examples) for drop in report.drops],
        },
        replace=False,
        **same,
    )
    warehouse.insert(
        "import_rejected",
        {
            "place": [f"line {one.line}" for one in rejected],
            "reason": [one.reason for one in rejected],
            "content": [one.content for one in rejected],
        },
        replace=False,
        **same,
    )


def define_macros(warehouse: Warehouse) -> None:
    """Make the rules of identity.py known to the warehouse's connection."""
    for name in _MACROS:
        warehouse.run(f"write/macro_{name}")


# --- JSON lines -------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Lines:
    """A file of JSON lines, in a form that DuckDB reads line by line."""

    digest: str
    """Of the content, unpacked."""
    path: Path
    """The file itself, or a copy without what would stop the reading."""
    packed: bool
    """The file is gzipped."""

    @property
    def parameters(self) -> dict[str, str]:
        """For warehouse/write/macro_snapshot_papers.sql."""
        return {"path": str(self.path), "compression": "gzip" if self.packed and self.path.suffix != _COPY else "none"}


@dataclass(frozen=True, slots=True)
class Reject:
    """A line that could not be read."""

    line: int
    reason: str
    content: str
    """Its beginning."""


@contextmanager
def _readable_lines(path: Path, watch: _Watch) -> Iterator[Lines]:
    """The file's lines, without a byte-order mark and with a sign in place of each line that is too long.

    Raises ImportRefused for a zip archive, a damaged gzip file, an array, and an empty file.
    """
    with path.open("rb") as file:
        beginning = file.read(4)
    if beginning == _ZIP:
        raise ImportRefused(
            f"{path} is a zip archive, as Kaggle ships the snapshot: unzip it and import the file in it", path=str(path)
        )
    packed = beginning.startswith(_GZIP)
    try:
        with watch.part(0.1):
            digest, first, as_it_stands = _content(path, packed, watch)
        if not first:
            raise ImportRefused(f"{path} is empty", path=str(path))
        if re.match(rb"\[\s*\{", first):
            raise ImportRefused(
                f"{path} is one JSON array: littriage imports JSON lines, one object a line. "
                f"jq -c '.[]' {path.name} writes them",
                path=str(path),
            )
        if as_it_stands:
            yield Lines(digest, path, packed)
        else:
            with tempfile.TemporaryDirectory(prefix="littriage-lines-") as folder:
                copy = Path(folder) / f"lines{_COPY}"
                with copy.open("wb") as file:
                    for line in _each_line(path, packed):
                        file.write(line if len(line) <= _LONGEST_LINE else b"!\n")
                yield Lines(digest, copy, packed)
    except (EOFError, gzip.BadGzipFile, zlib.error) as error:
        raise ImportRefused(
            f"{path} is a damaged gzip file ({error}): fetch or pack it again, or unpack what can be had",
            path=str(path),
        ) from error


def _opened(path: Path, packed: bool) -> gzip.GzipFile | BufferedReader:
    return gzip.open(path) if packed else path.open("rb")


def _content(path: Path, packed: bool, watch: _Watch) -> tuple[str, bytes, bool]:
    """A digest of the content; its beginning, without white space; whether every line can be read as it stands."""
    digest = hashlib.sha256()
    first, since_end, longest, marked, done = b"", 0, 0, False, 0
    size = path.stat().st_size
    with _opened(path, packed) as file:
        while block := file.read(_BLOCK):
            digest.update(block)
            if not first:
                marked = marked or block.startswith(_BYTE_ORDER_MARK)
                first = block.removeprefix(_BYTE_ORDER_MARK).lstrip()[:_KEPT_CHARACTERS]
            if (end := block.find(b"\n")) < 0:
                since_end += len(block)
            else:
                longest = max(longest, since_end + end)
                since_end = len(block) - block.rfind(b"\n") - 1
            done += len(block)
            if not packed:
                watch.tell(done / size)
    return digest.hexdigest(), first, not marked and max(longest, since_end) <= _LONGEST_LINE


def _each_line(path: Path, packed: bool) -> Iterator[bytes]:
    """The lines with their ends, without the byte-order mark; of one that is too long the beginning."""
    with _opened(path, packed) as file:
        if file.read(len(_BYTE_ORDER_MARK)) != _BYTE_ORDER_MARK:
            file.seek(0)
        while line := file.readline(_LONGEST_LINE + 1):
            if len(line) > _LONGEST_LINE:
                while (rest := file.readline(_LONGEST_LINE)) and not rest.endswith(b"\n"):
                    pass
            yield line


def _known_lines(
    warehouse: Warehouse, path: Path, fingerprint: str, lines: Lines, today: date
) -> tuple[ImportReport, Sequence[Reject]] | None:
    """The report of a file that was imported before, as it is; None where it has to be read.

    It has to where something was dropped for its date, which may have come, or where papers are gone.
    """
    found = warehouse.rows("read/import_again", fingerprint=fingerprint)
    if not found:
        return None
    ((source, imported_at, rows),) = found
    drops = _drops(warehouse, "read/import_drops_again", source=source, imported_at=imported_at)
    unchanged = rows - sum(drop.rows for drop in drops)
    (held, _) = warehouse.one("read/field_papers")
    if held < unchanged or any(drop.reason == "date in the future" for drop in drops):
        return None
    first, last, newest = warehouse.one("read/import_lines_span", today=today, **lines.parameters)
    return ImportReport(path.name, "papers", rows, 0, unchanged, drops, (first, last) if first else None, newest), ()


def _import_lines(
    warehouse: Warehouse, path: Path, lines: Lines, today: date, watch: _Watch
) -> tuple[ImportReport, Sequence[Reject]]:
    source = path.name
    file = lines.parameters
    try:
        with translated(warehouse.path):
            with _settings(warehouse, _IN_ORDER), watch.part(0.1):
                warehouse.run("write/import_lines_read", today=today, **file)
            rejected = _rejected_lines(warehouse, path, lines.packed)
            rows, objects = warehouse.one("read/import_lines_shape")
            if objects == 0:
                raise ImportRefused(
                    f"{path} is not JSON lines: none of its {rows} lines is a JSON object with an id. littriage "
                    "imports arXiv's snapshot (one JSON object a line) and Parquet files",
                    path=str(path),
                )
            warehouse.run("write/import_lines_held_back")
            with _settings(warehouse, _IN_ORDER, _AS_WRITTEN, *_less_memory(warehouse)), watch.part(0.7):
                (added,) = _add_lines(warehouse, source=source, today=today, **file)
            (waiting,) = warehouse.one("read/import_lines_waiting")
            with _settings(warehouse, _IN_ORDER, _AS_WRITTEN), watch.part(0.1):
                if waiting:
                    warehouse.run("write/import_lines_staged", **file)
                    warehouse.run("write/import_incoming_numbered")
    except duckdb.Error as error:
        raise ImportRefused(f"{path} cannot be read as JSON lines: {_reason(error)}", path=str(path)) from error
    if waiting:
        warehouse.run("write/import_paper_judged", today=today)
        merge(warehouse, source=source, in_field=True, today=today)
    else:
        warehouse.run("write/incoming_emptied")
    (bettered,) = warehouse.one("read/incoming_better")
    drops = _drops(warehouse, "read/import_lines_drops")
    first, last, newest = warehouse.one("read/import_lines_outcome")
    stored = added + bettered
    unchanged = rows - stored - sum(drop.rows for drop in drops)
    months = (first, last) if first else None
    return ImportReport(source, "papers", rows, stored, unchanged, drops, months, newest), rejected


def _add_lines(warehouse: Warehouse, **parameters: object) -> Row:
    held_back = [id_ for (id_,) in warehouse.rows("read/import_held_back", count=_FEW_HELD_BACK + 1)]
    if len(held_back) > _FEW_HELD_BACK:
        return warehouse.one("write/import_lines_added_beside_many", **parameters)
    return warehouse.one("write/import_lines_added", held_back=held_back, **parameters)


def _rejected_lines(warehouse: Warehouse, path: Path, packed: bool) -> list[Reject]:
    """The first of the lines that could not be read; notes the place of every line that names no paper."""
    nameless: dict[int, bool] = dict(warehouse.rows("read/import_lines_nameless"))
    rejected: list[Reject] = []
    places: list[tuple[int, int, bool]] = []
    if nameless:
        lines = ((number, line) for number, line in enumerate(_each_line(path, packed), 1) if line.strip())
        for ordinal, (number, line) in enumerate(lines):
            if ordinal in nameless:
                reason = _fault(line) if nameless[ordinal] else None
                places.append((ordinal, number, reason is not None))
                if reason and len(rejected) < _KEPT_REJECTS:
                    content = line[: 4 * _KEPT_CHARACTERS].decode("utf-8", "replace").rstrip("\r\n")
                    rejected.append(Reject(number, reason, content[:_KEPT_CHARACTERS]))
                if len(places) == len(nameless):
                    break
    warehouse.run("write/import_lines_place_emptied")
    names = ("ordinal", "number", "broken")
    warehouse.insert("line_place", {name: [one[n] for one in places] for n, name in enumerate(names)}, replace=False)
    warehouse.run("write/import_lines_placed")
    return rejected


def _fault(line: bytes) -> str | None:
    """Why a line could not be read; None for an object, which lacks an id at most."""
    if len(line) > _LONGEST_LINE:
        return "longer than 16 MiB"
    try:
        found = json.loads(line.decode())
    except UnicodeDecodeError:
        return "not UTF-8"
    except (ValueError, RecursionError):
        return "not JSON" if line.endswith(b"\n") else "cut at the end of the file"
    if not isinstance(found, dict):
        return "not a JSON object"
    return "not JSON" if any(found.get(name) is not None for name in ("id", "title")) else None


def _less_memory(warehouse: Warehouse) -> list[tuple[str, str]]:
    """A limit for DuckDB, which would else keep what it has written for as long as there is room."""
    ((limit,),) = warehouse.connection.execute("select current_setting('memory_limit')").fetchall()
    size, _, unit = str(limit).partition(" ")
    return [("memory_limit", "1.5GiB")] if unit == "TiB" or (unit == "GiB" and float(size) > 1.5) else []


def _drops(warehouse: Warehouse, name: str, **parameters: object) -> tuple[Drop, ...]:
    return tuple(Drop(reason, rows, tuple(examples)) for reason, rows, examples in warehouse.rows(name, **parameters))


@contextmanager
def _settings(warehouse: Warehouse, *names_and_values: tuple[str, str]) -> Iterator[None]:
    """These settings of DuckDB for a while."""
    connection = warehouse.connection
    before = [connection.execute(f"select current_setting('{name}')::text").fetchall() for name, _ in names_and_values]
    try:
        for name, value in names_and_values:
            connection.execute(f"set {name} = '{value}'")
        yield
    finally:
        for (name, _), ((value,),) in zip(names_and_values, before, strict=True):
            connection.execute(f"set {name} = '{value}'")


class _Watch:
    """Tells how many bytes of a file are done, while DuckDB reads it."""

    def __init__(self, warehouse: Warehouse, size: int, progress: Progress | None) -> None:
        self._connection = warehouse.connection
        self._size = size
        self._progress = progress
        self._told = 0
        self._start = 0.0
        self._share = 0.0

    @contextmanager
    def part(self, share: float) -> Iterator[None]:
        """A part of the work, and which share of the whole it is."""
        self._share = share
        stop = threading.Event()
        thread = threading.Thread(target=self._follow, args=(stop,), daemon=True)
        if self._progress:
            self._connection.execute("set enable_progress_bar = true")  # without it query_progress() knows nothing
            self._connection.execute("set enable_progress_bar_print = false")
            thread.start()
        try:
            yield
        finally:
            stop.set()
            if self._progress:
                thread.join()
        self.tell(1.0)
        self._start += share

    def tell(self, done: float) -> None:
        """So much of the part is done."""
        if self._progress and (more := int((self._start + self._share * done) * self._size) - self._told) > 0:
            self._told += more
            self._progress(more)

    def finish(self) -> None:
        """All is done, also what was not needed."""
        self._start, self._share = 0.0, 1.0
        self.tell(1.0)

    def _follow(self, stop: threading.Event) -> None:
        while not stop.wait(_WATCH_S):
            with suppress(duckdb.Error):
                self.tell(max(self._connection.query_progress(), 0.0) / 100)


# --- Parquet ----------------------------------------------------------------------------------------------------


def _import_parquet(warehouse: Warehouse, path: Path, today: date) -> ImportReport:
    source = path.name
    kind = _stage_parquet(warehouse, path)
    if kind == "venue papers":
        warehouse.run("write/import_venue_judged", today=today)
        warehouse.run("write/import_venue_known")
        warehouse.run("write/import_venue_stored", source=source)
    else:
        warehouse.run("write/import_paper_judged", today=today)
        merge(warehouse, source=source, in_field=True, today=today)
    drops = _drops(warehouse, "read/import_drops")
    rows, stored, unchanged, first, last = warehouse.one("read/import_outcome")
    newest = warehouse.one("read/import_newest", today=today)[0] if kind == "papers" else None
    return ImportReport(source, kind, rows, stored, unchanged, drops, (first, last) if first else None, newest)


def _stage_parquet(warehouse: Warehouse, path: Path) -> str:
    """Put the file's rows into the temporary table `incoming`; the kind of file."""
    try:
        with translated(warehouse.path):
            return _staged_parquet(warehouse, path)
    except duckdb.Error as error:
        raise ImportRefused(f"{path} cannot be read as Parquet: {_reason(error)}", path=str(path)) from error


def _reason(error: duckdb.Error) -> str:
    """What DuckDB says is wrong, without the line itself, which may be long, and without its advice on SQL."""
    lines = str(error).partition("Possible")[0].splitlines()
    return " ".join(line.strip() for line in lines if line.strip() and not line.startswith("Original Line"))


def _staged_parquet(warehouse: Warehouse, path: Path) -> str:
    described = warehouse.connection.execute("describe select * from read_parquet($path)", {"path": str(path)})
    found = {str(name): str(kind) for name, kind, *_ in described.fetchall()}
    if missing := [name for name in NEEDED if name not in found]:
        raise ImportRefused(
            f"{path} lacks the column{'s' if len(missing) > 1 else ''} {', '.join(missing)}; it has "
            f"{', '.join(sorted(found))}. A file of papers needs at least {', '.join(NEEDED)}",
            path=str(path),
            missing=tuple(missing),
        )
    columns = [
        f"{_selected(path, name, kind, found[name])} as {name}" if name in found else f"null::{kind} as {name}"
        for name, kind in _PARQUET_COLUMNS.items()
    ]
    warehouse.connection.execute(
        f"create or replace temp table raw as select {', '.join(columns)}, file_row_number + 1 as row_number "
        "from read_parquet($path, file_row_number = true)",
        {"path": str(path)},
    )
    if {"venue", "year"} <= found.keys():
        warehouse.run("write/import_venue_staged")
        return "venue papers"
    warehouse.run("write/import_parquet_staged")
    return "papers"


def _selected(path: Path, name: str, kind: str, found: str) -> str:
    """The SQL that reads a Parquet column of type `found` as `kind`."""
    if found == "VARCHAR[]" and name in _SEPARATORS:
        return f"array_to_string({name}, '{_SEPARATORS[name]}')"
    if not re.fullmatch(_EXPECTED_TYPES.get(name, _PLAIN_TYPE), found):
        raise ImportRefused(
            f"{path} has the column {name} as {found}, which cannot be read as {kind}: "
            f"write it as {kind} and import again",
            path=str(path),
            column=name,
            type=found,
        )
    return f"try_cast({name} as {kind})"


# --- coverage ---------------------------------------------------------------------------------------------------


def import_coverage(warehouse: Warehouse, path: Path) -> int:
    """Months stated by a coverage file (CSV with the columns month, category, status, recall).

    Raises ImportRefused when the file is missing, lacks a column, or holds a status other than A, B, T, S, M.
    """
    if not path.is_file():
        raise ImportRefused(f"no file at {path}: check the path", path=str(path))
    with warehouse.transaction():
        try:
            warehouse.run("write/coverage_raw", path=str(path))
            warehouse.run("write/coverage_staged")
        except duckdb.Error as error:
            raise ImportRefused(
                f"{path} is no coverage file: {_reason(error)}. It needs the columns month (YYYY-MM), "
                "category, status (A, B, T, S or M) and recall",
                path=str(path),
            ) from error
        if bad := warehouse.rows("read/coverage_broken"):
            row, month, category, status = bad[0]
            raise ImportRefused(
                f"{path}, row {row}: month {month!r}, category {category!r}, status {status!r}; expected a month "
                f"YYYY-MM, a category such as cs.CL and a status among A, B, T, S and M ({len(bad)} such rows)",
                path=str(path),
                row=row,
            )
        warehouse.run("write/coverage_stored", source=path.name)
        (stored,) = warehouse.one("read/coverage_count")
    return int(stored)


def read_papers(path: Path) -> list[Paper]:
    """The papers of a file as values, without storing them; rows that are no papers are left out.

    Raises ImportRefused as `import_file` does.
    """
    with Warehouse.in_memory() as warehouse:
        define_macros(warehouse)
        if path.suffix != ".parquet":
            with _readable_lines(path, _Watch(warehouse, 0, None)) as lines:
                rows = warehouse.rows("read/import_lines_papers", **lines.parameters)
        elif _stage_parquet(warehouse, path) == "papers":
            rows = warehouse.rows("read/import_papers")
        else:
            raise ImportRefused(f"{path} holds conference papers: a file of arXiv papers is needed", path=str(path))
    return [
        Paper(id_, title, abstract, tuple(authors), tuple(categories), published)
        for id_, title, abstract, authors, categories, published in rows
    ]
