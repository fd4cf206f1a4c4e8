"""A page of OAI-PMH records, read strictly and in passing: parts of an answer in, papers out, no tree in between.

Protocol: http://www.openarchives.org/OAI/openarchivesprotocol.html. The two formats are those that arXiv's own server
writes (https://github.com/arXiv/oaipmh, templates/record_formats.xml; schemas http://arxiv.org/OAI/arXivRaw.xsd and
http://arxiv.org/OAI/arXiv.xsd).
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from datetime import UTC, date, datetime, time, timedelta
from typing import NamedTuple
from xml.parsers import expat

from littriage.errors import EmptyAnswer, HarvestRefused, MalformedFeed, TokenRejected
from littriage.identity import author_list, author_names, clean_text, is_withdrawn
from littriage.model import ArxivId, Paper, parse_arxiv_id
from littriage.ports import RecordPage
from littriage.sources.entries import Drops, arxiv_categories, date_fault
from littriage.sources.transport import check_encoding, excerpt

_PREFIXES = {
    "http://www.openarchives.org/OAI/2.0/": "",
    "http://arxiv.org/OAI/arXivRaw/": "raw:",
    "http://arxiv.org/OAI/arXiv/": "meta:",
}
_ROOT = "/OAI-PMH"
_LIST = f"{_ROOT}/ListRecords"
_RECORD = f"{_LIST}/record"
_HEADER = f"{_RECORD}/header"
_RAW = f"{_RECORD}/metadata/raw:arXivRaw"
_META = f"{_RECORD}/metadata/meta:arXiv"
_AUTHOR = f"{_META}/meta:authors/meta:author"
_VERSION = f"{_RAW}/raw:version"
_ERROR = f"{_ROOT}/error"
_TOKEN = f"{_LIST}/resumptionToken"
_RESPONSE_DATE = f"{_ROOT}/responseDate"
_SHARED = ("id", "title", "categories", "comments", "abstract")
_TEXTS = {
    _RESPONSE_DATE: "responseDate",
    _TOKEN: "token",
    _ERROR: "error",
    f"{_HEADER}/identifier": "identifier",
    f"{_HEADER}/datestamp": "datestamp",
    f"{_VERSION}/raw:date": "version date",
    f"{_RAW}/raw:authors": "authors",
    **{f"{_RAW}/raw:{name}": name for name in _SHARED},
    **{f"{_META}/meta:{name}": name for name in (*_SHARED, "created", "updated")},
    **{f"{_AUTHOR}/meta:{name}": name for name in ("forenames", "keyname", "suffix")},
}
"""Where the texts stand that are read, and what each is."""
_DEEPEST = 32
_ERRORS_KEPT = 8
_BEGINNING_BYTES = 200
_ID_PREFIX = "oai:arXiv.org:"

_DAY = re.compile(r"(\d{4}-\d{2}-\d{2})(?:T\d{2}:\d{2}:\d{2}Z)?", re.ASCII)
_MOMENT = re.compile(r"\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}(?:\.\d+)?Z", re.ASCII)
_VERSION_DATE = re.compile(
    r"(?:[A-Z][a-z]{2}, )?(\d{1,2}) ([A-Z][a-z]{2}) (\d{4}) (\d{2}):(\d{2}):(\d{2}) GMT", re.ASCII
)
_VERSION_NUMBER = re.compile(r"v(\d{1,6})", re.ASCII)
_MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")


def parse_records(chunks: Iterable[bytes], today: date, *, continued: bool = False) -> RecordPage:
    """The papers of one answer to ListRecords, in arXivRaw or arXiv format; of the answer no more than a part is held.

    `continued` says that it answers a resumption token. Then the element that tells how the list goes on must be there
    (protocol, section 3.5): where it is missing the answer was cut. A record that cannot be a paper as of `today`, give
    or take a day, is a drop with its reason, and so is the earlier of two records of a paper. `noRecordsMatch` is an
    empty page.

    Raises TokenRejected for a token that is not taken, HarvestRefused for the other errors of the protocol, EmptyAnswer
    for a list without records, and MalformedFeed for anything but a whole, well-formed answer.
    """
    reader = _Reader(today)
    try:
        for chunk in chunks:
            reader.feed(chunk)
        return reader.page(continued=continued)
    finally:
        reader.close()


class _Held(NamedTuple):
    """The newest record of a paper so far."""

    datestamp: date
    paper: Paper | None
    """None: deleted."""


class _Reader:
    """Takes an answer part by part. What is kept of a record, once it is read, is its paper."""

    def __init__(self, today: date) -> None:
        self._today = today
        # The protocol allows UTF-8 only (section 3.2), whatever an answer may declare or begin with.
        self._parser = expat.ParserCreate("UTF-8", "}")
        self._parser.buffer_text = True
        self._parser.XmlDeclHandler = self._declaration
        self._parser.StartDoctypeDeclHandler = self._doctype
        self._parser.StartElementHandler = self._start
        self._parser.EndElementHandler = self._end
        self._beginning = b""
        self._read = 0
        self._path: list[str] = []
        self._text: list[str] = []
        self._parser.CharacterDataHandler = self._text.append
        self._facts: dict[str, str] = {}
        self._listed = False
        self._errors: list[tuple[str, str]] = []
        self._code = ""
        self._record: dict[str, str] = {}
        self._versions: list[tuple[str, str]] = []
        self._version = ""
        self._authors: list[str] = []
        self._deleted = False
        self._received = 0
        self._drops = Drops()
        self._held: dict[str, _Held] = {}
        self._oldest: date | None = None
        self._newest: date | None = None
        self._latest: date | None = None
        self._in_order = True

    # --- the document -------------------------------------------------------------------------------------------

    def feed(self, chunk: bytes) -> None:
        """Reads the next part."""
        if len(self._beginning) < _BEGINNING_BYTES:
            self._beginning += chunk[:_BEGINNING_BYTES]
        try:
            self._parser.Parse(chunk, False)
        except expat.ExpatError as error:
            raise self._malformed(error, chunk) from error
        self._read += len(chunk)

    def page(self, *, continued: bool) -> RecordPage:
        """What has been read, where it is whole."""
        try:
            self._parser.Parse(b"", True)
        except expat.ExpatError as error:
            raise self._malformed(error, b"") from error
        if b"\0" in self._beginning:
            check_encoding("UTF-16")  # the parser tells it by its first bytes, and would take it
        nothing = self._refused(continued)
        responded_on = _responded_on(self._facts.get("responseDate", ""), self._today)
        if not nothing and not self._received:
            raise EmptyAnswer("a list without a single record, and no error that says so: try again later", received=0)
        if continued and "token" not in self._facts:
            raise MalformedFeed(
                f"the answer to a resumption token ends after {self._received} records without telling how the list "
                "goes on: try again later",
                received=self._received,
            )
        held = self._held.items()
        return RecordPage(
            papers=tuple(one.paper for _, one in held if one.paper is not None),
            deleted=tuple(base for base, one in held if one.paper is None),
            token=self._facts.get("token") or None,
            responded_on=responded_on,
            oldest=self._oldest,
            newest=self._newest,
            in_order=self._in_order,
            received=self._received,
            dropped=self._drops.summed(),
        )

    def close(self) -> None:
        """Lets go of the parser, which holds the reader in turn: no page stays in memory until the next collection."""
        del self._parser

    def _refused(self, continued: bool) -> bool:
        """Whether the answer says that no record matches. Raises the error that it says otherwise."""
        if not self._errors:
            if not self._listed:
                raise MalformedFeed("an answer with neither records nor an error: try again later")
            return False
        said = "; ".join(f"{code or 'no code'}: {reason[:200]}" for code, reason in self._errors)
        codes = [code for code, _ in self._errors]
        if "badResumptionToken" in codes:
            raise TokenRejected(f"the resumption token is not taken ({said}): begin the listing again", codes=codes)
        if set(codes) != {"noRecordsMatch"} or self._listed:
            raise HarvestRefused(f"the source refuses the listing ({said}): check set, day and format", codes=codes)
        if continued:
            raise TokenRejected(f"nothing is left where a token leads ({said}): begin the listing again", codes=codes)
        return True

    def _malformed(self, error: expat.ExpatError, chunk: bytes) -> MalformedFeed:
        place = max(0, self._parser.ErrorByteIndex - self._read)
        strange = chunk[place : place + 1]
        what = expat.ErrorString(error.code)
        if strange and (strange < b" " or strange >= b"\x7f") and strange not in b"\t\n\r":
            what += f", byte 0x{strange.hex().upper()}"
        return MalformedFeed(
            f"no well-formed XML ({what}: line {error.lineno}, column {error.offset}), it begins with "
            f"{excerpt(self._beginning)!r}: try again later",
            line=error.lineno,
            column=error.offset,
            excerpt=excerpt(self._beginning),
        )

    def _declaration(self, _version: str, encoding: str | None, _standalone: int) -> None:
        check_encoding(encoding)

    def _doctype(self, name: str, _system: str | None, _public: str | None, _internal: int) -> None:
        """OAI-PMH has none, and entities are declared in one."""
        raise MalformedFeed(f"a document of type {name} came instead of OAI-PMH: try again later", doctype=name)

    # --- its elements -------------------------------------------------------------------------------------------

    def _start(self, name: str, attributes: Mapping[str, str]) -> None:
        space, _, local = name.rpartition("}")
        parent = self._path[-1] if self._path else ""
        path = f"{parent}/{_PREFIXES.get(space, '?')}{local}"
        if not parent and path != _ROOT:
            raise MalformedFeed(f"a <{local}> came instead of OAI-PMH: try again later", tag=name)
        if parent in _TEXTS or len(self._path) == _DEEPEST:
            raise MalformedFeed(f"a <{local}> inside {parent}, where none can be: try again later", tag=name)
        self._path.append(path)
        self._text.clear()
        if path == _RECORD:
            self._record, self._versions, self._authors, self._deleted = {}, [], [], False
        elif path == _HEADER:
            self._deleted = attributes.get("status") == "deleted"
        elif path == _VERSION:
            self._version = attributes.get("version", "")
        elif path == _ERROR:
            self._code = attributes.get("code", "")
        elif path == _LIST:
            self._listed = True

    def _end(self, _name: str) -> None:
        path = self._path.pop()
        if kind := _TEXTS.get(path):
            self._take(kind, "".join(self._text).strip())
        elif path == _RECORD:
            self._take_record()
        elif path == _AUTHOR:
            names = (self._record.pop(part, "") for part in ("forenames", "keyname", "suffix"))
            self._authors.append(" ".join(names))
        self._text.clear()

    def _take(self, kind: str, text: str) -> None:
        if kind == "version date":
            self._versions.append((self._version, text))
        elif kind == "error":
            if len(self._errors) < _ERRORS_KEPT:
                self._errors.append((self._code, clean_text(text)))
        elif kind in ("responseDate", "token"):
            self._facts[kind] = text
        else:
            self._record[kind] = text

    # --- its records --------------------------------------------------------------------------------------------

    def _take_record(self) -> None:
        self._received += 1
        said = self._record.get("id") or self._record.get("identifier", "")
        name = parse_arxiv_id(said.removeprefix(_ID_PREFIX))
        datestamp = _day(self._record.get("datestamp", ""))
        if name is None:
            self._drops.add("no arXiv id", said or self._record.get("title", ""))
            return
        if datestamp is None:
            self._drops.add("no datestamp", name.base)
            return
        if datestamp > self._today + timedelta(days=1):
            self._drops.add("datestamp in the future", name.base)
            return
        self._note(datestamp)
        paper = None
        if not self._deleted:
            found = self._paper(name)
            if isinstance(found, str):
                self._drops.add(found, name.base)
                return
            paper = found
        known = self._held.get(name.base)
        if known is not None:
            self._drops.add("seen twice", name.base)
        if known is None or known.datestamp <= datestamp:
            self._held[name.base] = _Held(datestamp, paper)

    def _note(self, datestamp: date) -> None:
        if self._oldest is None or datestamp < self._oldest:
            self._oldest = datestamp
        if self._newest is None or datestamp > self._newest:
            self._newest = datestamp
        if self._latest is not None and datestamp < self._latest:
            self._in_order = False
        self._latest = datestamp

    def _paper(self, name: ArxivId) -> Paper | str:
        """The paper of a record, or why it has none."""
        record = self._record
        title = clean_text(record.get("title", ""))
        if not title:
            return "no title"
        dates = self._dates()
        if dates is None:
            return "no date"
        submitted, updated, version = dates
        if fault := date_fault(name, submitted, self._today):
            return fault
        abstract, comments = clean_text(record.get("abstract", "")), clean_text(record.get("comments", ""))
        return Paper(
            id=name.base,
            title=title,
            abstract=abstract or None,
            authors=author_names(record["authors"]) if "authors" in record else author_list(self._authors),
            categories=arxiv_categories(record.get("categories", "").split()),
            published=submitted,
            version=version,
            updated=updated,
            comments=comments or None,
            withdrawn=is_withdrawn(abstract, comments),
        )

    def _dates(self) -> tuple[date, datetime, int | None] | None:
        """Day of the first version, moment and number of the last; None where one is missing or no date.

        The arXiv format tells days only, and no number.
        """
        if self._versions:
            versions = []
            for number, text in self._versions:
                if (match := _VERSION_NUMBER.fullmatch(number)) is None:
                    return None
                versions.append((int(match[1]), text))
            versions.sort()
            first, last = _version_moment(versions[0][1]), _version_moment(versions[-1][1])
            return (first.date(), last, versions[-1][0]) if first and last else None
        created = _day(self._record.get("created", ""))
        updated = _day(self._record["updated"]) if self._record.get("updated") else created
        return (created, datetime.combine(updated, time(), UTC), None) if created and updated else None


def _responded_on(text: str, today: date) -> date:
    """The source's day. It is where the next listing begins, so that one which has not come yet is refused."""
    try:
        day = datetime.fromisoformat(text).date() if _MOMENT.fullmatch(text) else None
    except ValueError:
        day = None
    if day is None:
        raise MalformedFeed(f"the answer has no responseDate that can be read: {text!r}. Try again later", text=text)
    if day > today + timedelta(days=1):
        raise MalformedFeed(f"the answer is dated {day}, and today is {today}: check this machine's clock", text=text)
    return day


def _day(text: str) -> date | None:
    """The day of a datestamp; None where it is none."""
    if (match := _DAY.fullmatch(text)) is None:
        return None
    try:
        return date.fromisoformat(match[1])
    except ValueError:
        return None


def _version_moment(text: str) -> datetime | None:
    """The moment of a version, such as `Mon, 2 Apr 2007 19:18:42 GMT`; None where it is none."""
    if (match := _VERSION_DATE.fullmatch(text)) is None or match[2] not in _MONTHS:
        return None
    day, month, *rest = match.groups()
    year, hour, minute, second = map(int, rest)
    try:
        return datetime(year, _MONTHS.index(month) + 1, int(day), hour, minute, second, tzinfo=UTC)
    except ValueError:
        return None
