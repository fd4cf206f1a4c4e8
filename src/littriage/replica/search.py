"""arXiv's query language over a corpus in memory: an expression in, the matching papers out.

Follows https://info.arxiv.org/help/api/user-manual.html#query_details: `ti: au: abs: co: cat: id: all:`, quoted
phrases, AND, OR, ANDNOT, parentheses and `submittedDate:[YYYYMMDDHHMM TO YYYYMMDDHHMM]` in GMT. Text is analysed as a
search engine would: lower case, accents folded, split at punctuation, phrases matched on whole words. It knows nothing
of how littriage itself matches, so the two check each other.
"""

from __future__ import annotations

import re
import unicodedata
from bisect import bisect_left, bisect_right
from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, time, timedelta
from itertools import islice
from zlib import crc32

from littriage.model import Paper

TEXT_FIELDS = ("ti", "abs", "au", "co")
FIELDS = (*TEXT_FIELDS, "cat", "id", "all")
_OPERATORS = ("AND", "OR", "ANDNOT")
_WORD = re.compile(r"[^\W_]+")
_TOKEN = re.compile(
    r"""\s*(?:
        (?P<bracket>[()])
      | (?:(?P<field>[A-Za-z]+):)?
        (?: "(?P<phrase>[^"]*)" | \[(?P<range>[^\]]*)\] | (?P<word>[^\s()"\[\]]+) )
    )""",
    re.VERBOSE,
)
_RANGE = re.compile(r"(\d{12})\s+TO\s+(\d{12})")


class BadQuery(ValueError):
    """An expression that the service would refuse, with its reason."""


# --- expressions ------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Term:
    """One word or phrase in one field."""

    field: str
    text: str

    def __str__(self) -> str:
        return f'{self.field}:"{self.text}"' if " " in self.text else f"{self.field}:{self.text}"


@dataclass(frozen=True, slots=True)
class Submitted:
    """A range of submission times, both ends included, to the minute."""

    first: datetime
    last: datetime

    def __str__(self) -> str:
        return f"submittedDate:[{self.first:%Y%m%d%H%M} TO {self.last:%Y%m%d%H%M}]"


@dataclass(frozen=True, slots=True)
class Both:
    """Two expressions and what joins them: AND, OR or ANDNOT."""

    operator: str
    left: Node
    right: Node

    def __str__(self) -> str:
        return f"({self.left} {self.operator} {self.right})"


Node = Term | Submitted | Both


def parse_expression(text: str) -> Node:
    """The expression as understood; AND and ANDNOT bind tighter than OR. Raises BadQuery."""
    tokens = list(_tokens(text))
    node, rest = _alternatives(tokens)
    if rest:
        raise BadQuery(f"unexpected {rest[0]} in the query")
    return node


def _tokens(text: str) -> Iterator[Node | str]:
    """Brackets and operators as strings, everything else as nodes."""
    end = len(text.rstrip())
    at = 0
    while at < end:
        match = _TOKEN.match(text, at)
        if match is None:
            raise BadQuery(f"cannot read the query from {text[at:].strip()!r}")
        at = match.end()
        if bracket := match["bracket"]:
            yield bracket
        elif match["field"] is None and match["word"] in _OPERATORS:
            yield match["word"]
        else:
            yield _atom(match)


def _atom(match: re.Match[str]) -> Node:
    field = match["field"] or "all"
    if field == "submittedDate":
        return _submitted(match["range"])
    if field not in FIELDS:
        raise BadQuery(f"unknown field {field}")
    text = match["phrase"] if match["phrase"] is not None else match["word"]
    if not text:
        raise BadQuery(f"nothing to look for in {match[0].strip()}")
    return Term(field, text)


def _submitted(text: str | None) -> Submitted:
    match = _RANGE.fullmatch(text.strip()) if text else None
    if match is None:
        raise BadQuery("submittedDate must be [YYYYMMDDHHMM TO YYYYMMDDHHMM]")
    try:
        first, last = (datetime.strptime(part, "%Y%m%d%H%M").replace(tzinfo=UTC) for part in match.groups())
    except ValueError as error:
        raise BadQuery(f"no such date in {text}") from error
    return Submitted(first, last)


_Tokens = list[Node | str]


def _alternatives(tokens: _Tokens) -> tuple[Node, _Tokens]:
    node, tokens = _conjunction(tokens)
    while tokens and tokens[0] == "OR":
        right, tokens = _conjunction(tokens[1:])
        node = Both("OR", node, right)
    return node, tokens


def _conjunction(tokens: _Tokens) -> tuple[Node, _Tokens]:
    node, tokens = _operand(tokens)
    while tokens and tokens[0] in ("AND", "ANDNOT"):
        operator = str(tokens[0])
        right, tokens = _operand(tokens[1:])
        node = Both(operator, node, right)
    return node, tokens


def _operand(tokens: _Tokens) -> tuple[Node, _Tokens]:
    if not tokens:
        raise BadQuery("the query ends where a term should follow")
    head, rest = tokens[0], tokens[1:]
    if head == "(":
        node, rest = _alternatives(rest)
        if not rest or rest[0] != ")":
            raise BadQuery("a bracket is not closed")
        return node, rest[1:]
    if isinstance(head, str):
        raise BadQuery(f"unexpected {head} in the query")
    return head, rest


# --- the index --------------------------------------------------------------------------------------------------


def submitted_at(paper: Paper) -> datetime:
    """A paper's moment of submission: its day, and a minute that depends on its id only, as a corpus has days only."""
    return datetime.combine(paper.published, time(), UTC) + timedelta(minutes=crc32(paper.id.encode()) % 1440)


def updated_at(paper: Paper) -> datetime:
    """When the paper's last version came, or its first where the corpus does not tell."""
    if paper.updated is None:
        return submitted_at(paper)
    return paper.updated if paper.updated.tzinfo else paper.updated.replace(tzinfo=UTC)


def words(text: str) -> list[str]:
    """The words of a text as a search engine indexes them."""
    folded = "".join(c for c in unicodedata.normalize("NFKD", text) if not unicodedata.combining(c))
    return _WORD.findall(folded.lower())


class Index:
    """A corpus that answers expressions quickly.

    Papers are numbered by submission time; a set of papers is an int with one bit a paper, so that AND, OR and ANDNOT
    are single operations, a date range is a run of ones, and a count is `bit_count()`.
    """

    def __init__(self, papers: Iterable[Paper]) -> None:
        self.papers: Sequence[Paper] = sorted(papers, key=lambda paper: (submitted_at(paper), paper.id))
        self._times = [submitted_at(paper) for paper in self.papers]
        self._texts: dict[str, list[str]] = {field: [] for field in TEXT_FIELDS}
        self._postings: dict[tuple[str, str], list[int]] = defaultdict(list)
        self._by_category: dict[str, list[int]] = defaultdict(list)
        self._by_id: dict[str, list[int]] = defaultdict(list)
        for number, paper in enumerate(self.papers):
            self._add(number, paper)
        self._terms: dict[Term, int] = {}
        by_update = sorted(range(len(self.papers)), key=lambda n: (updated_at(self.papers[n]), n))
        self._update_rank = {number: rank for rank, number in enumerate(by_update)}

    def _add(self, number: int, paper: Paper) -> None:
        parts = {"ti": [paper.title], "abs": [paper.abstract or ""], "au": paper.authors, "co": [paper.comments or ""]}
        for field, texts in parts.items():
            runs = [words(text) for text in texts]
            # Two blanks between authors: no phrase runs from one name into the next.
            self._texts[field].append("".join(f" {' '.join(run)} " for run in runs))
            for word in {word for run in runs for word in run}:
                self._postings[field, word].append(number)
        for category in paper.categories:
            self._by_category[category.lower()].append(number)
        self._by_id[paper.id].append(number)

    def matches(self, node: Node) -> int:
        """The set of papers that an expression finds, one bit a paper."""
        match node:
            case Term():
                if node not in self._terms:
                    self._terms[node] = self._find(node)
                return self._terms[node]
            case Submitted(first, last):
                return self._between(first, last)
            case Both(operator, left, right):
                one, other = self.matches(left), self.matches(right)
                return one & other if operator == "AND" else one | other if operator == "OR" else one & ~other

    def with_ids(self, ids: Iterable[str]) -> int:
        """The set of papers that have one of these base ids."""
        return self._set(number for base in ids for number in self._by_id.get(base, ()))

    def slice(self, found: int, start: int, count: int, sort_by: str, ascending: bool) -> list[Paper]:
        """Part of a set, in an order: by submission, by last update, or (relevance) newest first whatever was asked."""
        numbers = _numbers(found)
        if sort_by == "lastUpdatedDate":
            numbers.sort(key=self._update_rank.__getitem__)
        if sort_by == "relevance" or not ascending:
            numbers.reverse()
        return [self.papers[number] for number in islice(numbers, start, start + count)]

    def _find(self, term: Term) -> int:
        if term.field == "cat":
            return self._in_category(term.text.lower())
        if term.field == "id":
            return self.with_ids([term.text])
        run = words(term.text)
        if term.field == "all":
            found = self._in_category(term.text.lower()) | self.with_ids([term.text])
            for field in TEXT_FIELDS:
                found |= self._phrase(field, run)
            return found
        return self._phrase(term.field, run)

    def _in_category(self, pattern: str) -> int:
        if not pattern.endswith("*"):
            return self._set(self._by_category.get(pattern, ()))
        prefix = pattern.removesuffix("*")
        return self._set(n for name, numbers in self._by_category.items() if name.startswith(prefix) for n in numbers)

    def _phrase(self, field: str, run: list[str]) -> int:
        postings = [self._postings.get((field, word), ()) for word in run]
        if not postings or not all(postings):
            return 0
        rarest = min(postings, key=len)
        if len(run) == 1:
            return self._set(rarest)
        texts, phrase = self._texts[field], f" {' '.join(run)} "
        return self._set(number for number in rarest if phrase in texts[number])

    def _between(self, first: datetime, last: datetime) -> int:
        low, high = bisect_left(self._times, first), bisect_right(self._times, last)
        return ((1 << high) - 1) & ~((1 << low) - 1)

    def _set(self, numbers: Iterable[int]) -> int:
        bits = bytearray(len(self.papers) // 8 + 1)
        for number in numbers:
            bits[number >> 3] |= 1 << (number & 7)
        return int.from_bytes(bits, "little")


def _numbers(found: int) -> list[int]:
    """The members of a set, in order."""
    data = found.to_bytes((found.bit_length() + 7) // 8, "little")
    return [8 * at + bit for at, byte in enumerate(data) if byte for bit in range(8) if byte >> bit & 1]
