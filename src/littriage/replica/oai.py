"""OAI-PMH 2.0 as arXiv serves it: request parameters and a corpus in, the bytes of an answer out.

Follows http://www.openarchives.org/OAI/openarchivesprotocol.html, and where that leaves a choice, arXiv's own server
(https://github.com/arXiv/oaipmh, https://info.arxiv.org/help/oa/index.html): datestamps are days, lists are ordered by
datestamp and id, a resumption token is the query itself with `from` moved on and a number of records to skip, a list of
several pages ends with an empty token, a list of one page has none, and errors come with status 200. One thing is ours:
a token carries the day on which it expires, so that it can be told from a fresh one without keeping a list of those
given out.
"""

from __future__ import annotations

import re
from bisect import bisect_left, bisect_right
from collections import Counter
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from functools import lru_cache
from urllib.parse import parse_qsl, quote, unquote, urlencode
from xml.sax.saxutils import quoteattr

from littriage.model import Paper, parse_arxiv_id
from littriage.replica.feed import printable, xml_text
from littriage.replica.search import submitted_at, updated_at

EARLIEST = date(2005, 9, 16)
"""No record has changed before: some 90,000 old papers share this datestamp."""
RECORDS_LIMIT = 3_500
HEADERS_LIMIT = 20_000
PREFIX = "oai:arXiv.org:"
NAMESPACE = "http://www.openarchives.org/OAI/2.0/"
TEXT_XML = "application/xml"

GROUPS = {
    "cs": "Computer Science",
    "econ": "Economics",
    "eess": "Electrical Engineering and Systems Science",
    "math": "Mathematics",
    "physics": "Physics",
    "q-bio": "Quantitative Biology",
    "q-fin": "Quantitative Finance",
    "stat": "Statistics",
}
ARCHIVES = {
    "astro-ph": "Astrophysics",
    "cond-mat": "Condensed Matter",
    "cs": "Computer Science",
    "econ": "Economics",
    "eess": "Electrical Engineering and Systems Science",
    "gr-qc": "General Relativity and Quantum Cosmology",
    "hep-ex": "High Energy Physics - Experiment",
    "hep-lat": "High Energy Physics - Lattice",
    "hep-ph": "High Energy Physics - Phenomenology",
    "hep-th": "High Energy Physics - Theory",
    "math": "Mathematics",
    "math-ph": "Mathematical Physics",
    "nlin": "Nonlinear Sciences",
    "nucl-ex": "Nuclear Experiment",
    "nucl-th": "Nuclear Theory",
    "physics": "Physics",
    "q-bio": "Quantitative Biology",
    "q-fin": "Quantitative Finance",
    "quant-ph": "Quantum Physics",
    "stat": "Statistics",
}
_CLOSED_ARCHIVES = {"alg-geom": "math", "cmp-lg": "cs", "dg-ga": "math", "funct-an": "math", "q-alg": "math"}
"""Archives that became part of a group other than physics (https://arxiv.org/category_taxonomy)."""

FORMATS = {
    "oai_dc": ("http://www.openarchives.org/OAI/2.0/oai_dc.xsd", "http://www.openarchives.org/OAI/2.0/oai_dc/"),
    "arXiv": ("http://arxiv.org/OAI/arXiv.xsd", "http://arxiv.org/OAI/arXiv/"),
    "arXivRaw": ("http://arxiv.org/OAI/arXivRaw.xsd", "http://arxiv.org/OAI/arXivRaw/"),
}
"""Prefix -> schema and namespace."""

_LICENCE = "http://arxiv.org/licenses/nonexclusive-distrib/1.0/"
_XSI = 'xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance"'
_DAY = re.compile(r"\d{4}-\d{2}-\d{2}")
_SUFFIX = re.compile(r"(?:Jr|Sr)\.?|I{2,3}|IV")
_LIST_ARGUMENTS = {"verb", "metadataPrefix", "from", "until", "set"}


class OaiError(ValueError):
    """An error of the protocol: its code and its reason."""

    def __init__(self, code: str, reason: str) -> None:
        super().__init__(reason)
        self.code = code


# --- the corpus -------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Record:
    """A paper as the listing knows it."""

    paper: Paper
    datestamp: date
    """Day of the last change of any kind."""
    deleted: bool = False
    """Only its header is shown."""


def default_datestamp(paper: Paper) -> date:
    """The day of a paper's last version, and never before the service's earliest datestamp."""
    return max(paper.published, updated_at(paper).date(), EARLIEST)


class Repository:
    """A corpus as of a day, ordered by datestamp and id.

    `datestamps` (by id) overrules the day of the last version; records of `deleted` ids are headers only.
    `page_size` holds for records and headers; without it they are 3,500 and 20,000 a page, as at arXiv.
    """

    def __init__(
        self,
        papers: Iterable[Paper],
        *,
        day: date,
        datestamps: Mapping[str, date] | None = None,
        deleted: Collection[str] = (),
        page_size: int | None = None,
    ) -> None:
        stamps = datestamps or {}
        self.day = day
        self.limits = {"ListRecords": page_size or RECORDS_LIMIT, "ListIdentifiers": page_size or HEADERS_LIMIT}
        self.records: Sequence[Record] = sorted(
            (Record(paper, stamps.get(paper.id) or default_datestamp(paper), paper.id in deleted) for paper in papers),
            key=lambda record: (record.datestamp, record.paper.id),
        )
        self._by_id = {record.paper.id: record for record in self.records}
        self._in_set: dict[str, Sequence[Record]] = {"": self.records}

    def record(self, base: str) -> Record | None:
        """The record of a base id; None where there is none."""
        return self._by_id.get(base)

    def in_set(self, spec: str) -> Sequence[Record]:
        """The records of a set, in order; of the whole corpus for the empty name."""
        if spec not in self._in_set:
            self._in_set[spec] = [
                record
                for record in self.records
                if any(spec in sets_of(category) for category in record.paper.categories)
            ]
        return self._in_set[spec]

    def categories(self) -> list[str]:
        """Every category that a paper has, sorted."""
        return sorted({category for record in self.records for category in record.paper.categories})


@lru_cache(maxsize=1024)
def sets_of(category: str) -> tuple[str, ...]:
    """The sets that papers of a category are in, widest first: `cs.CL` is in cs, cs:cs and cs:cs:CL."""
    archive, _, subject = category.partition(".")
    group = archive if archive in GROUPS else _CLOSED_ARCHIVES.get(archive, "physics")
    wider = (group, f"{group}:{archive}")
    return (*wider, f"{group}:{archive}:{subject}") if subject else wider


def _checked_set(spec: str) -> str:
    parts = spec.split(":")
    known = parts[0] in GROUPS and len(parts) <= 3 and all(parts)
    if known and len(parts) > 1:
        known = parts[1] in ARCHIVES and sets_of(parts[1])[0] == parts[0]
    if not known:
        raise OaiError("badArgument", f"Set does not exist: {spec}")
    return spec


# --- lists ------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class RecordList:
    """One page of ListRecords or ListIdentifiers."""

    verb: str
    prefix: str
    records: tuple[Record, ...]
    token: str | None
    """Where the list goes on; empty: this page ends a list of several; None: there is no such element, as in a list of
    one page."""
    asked: str | None
    """The token that the page was asked for with."""
    again: str
    """A token that leads back to this page."""
    earlier: tuple[Record, ...]
    """The records of the page before; none for the first."""
    expires: datetime


def find_records(repository: Repository, arguments: Mapping[str, str]) -> RecordList:
    """The page of a list that a request asks for. Raises OaiError."""
    asked = arguments.get("resumptionToken")
    if asked is None:
        query, skip = dict(arguments), 0
        if strange := sorted(set(query) - _LIST_ARGUMENTS):
            raise OaiError("badArgument", f"Unknown argument: {', '.join(strange)}")
    elif set(arguments) != {"verb", "resumptionToken"}:
        raise OaiError("badArgument", "resumptionToken is exclusive: no other arguments are allowed with it")
    else:
        query, skip = _opened(asked, arguments["verb"], repository.day)
    verb, prefix = query["verb"], _checked_format(query)
    first = _day_of(query, "from") or EARLIEST
    last = _day_of(query, "until") or repository.day
    records = repository.in_set(_checked_set(query["set"]) if query.get("set") else "")
    if first < EARLIEST:
        raise OaiError("badArgument", f"from is before the earliest datestamp, {EARLIEST}")
    if last > repository.day + timedelta(days=1):
        raise OaiError("badArgument", "until is in the future")
    if first > last:
        raise OaiError("badArgument", "until must not be before from")
    start = bisect_left(records, first, key=_datestamp) + skip
    end = bisect_right(records, last, key=_datestamp)
    size = repository.limits[verb]
    if start >= end:
        raise OaiError("noRecordsMatch", "No records match the combination of from, until, set and metadataPrefix")
    stop = min(start + size, end)

    def token(place: int) -> str:
        day = records[place].datestamp
        moved = query | {"from": str(day), "skip": str(place - bisect_left(records, day, key=_datestamp))}
        return quote(urlencode(moved | {"expires": str(repository.day + timedelta(days=1))}))

    return RecordList(
        verb=verb,
        prefix=prefix,
        records=tuple(records[start:stop]),
        token=token(stop) if stop < end else None if asked is None else "",
        asked=asked,
        again=token(start),
        earlier=tuple(records[max(0, start - size) : start]) if asked else (),
        expires=datetime.combine(repository.day + timedelta(days=1), time(), UTC),
    )


def _datestamp(record: Record) -> date:
    return record.datestamp


def _opened(token: str, verb: str, day: date) -> tuple[dict[str, str], int]:
    """The query in a token and the records to skip."""
    query = dict(parse_qsl(unquote(token)))
    skip, expires = query.pop("skip", ""), query.pop("expires", "")
    if not skip.isdigit() or set(query) - _LIST_ARGUMENTS or not _DAY.fullmatch(expires):
        raise OaiError("badResumptionToken", "The token cannot be read")
    if query.get("verb") != verb:
        raise OaiError("badResumptionToken", "The token was given for another verb")
    if str(day) >= expires:
        raise OaiError("badResumptionToken", f"The token expired on {expires}")
    return query, int(skip)


def _checked_format(arguments: Mapping[str, str]) -> str:
    prefix = arguments.get("metadataPrefix")
    if prefix is None:
        raise OaiError("badArgument", "metadataPrefix is required")
    if prefix not in FORMATS:
        raise OaiError("cannotDisseminateFormat", f"There is no format {prefix}")
    return prefix


def _day_of(arguments: Mapping[str, str], name: str) -> date | None:
    text = arguments.get(name)
    if not text:
        return None
    try:
        if _DAY.fullmatch(text):
            return date.fromisoformat(text)
    except ValueError:
        pass
    raise OaiError("badArgument", f"{name} must be a day, YYYY-MM-DD")


# --- answers ----------------------------------------------------------------------------------------------------


def answer_oai(
    repository: Repository,
    arguments: Sequence[tuple[str, str]],
    address: str,
    change: Callable[[RecordList], RecordList] = lambda page: page,
) -> bytes:
    """The answer to a request; `change` may alter a page of a list before it is written. Errors are answers too."""
    try:
        body = _answered(repository, arguments, address, change)
        attributes = "".join(f" {name}={_attribute(value)}" for name, value in arguments)
    except OaiError as error:
        return _document(repository.day, address, "", f'<error code="{error.code}">{xml_text(str(error))}</error>\n')
    return _document(repository.day, address, attributes, body)


def _answered(
    repository: Repository,
    arguments: Sequence[tuple[str, str]],
    address: str,
    change: Callable[[RecordList], RecordList],
) -> str:
    times = Counter(name for name, _ in arguments)
    given = dict(arguments)
    verb = given.get("verb", "")
    if verb not in _VERBS or times["verb"] > 1:
        raise OaiError("badVerb", "The verb is missing, repeated or no verb of OAI-PMH")
    if repeated := [name for name, count in times.items() if count > 1]:
        raise OaiError("badArgument", f"Repeated argument: {', '.join(repeated)}")
    match verb:
        case "Identify":
            _only(given, set())
            return _identify(address)
        case "ListMetadataFormats":
            _only(given, {"identifier"})
            if "identifier" in given:
                _known(repository, given["identifier"])
            return _formats()
        case "ListSets":
            _only(given, set())
            return _sets(repository)
        case "GetRecord":
            _only(given, {"identifier", "metadataPrefix"})
            if "identifier" not in given:
                raise OaiError("badArgument", "identifier is required")
            prefix = _checked_format(given)
            record = _known(repository, given["identifier"])
            return f"<GetRecord>\n{render_record(record, prefix)}</GetRecord>\n"
        case _:
            return _list(change(find_records(repository, given)))


_VERBS = ("Identify", "ListMetadataFormats", "ListSets", "ListIdentifiers", "ListRecords", "GetRecord")


def _only(given: Mapping[str, str], allowed: set[str]) -> None:
    if strange := sorted(set(given) - allowed - {"verb"}):
        raise OaiError("badArgument", f"Unknown argument: {', '.join(strange)}")


def _known(repository: Repository, identifier: str) -> Record:
    parsed = parse_arxiv_id(identifier.removeprefix(PREFIX)) if identifier.startswith(PREFIX) else None
    record = repository.record(parsed.base) if parsed else None
    if record is None:
        raise OaiError("idDoesNotExist", f"There is no {identifier}")
    return record


def _document(day: date, address: str, attributes: str, body: str) -> bytes:
    return f"""<?xml version="1.0" encoding="UTF-8"?>
<OAI-PMH xmlns="{NAMESPACE}" {_XSI} \
xsi:schemaLocation="{NAMESPACE} http://www.openarchives.org/OAI/2.0/OAI-PMH.xsd">
<responseDate>{day}T23:30:00Z</responseDate>
<request{attributes}>{xml_text(address)}</request>
{body}</OAI-PMH>
""".encode()


def _attribute(value: str) -> str:
    return quoteattr(printable(value))


def _identify(address: str) -> str:
    return f"""<Identify>
<repositoryName>arXiv</repositoryName>
<baseURL>{xml_text(address)}</baseURL>
<protocolVersion>2.0</protocolVersion>
<adminEmail>help@arxiv.org</adminEmail>
<earliestDatestamp>{EARLIEST}</earliestDatestamp>
<deletedRecord>persistent</deletedRecord>
<granularity>YYYY-MM-DD</granularity>
</Identify>
"""


def _formats() -> str:
    formats = "".join(
        f"<metadataFormat>\n<metadataPrefix>{prefix}</metadataPrefix>\n<schema>{schema}</schema>\n"
        f"<metadataNamespace>{namespace}</metadataNamespace>\n</metadataFormat>\n"
        for prefix, (schema, namespace) in FORMATS.items()
    )
    return f"<ListMetadataFormats>\n{formats}</ListMetadataFormats>\n"


def _sets(repository: Repository) -> str:
    """Every group and archive, and the categories that occur: the replica does not know the names of those."""
    names = dict(GROUPS)
    names |= {sets_of(archive)[-1]: name for archive, name in ARCHIVES.items()}
    for category in repository.categories():
        names.setdefault(sets_of(category)[-1], category)
    sets = "".join(
        f"<set>\n<setSpec>{xml_text(spec)}</setSpec>\n<setName>{xml_text(name)}</setName>\n</set>\n"
        for spec, name in names.items()
    )
    return f"<ListSets>\n{sets}</ListSets>\n"


def _list(page: RecordList) -> str:
    if page.verb == "ListIdentifiers":
        records = "".join(map(_header, page.records))
    else:
        records = "".join(render_record(record, page.prefix) for record in page.records)
    if page.token is None:
        token = ""
    elif page.token:
        token = (
            f'<resumptionToken expires="{page.expires:%Y-%m-%dT%H:%M:%SZ}">{xml_text(page.token)}</resumptionToken>\n'
        )
    else:
        token = "<resumptionToken/>\n"
    return f"<{page.verb}>\n{records}{token}</{page.verb}>\n"


# --- records ----------------------------------------------------------------------------------------------------


def render_record(record: Record, prefix: str) -> str:
    """A record with its header, in one of the formats."""
    if record.deleted:
        return f"<record>\n{_header(record)}</record>\n"
    metadata = {"oai_dc": _dublin_core, "arXiv": _arxiv, "arXivRaw": _arxiv_raw}[prefix](record.paper)
    return f"<record>\n{_header(record)}<metadata>\n{metadata}</metadata>\n</record>\n"


def _header(record: Record) -> str:
    sets = dict.fromkeys(sets_of(category)[-1] for category in record.paper.categories)
    specs = "".join(f"<setSpec>{xml_text(spec)}</setSpec>\n" for spec in sets)
    status = ' status="deleted"' if record.deleted else ""
    return f"""<header{status}>
<identifier>{PREFIX}{xml_text(record.paper.id)}</identifier>
<datestamp>{record.datestamp}</datestamp>
{specs}</header>
"""


def version_moments(paper: Paper) -> list[datetime]:
    """When each version came, to the second: the first on the paper's day, the last at its update, the others between.

    A corpus tells only those two; versions between are spread evenly.
    """
    first, last = submitted_at(paper), updated_at(paper)
    if last.date() == paper.published:
        first = min(first, last)
    count = paper.version or 1
    if count == 1:
        return [last if last.date() == paper.published else first]
    return [(first + (last - first) * number / (count - 1)).replace(microsecond=0) for number in range(count)]


def _arxiv_raw(paper: Paper) -> str:
    versions = "".join(
        f'<version version="v{number}">\n<date>{moment:%a, {moment.day} %b %Y %H:%M:%S GMT}</date>\n'
        f"<size>{1 + len(paper.text) // 1024}kb</size>\n</version>\n"
        for number, moment in enumerate(version_moments(paper), start=1)
    )
    names = paper.authors
    authors = f"{', '.join(names[:-1])} and {names[-1]}" if len(names) > 1 else "".join(names)
    return f"""<arXivRaw xmlns="http://arxiv.org/OAI/arXivRaw/" {_XSI} \
xsi:schemaLocation="http://arxiv.org/OAI/arXivRaw/ http://arxiv.org/OAI/arXivRaw.xsd">
<id>{xml_text(paper.id)}</id>
<submitter>{xml_text(names[0]) if names else ""}</submitter>
{versions}<title>{xml_text(paper.title)}</title>
<authors>{xml_text(authors)}</authors>
<categories>{xml_text(" ".join(paper.categories))}</categories>
{_element("comments", paper.comments)}<license>{_LICENCE}</license>
{_abstract(paper)}</arXivRaw>
"""


def _arxiv(paper: Paper) -> str:
    created, *later = version_moments(paper)
    authors = "".join(map(_author, paper.authors))
    return f"""<arXiv xmlns="http://arxiv.org/OAI/arXiv/" {_XSI} \
xsi:schemaLocation="http://arxiv.org/OAI/arXiv/ http://arxiv.org/OAI/arXiv.xsd">
<id>{xml_text(paper.id)}</id>
<created>{created:%Y-%m-%d}</created>
{_element("updated", f"{later[-1]:%Y-%m-%d}" if later else None)}<authors>
{authors}</authors>
<title>{xml_text(paper.title)}</title>
{_element("categories", " ".join(paper.categories))}{_element("comments", paper.comments)}\
<license>{_LICENCE}</license>
{_abstract(paper)}</arXiv>
"""


def _dublin_core(paper: Paper) -> str:
    first, *later = version_moments(paper)
    creators = "".join(f"<dc:creator>{xml_text(_inverted(author))}</dc:creator>\n" for author in paper.authors)
    subjects = "".join(_element("dc:subject", category) for category in paper.categories)
    abstract = f"<dc:description>  {xml_text(paper.abstract)}\n </dc:description>\n" if paper.abstract else ""
    return f"""<oai_dc:dc xmlns:oai_dc="http://www.openarchives.org/OAI/2.0/oai_dc/" \
xmlns:dc="http://purl.org/dc/elements/1.1/" {_XSI} xsi:schemaLocation="http://www.openarchives.org/OAI/2.0/oai_dc/ \
http://www.openarchives.org/OAI/2.0/oai_dc.xsd">
<dc:title>{xml_text(paper.title)}</dc:title>
{creators}{subjects}{abstract}{_element("dc:description", paper.comments)}<dc:date>{first:%Y-%m-%d}</dc:date>
{_element("dc:date", f"{later[-1]:%Y-%m-%d}" if later else None)}<dc:type>text</dc:type>
<dc:identifier>http://arxiv.org/abs/{xml_text(paper.id)}</dc:identifier>
</oai_dc:dc>
"""


def _element(name: str, text: str | None) -> str:
    return f"<{name}>{xml_text(text)}</{name}>\n" if text else ""


def _abstract(paper: Paper) -> str:
    # With the blanks and the line end that arXiv keeps around it.
    return f"<abstract>  {xml_text(paper.abstract)}\n</abstract>\n" if paper.abstract else ""


def _named(author: str) -> tuple[str, str, str]:
    """Key name, forenames and suffix."""
    *names, last = author.split() or [""]
    if len(names) > 1 and _SUFFIX.fullmatch(last):
        return names[-1], " ".join(names[:-1]), last
    return last, " ".join(names), ""


def _author(author: str) -> str:
    key, forenames, suffix = _named(author)
    return (
        f"<author>\n<keyname>{xml_text(key)}</keyname>\n{_element('forenames', forenames)}"
        f"{_element('suffix', suffix)}</author>\n"
    )


def _inverted(author: str) -> str:
    key, forenames, suffix = _named(author)
    return f"{key}{' ' if suffix else ''}{suffix}{', ' if forenames else ''}{forenames}"
