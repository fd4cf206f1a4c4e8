"""Judgement files: CSV with the columns direction, arxiv_id, label, pool (how the pair was found), title.

The label is 2 where the paper's main topic lies inside the direction's scope, 1 where it is related, 0 where neither.
"""

from __future__ import annotations

import csv
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from littriage.errors import EvaluationError

CORE, RELATED = 2, 1
LABELS = ("0", "1", "2")
_COLUMNS = ("direction", "arxiv_id", "label")


@dataclass(frozen=True, slots=True)
class Judgement:
    """One judged pair."""

    direction: str
    paper_id: str
    label: int
    """2 core, 1 related, 0 neither."""


def parse_judgements(lines: Iterable[str], where: str = "judgements") -> tuple[Judgement, ...]:
    """The judgements of a CSV file, in its order. Raises EvaluationError that names line and column."""
    reader = csv.DictReader(lines)
    missing = [column for column in _COLUMNS if column not in (reader.fieldnames or ())]
    if missing:
        raise _refusal(where, 1, missing[0], f"there is no such column among {reader.fieldnames or 'no columns'}")
    found: dict[tuple[str, str], Judgement] = {}
    for row in reader:
        for column in _COLUMNS:
            if not (row[column] or "").strip():
                raise _refusal(where, reader.line_num, column, "the field is empty")
        if row["label"].strip() not in LABELS:
            raise _refusal(where, reader.line_num, "label", f"{row['label']!r} is none of {', '.join(LABELS)}")
        judgement = Judgement(row["direction"].strip(), row["arxiv_id"].strip(), int(row["label"]))
        pair = judgement.direction, judgement.paper_id
        if pair in found:
            raise _refusal(where, reader.line_num, "arxiv_id", f"{' with '.join(pair)} was judged before")
        found[pair] = judgement
    if not found:
        raise _refusal(where, 1, "direction", "the file holds no judgement")
    return tuple(found.values())


def load_judgements(path: Path) -> tuple[Judgement, ...]:
    """The judgements of a CSV file in UTF-8. Raises EvaluationError."""
    try:
        with path.open(encoding="utf-8-sig", newline="") as file:
            return parse_judgements(file, str(path))
    except (OSError, UnicodeDecodeError, csv.Error) as error:
        raise EvaluationError(f"{path}: cannot be read as CSV in UTF-8: {error}", file=str(path)) from error


def _refusal(where: str, line: int, column: str, problem: str) -> EvaluationError:
    return EvaluationError(
        f"{where}, line {line}, column {column}: {problem}; needed are direction, arxiv_id and a label of 0, 1 or 2",
        file=where,
        line=line,
        column=column,
    )
