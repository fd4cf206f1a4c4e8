"""Trend queries over a million papers: the SQL that littriage asks of its warehouse against the same in pandas.

    python benchmarks/trend_queries.py [--papers 1000000] [--members 350000] [--directions 145] [--rounds 3]

The warehouse is made (no text of any paper is real): 168 months, categories as they are on arXiv, one to three for each
paper, and memberships with probabilities. Asked are the months of the fields (papers, abstracts, newest day), the
monthly members of every direction (expected papers, members, variance), of all its papers and within its field's
categories, its main categories, and from these the share of each month and how far its abstracts are there. DuckDB
reads its file; pandas is given the columns that it needs in memory, and is asked the same for frames that it has been
given. The answers must be the same, numbers to a millionth, or it ends with 1. The best of the rounds counts; each is a
process of its own. About 3 minutes.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
import time
from collections.abc import Callable
from datetime import date
from pathlib import Path
from typing import Any

import numpy as np
from measuring import Measured, machine, measured_apart, print_table

from littriage.warehouse import Warehouse

FIELDS = {
    "cs.CL": ["cs.CL"], "cs.CV": ["cs.CV"], "cs.AI cs.CL cs.LG stat.ML": ["cs.AI", "cs.CL", "cs.LG", "stat.ML"],
    "cs.LG": ["cs.LG"], "every category": [],
}  # fmt: skip
WITHIN = (None, "cs.CL", "cs.CV", "cs.LG")
AS_OF = date(2026, 1, 1)
TARGET_S = 10.0


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--papers", type=int, default=1_000_000, metavar="N")
    parser.add_argument("--members", type=int, default=350_000, metavar="N")
    parser.add_argument("--directions", type=int, default=145, metavar="N")
    parser.add_argument("--rounds", type=int, default=3, metavar="N")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="littriage-trends-") as scratch:
        folder = Path(scratch)
        measured_apart("make", lambda: make(folder, options.papers, options.members, options.directions))
        found: dict[str, list[Measured]] = {"SQL": [], "pandas": []}
        for _ in range(options.rounds):
            for name, ask in (("SQL", in_sql), ("pandas", in_pandas)):
                answer = folder / f"{name}.npz"
                found[name].append(measured_apart(name, lambda ask=ask, answer=answer: ask(folder, answer)))
        differing = _differing(folder)
    best = {name: min(own, key=lambda one: one.wall_s) for name, own in found.items()}
    loading, asking = min((one.result for one in found["pandas"]), key=lambda both: both[1])
    sql = best["SQL"]
    print(f"{options.papers:,} papers, {options.members:,} memberships, {options.directions} directions")
    print(machine("duckdb", "pandas", "numpy"))
    print_table(
        ("what", "seconds", "CPU s", "peak MiB", "against the SQL"),
        [
            ("littriage's SQL, from the file", sql.wall_s, sql.cpu_s, sql.peak_mib, 1.0),
            ("pandas, with loading the columns", best["pandas"].wall_s, best["pandas"].cpu_s, best["pandas"].peak_mib,
             best["pandas"].wall_s / sql.wall_s),
            ("pandas, loading alone", loading, "", "", loading / sql.wall_s),
            ("pandas, frames in memory", asking, "", "", asking / sql.wall_s),
        ],
    )  # fmt: skip
    print(f"answers that differ: {', '.join(differing) or 'none'}")
    return int(bool(differing) or sql.wall_s > TARGET_S)


# --- the papers -------------------------------------------------------------------------------------------------


def make(folder: Path, papers: int, members: int, directions: int) -> None:
    """A warehouse of papers and memberships; the same arguments, the same rows."""
    with Warehouse.open(folder) as warehouse:
        execute = warehouse.connection.execute
        execute(
            """
            insert into paper by name
            with drawn as (
                select
                    range as number,
                    (date '2012-01-01' + to_months(floor(168 * sqrt((range + 0.5) / $papers))::integer))::date as month,
                    (hash(range, 1) % 1000) / 1000.0 as one, (hash(range, 2) % 1000) / 1000.0 as two
                from range($papers)
            ),
            named as (
                select ['cs.LG', 'cs.CL', 'cs.AI', 'cs.CV', 'stat.ML', 'eess.AS', 'cs.IR', 'cs.RO', 'math.OC'] as c
            )
            select
                strftime(month, '%y%m') || '.' || lpad(number::text, 7, '0') as id,
                'A title of paper ' || number as title,
                if(number % 9 = 0, null, repeat('Some words of an abstract that nobody reads here. ', 24)) as abstract,
                ['Ada ' || number % 9999, 'Bo ' || number % 7777] as authors,
                list_distinct([c[1 + (one * one * 9)::integer % 9], c[1 + (two * 9)::integer % 9]]) as categories,
                (month + to_days((number % 28)::integer))::date as published, 'submitted' as date_kind, month,
                if(number % 211 = 0, 'withdrawn', null) as not_counted, md5(number::text) as text_hash,
                'made' as source, number % 50 > 0 as in_field
            from drawn, named
            """,
            {"papers": papers},
        )
        execute(
            """
            insert into membership by name
            with drawn as (
                select (hash(range) % $papers)::bigint as number, hash(range, 3) % 1000 / 1000.0 as spread,
                    (hash(range, 4) % 100000 / 100000.0)::float as p
                from range($members)
            )
            select distinct on (paper_id, direction)
                paper.id as paper_id, 'direction-' || (spread * spread * $directions)::integer as direction,
                0.5 as similarity, p as probability, sqrt(p)::float as probability_any, p > 0.5 as member,
                'v2/fast' as rule, if(drawn.number % 40 = 0, 'person', 'rule') as decided_by
            from drawn join paper on right(paper.id, 7)::bigint = drawn.number
            """,
            {"papers": papers, "members": members, "directions": directions},
        )


# --- asked in SQL -----------------------------------------------------------------------------------------------


def in_sql(folder: Path, answer: Path) -> None:
    """The answers, from the warehouse's file."""
    with Warehouse.read_only(folder) as warehouse:
        fields = warehouse.rows("marts/field_month", sets=list(FIELDS), categories=list(FIELDS.values()))
        members = {
            within: warehouse.rows("marts/member_month", category=within, in_field=within is not None, related=False)
            for within in WITHIN
        }
        main_categories = warehouse.rows("marts/main_category", as_of=AS_OF)
    size = {(name, month): (papers, abstracts) for name, month, papers, abstracts, _ in fields}
    shares = []
    for within, rows in members.items():
        for direction, month, papers, *_ in rows:
            of, abstracts = size.get((within or "every category", month), (0, 0))
            if of:
                shares.append((within or "", direction, month, papers / of, abstracts / of))
    keep(
        answer,
        fields,
        [(within or "", *row) for within, own in members.items() for row in own],
        main_categories,
        shares,
    )


def keep(answer: Path, *tables: list[Any]) -> None:
    """Tables in one order, text and numbers apart."""
    kept = {}
    for name, rows in zip(("fields", "members", "main categories", "shares"), tables, strict=True):
        columns = list(zip(*sorted(rows), strict=True))
        for place, column in enumerate(columns):
            numbers = isinstance(column[0], (int, float))
            kept[f"{name} {place}"] = np.array(column, float) if numbers else np.array([str(one) for one in column])
    np.savez(answer, **kept)


# --- asked in pandas --------------------------------------------------------------------------------------------


def in_pandas(folder: Path, answer: Path) -> tuple[float, float]:
    """The same answers; seconds for loading the columns and for asking."""
    import pandas as pd

    start = time.perf_counter()
    with Warehouse.read_only(folder) as warehouse:
        paper = warehouse.connection.execute(
            "select id, month, published, in_field, abstract is not null as told, categories, not_counted from paper"
        ).df()
        membership = warehouse.connection.execute(
            "select paper_id, direction, probability::double as probability, member, decided_by from membership"
        ).df()
    loaded = time.perf_counter()
    paper = paper[paper["not_counted"].isna() & (paper["categories"].str.len() > 0)].drop(columns="not_counted")
    pairs = paper.explode("categories")

    def field(categories: list[str]) -> Any:
        if not categories:
            return paper[paper["in_field"]]
        return pairs[pairs["in_field"] & pairs["categories"].isin(categories)].drop_duplicates("id")

    fields = []
    for name, categories in FIELDS.items():
        found = field(categories).groupby("month").agg(
            papers=("id", "size"), abstracts=("told", "sum"), newest=("published", "max")
        )  # fmt: skip
        found.insert(0, "name", name)
        fields.append(found.reset_index())
    field_months = pd.concat(fields)[["name", "month", "papers", "abstracts", "newest"]]

    own = membership.merge(paper, left_on="paper_id", right_on="id")
    own["variance"] = (own["probability"] * (1 - own["probability"])).where(
        own["decided_by"].isin(["rule", "learned"]), 0.0
    )
    members = []
    for within in WITHIN:
        chosen = own
        if within:
            ids = pairs.loc[(pairs["categories"] == within) & pairs["in_field"], "id"]
            chosen = own[own["id"].isin(ids)]
        found = chosen.groupby(["direction", "month"]).agg(
            papers=("probability", "sum"), members=("member", "sum"), undecided=("variance", "sum")
        )  # fmt: skip
        found.insert(0, "within", within or "")
        members.append(found.round(6).reset_index())
    member_months = pd.concat(members)[["within", "direction", "month", "papers", "members", "undecided"]]

    before = own[own["published"] < pd.Timestamp(AS_OF)]
    total = before.groupby("direction")["probability"].sum()
    part = before.explode("categories").groupby(["direction", "categories"])["probability"].sum()
    main_categories = part[part >= part.index.get_level_values("direction").map(total) / 2].reset_index()

    size = field_months.assign(within=field_months["name"].replace("every category", ""))
    shares = member_months.merge(
        size[["within", "month", "papers", "abstracts"]], on=["within", "month"], suffixes=("", "_of")
    )
    shares["share"], shares["told"] = shares["papers"] / shares["papers_of"], shares["abstracts"] / shares["papers_of"]
    asked = time.perf_counter()
    keep(
        answer,
        _rows(field_months),
        _rows(member_months),
        _rows(main_categories[["direction", "categories"]]),
        _rows(shares[["within", "direction", "month", "share", "told"]]),
    )
    return loaded - start, asked - loaded


def _rows(frame: Any) -> list[tuple[Any, ...]]:
    plain = [
        frame[name].dt.date.tolist() if frame[name].dtype.kind == "M" else frame[name].tolist()
        for name in frame.columns
    ]
    return list(zip(*plain, strict=True))


def _differing(folder: Path) -> list[str]:
    """Names of the columns that are not the same."""
    with np.load(folder / "SQL.npz") as one, np.load(folder / "pandas.npz") as other:
        same: Callable[[Any, Any], bool] = lambda a, b: (  # noqa: E731
            a.shape == b.shape
            and (np.allclose(a, b, rtol=0, atol=2e-6) if a.dtype.kind == "f" else bool((a == b).all()))
        )
        return [
            name for name in sorted({*one.files, *other.files}) if name not in one or not same(one[name], other[name])
        ]


if __name__ == "__main__":
    sys.exit(main())
