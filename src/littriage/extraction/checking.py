"""What a language model says of a piece, item by item: kept where the text and the catalogue bear it out, or dropped.

An answer is a stranger's word, whatever stood in the document: an item that is wrong is dropped with a reason, and the
others stand.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from functools import cached_property
from typing import Any

from littriage.extraction.dating import first_day, is_printed, last_day, window_of
from littriage.extraction.locating import Copies, Places, Span, contains, is_chinese, locate, tokens
from littriage.extraction.matching import Known, slug_of
from littriage.extraction.question import (
    EVIDENCE_CHARS,
    MOST_CLAIMS,
    MOST_DIRECTIONS,
    NAME_CHARS,
    PARAPHRASE_CHARS,
    PARAPHRASE_ZH_CHARS,
    PHRASE_CHARS,
    SCOPE_CHARS,
    TERM_CHARS,
    Piece,
)
from littriage.model import Exemplar, Query, Stance, parse_arxiv_id
from littriage.prompts import TITLE_CHARS, quoted

COPIED_WORDS = 12
"""An English sentence of ours shares no longer run of words with the text."""
COPIED_SIGNS = 20
"""The same for a Chinese one: signs, with a Latin word as one."""


class Reason(StrEnum):
    """Why an item is dropped."""

    SHAPE = "not of the shape that was asked for"
    TERM = "the term does not stand in the text"
    EVIDENCE = "the quoted words do not stand in the text beside the term"
    STANCE = "an unknown stance"
    DATE = "no possible date"
    LATE = "dated after the document"
    DIRECTION = "a direction that is neither known nor described"
    SLUG = "a slug that the catalogue does not have"
    NAME = "a new direction without an English name"
    SCOPE = "a new direction without a scope in English"
    QUERY = "a query that does not parse"
    COPIED = "words of ours that copy the text"
    PARAPHRASE = "no paraphrase in English"
    EXEMPLAR_ID = "an exemplar with an impossible arXiv id"
    EXEMPLAR_TITLE = "an exemplar whose id is another paper's"
    EXEMPLAR_YEAR = "an exemplar without an id and a year"


REASON_ZH: Mapping[Reason, str] = {
    Reason.SHAPE: "不是所要求的形式",
    Reason.TERM: "原文中没有该术语",
    Reason.EVIDENCE: "引用的字句不在原文该术语旁边",
    Reason.STANCE: "未知的立场",
    Reason.DATE: "不可能的日期",
    Reason.LATE: "日期晚于文献",
    Reason.DIRECTION: "方向既非已知也没有描述",
    Reason.SLUG: "目录中没有的代号",
    Reason.NAME: "新方向没有英文名",
    Reason.SCOPE: "新方向没有英文的范围说明",
    Reason.QUERY: "无法解析的查询",
    Reason.COPIED: "照抄原文的转述",
    Reason.PARAPHRASE: "没有英文转述",
    Reason.EXEMPLAR_ID: "代表论文的 arXiv 编号不可能存在",
    Reason.EXEMPLAR_TITLE: "代表论文的编号属于另一篇论文",
    Reason.EXEMPLAR_YEAR: "代表论文既无编号也无年份",
}
"""The same in Chinese."""


@dataclass(frozen=True, slots=True, order=True)
class Dropped:
    """An item that was not kept."""

    document: str
    section: int
    reason: Reason
    what: str
    """The term, the direction or the id that it was about."""


@dataclass(frozen=True, slots=True)
class NamedDirection:
    """A known direction that a model sees named."""

    slug: str
    term: str
    span: Span
    piece: Piece


@dataclass(frozen=True, slots=True)
class NewDirection:
    """A direction that a model describes and the catalogue does not have by name."""

    name: str
    name_zh: str
    term: str
    span: Span
    theme: str
    """Slug of a theme of the catalogue; empty where none was named."""
    scope: str
    query: Query
    exemplars: tuple[Exemplar, ...]
    """None of them checked against the warehouse."""
    piece: Piece


@dataclass(frozen=True, slots=True)
class Statement:
    """A claim before its direction is decided."""

    direction: str
    """As the model calls it."""
    term: str
    span: Span
    stance: Stance
    paraphrase: str
    paraphrase_zh: str
    date: str
    """Empty where neither the text nor the document has one; then the window's months are empty too."""
    window: tuple[str, str]
    inferred: bool
    piece: Piece


@dataclass(frozen=True, slots=True)
class Items:
    """What was kept of one answer, and what was not."""

    named: tuple[NamedDirection, ...]
    new: tuple[NewDirection, ...]
    statements: tuple[Statement, ...]
    dropped: tuple[Dropped, ...]


class _Refused(Exception):
    """An item is dropped."""

    def __init__(self, reason: Reason, what: str = "") -> None:
        super().__init__(reason)
        self.reason = reason
        self.what = what


@dataclass
class Checker:
    """Checks answers about one document."""

    known: Known
    text: str
    day: str
    """Of the document; empty where it is not known."""
    today: date

    @cached_property
    def _copies(self) -> Copies:
        return Copies(self.text)

    def items(self, answer: Mapping[str, Any], piece: Piece) -> Items:
        """The items of an answer about a piece, each kept or dropped."""
        dropped: list[Dropped] = []
        named: list[NamedDirection] = []
        new: list[NewDirection] = []
        statements: list[Statement] = []
        places = Places(piece.shown)

        def drop(reason: Reason, what: str) -> None:
            shown = quoted(what, TERM_CHARS // 2)
            dropped.append(Dropped(piece.document.name, piece.section.number, reason, shown))

        for item in _tables(answer, "directions", MOST_DIRECTIONS, drop):
            try:
                found = self._direction(item, piece, places, drop)
            except _Refused as refused:
                drop(refused.reason, refused.what or _text(item, "name_en") or _text(item, "term"))
            else:
                (named if isinstance(found, NamedDirection) else new).append(found)  # type: ignore[arg-type]
        for item in _tables(answer, "claims", MOST_CLAIMS, drop):
            try:
                statements.append(self._statement(item, piece, places))
            except _Refused as refused:
                drop(refused.reason, refused.what or _text(item, "term"))
        return Items(tuple(named), tuple(new), tuple(statements), tuple(dropped))

    # --- directions -------------------------------------------------------------------------------------------

    def _direction(
        self, item: Mapping[str, Any], piece: Piece, places: Places, drop: Any
    ) -> NamedDirection | NewDirection:
        term = _text(item, "term", TERM_CHARS)
        standing = places.all(term)
        if not standing:
            raise _Refused(Reason.TERM, term)
        called, name = _text(item, "known", NAME_CHARS), _text(item, "name_en", NAME_CHARS)
        slug = self.known.find(called) if called else None
        slug = slug or (self.known.find(name) if name else None)
        if slug:
            return NamedDirection(slug, term, standing[0], piece)
        if called and not name:
            raise _Refused(Reason.SLUG, called)
        if not slug_of(name) or is_chinese(name):
            raise _Refused(Reason.NAME, name or term)
        scope = _text(item, "scope_en", SCOPE_CHARS)
        if not scope or is_chinese(scope):
            raise _Refused(Reason.SCOPE, name)
        self._refuse_copy(scope, name)
        query = _query(item)
        if query is None:
            raise _Refused(Reason.QUERY, name)
        name_zh = _text(item, "name_zh", NAME_CHARS)
        theme = _text(item, "theme", NAME_CHARS)
        return NewDirection(
            name=name,
            name_zh=name_zh if is_chinese(name_zh) else term if is_chinese(term) else name,
            term=term,
            span=standing[0],
            theme=theme if theme in self.known.themes else "",
            scope=scope,
            query=query,
            exemplars=tuple(self._exemplars(item, drop)),
            piece=piece,
        )

    def _exemplars(self, item: Mapping[str, Any], drop: Any) -> Iterator[Exemplar]:
        seen: set[str] = set()
        for one in _tables(item, "exemplars", MOST_DIRECTIONS, drop):
            title, given = _text(one, "title", TITLE_CHARS), _text(one, "arxiv_id", NAME_CHARS)
            found = parse_arxiv_id(given) if given else None
            year = one.get("year")
            if given and (found is None or found.month > self.today):
                drop(Reason.EXEMPLAR_ID, given)
            elif not title:
                drop(Reason.SHAPE, given)
            elif found:
                if found.base not in seen:
                    seen.add(found.base)
                    yield Exemplar(title, found.month.year, found.base, checked=False)
            elif type(year) is int and 1900 <= year <= self.today.year:
                yield Exemplar(title, year, None, checked=False)
            else:
                drop(Reason.EXEMPLAR_YEAR, title)

    # --- claims -----------------------------------------------------------------------------------------------

    def _statement(self, item: Mapping[str, Any], piece: Piece, places: Places) -> Statement:
        direction, term = _text(item, "direction", NAME_CHARS), _text(item, "term", TERM_CHARS)
        if not direction:
            raise _Refused(Reason.DIRECTION, term)
        if not places.all(term):
            raise _Refused(Reason.TERM, term)
        evidence = item.get("evidence")
        if not isinstance(evidence, str) or len(evidence) > EVIDENCE_CHARS:
            raise _Refused(Reason.EVIDENCE, term)
        at = item.get("at")
        span = locate(places, term, evidence, at if type(at) is int else -1)
        if span is None or not contains(self.text, span, term):
            raise _Refused(Reason.EVIDENCE, term)
        stance = item.get("stance")
        if stance not in list(Stance):
            raise _Refused(Reason.STANCE, str(stance))
        paraphrase = _text(item, "paraphrase_en", PARAPHRASE_CHARS)
        if len(tokens(paraphrase)) < 2 or is_chinese(paraphrase):
            raise _Refused(Reason.PARAPHRASE, term)
        paraphrase_zh = _text(item, "paraphrase_zh", PARAPHRASE_ZH_CHARS)
        self._refuse_copy(paraphrase, term)
        self._refuse_copy(paraphrase_zh, term)
        said, window = self._date(_text(item, "date", NAME_CHARS), piece, term)
        return Statement(
            direction=direction,
            term=term,
            span=span,
            stance=Stance(stance),
            paraphrase=paraphrase,
            paraphrase_zh=paraphrase_zh if is_chinese(paraphrase_zh) else "",
            date=said,
            window=window,
            inferred=item.get("inferred") is not False,  # not told: our reading
            piece=piece,
        )

    def _date(self, said: str, piece: Piece, term: str) -> tuple[str, tuple[str, str]]:
        """Date and window: the item's own date where the document prints its year, else the section's or document's."""
        latest = min(self.today, last_day(self.day) or self.today)
        basis = piece.section.day or self.day
        if said:
            first = first_day(said)
            if first is None:
                raise _Refused(Reason.DATE, f"{term}: {said}")
            if first > latest:
                raise _Refused(Reason.LATE, f"{term}: {said}")
            if not is_printed(said, f"{basis} {self.text}"):
                said = ""
        said = said or basis
        if not said:
            return "", ("", "")
        if first_day(said) is None:
            raise _Refused(Reason.DATE, f"{term}: {said}")
        return said, window_of(said, latest)

    def _refuse_copy(self, sentence: str, what: str) -> None:
        if self._copies.shares(sentence, COPIED_SIGNS if is_chinese(sentence) else COPIED_WORDS):
            raise _Refused(Reason.COPIED, what)


def _tables(answer: Mapping[str, Any], key: str, most: int, drop: Any) -> Iterator[Mapping[str, Any]]:
    """The tables of a list in an answer; what is no table is dropped, and what is too much."""
    found = answer.get(key)
    if not isinstance(found, list):
        drop(Reason.SHAPE, key)
        return
    for number, item in enumerate(found):
        if isinstance(item, dict) and number < most:
            yield item
        else:
            drop(Reason.SHAPE, key)


def _text(item: Mapping[str, Any], key: str, most_chars: int = NAME_CHARS) -> str:
    """A text of an item on one line; empty where it is no text, or longer than what was asked for."""
    value = item.get(key)
    if not isinstance(value, str):
        return ""
    line = quoted(value, most_chars + 1)
    return line if len(line) <= most_chars else ""


def _query(item: Mapping[str, Any]) -> Query | None:
    """The query of a new direction; None where there is no group with a phrase in it."""
    groups = item.get("query")
    if not isinstance(groups, list):
        return None
    all_of = []
    for group in groups:
        if not isinstance(group, list):
            return None
        phrases = [_text({"phrase": phrase}, "phrase", PHRASE_CHARS) for phrase in group]
        if kept := tuple(dict.fromkeys(phrase for phrase in phrases if tokens(phrase))):
            all_of.append(kept)
    categories = item.get("categories")
    named = [name for name in categories if isinstance(name, str)] if isinstance(categories, list) else []
    named = [name for name in named if _CATEGORY.fullmatch(name)]
    return Query(tuple(all_of), (), tuple(dict.fromkeys(named))) if all_of else None


_CATEGORY = re.compile(r"[a-z]+(-[a-z]+)?\.([A-Z]{2}|[a-z]+(-[a-z]+)?)|[a-z]+-[a-z]+")
"""The shape of an arXiv category; what has another is left out, and the query asks in all of arXiv."""
