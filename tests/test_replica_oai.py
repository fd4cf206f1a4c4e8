"""The replica's OAI-PMH service, and the faults of both channels."""

from __future__ import annotations

import gzip
import xml.etree.ElementTree as ET
from collections.abc import Mapping, Sequence
from datetime import date, datetime
from itertools import groupby
from threading import Event, Timer
from typing import cast
from urllib.parse import parse_qs, unquote

import pytest
import requests
from hypothesis import given
from hypothesis import strategies as st

from littriage.model import Paper
from littriage.replica import Replica
from littriage.replica.faults import (
    API_FAULTS,
    DAMAGED_RECORDS,
    OAI_FAULTS,
    Fault,
    Request,
    always,
    control_character,
    cut,
    dated,
    empty_body,
    entity_bomb,
    gzip_bomb,
    held,
    html_page,
    moved,
    oai_error,
    page_repeated,
    rate_exceeded,
    records_shuffled,
    refused,
    rewritten,
    script,
    sometimes,
    token_loops,
    token_missing,
    token_rejected,
    truncated,
    without_date,
    without_id,
    wrong_encoding,
)
from littriage.replica.oai import Repository, answer_oai, sets_of, version_moments

OAI = "{http://www.openarchives.org/OAI/2.0/}"
RAW = "{http://arxiv.org/OAI/arXivRaw/}"
ARXIV = "{http://arxiv.org/OAI/arXiv/}"
DC = "{http://purl.org/dc/elements/1.1/}"


def paper(number: int, **facts: object) -> Paper:
    """Paper `number`, submitted on that day of March 2021 unless told otherwise."""
    known: dict[str, object] = {
        "id": f"2103.{number:05d}",
        "title": f"Title {number}",
        "abstract": "An abstract",
        "authors": ("Ada Lovelace",),
        "categories": ("cs.LG",),
        "published": date(2021, 3, number),
    }
    return Paper(**(known | facts))  # type: ignore[arg-type]


CORPUS = (
    paper(
        1,
        title="Graphs & <trees>",
        authors=("Ada Lovelace", "Jürgen Müller", "Sammy Davis Jr."),
        categories=("cs.CL", "math.ST", "quant-ph"),
        version=3,
        updated=datetime(2021, 3, 9, 12, 30),
        comments="12 pages",
    ),
    paper(2, categories=("cs.CL", "cs.LG")),
    paper(3, categories=("astro-ph.GA",), abstract=None),
    paper(4, categories=("stat.ML",), version=2, updated=datetime(2021, 3, 9, 8, 0)),
    paper(5, id="hep-th/9901001", categories=("hep-th",), published=date(1999, 1, 5)),
    paper(6, categories=("eess.IV", "cs.CV")),
)
IN_ORDER = ["hep-th/9901001", "2103.00002", "2103.00003", "2103.00006", "2103.00001", "2103.00004"]


def ask(
    corpus: Sequence[Paper] = CORPUS, *, page_size: int | None = None, day: date = date(2021, 3, 10), **query: str
) -> ET.Element:
    """The answer to a request; `from_` is `from`."""
    repository = Repository(corpus, day=day, page_size=page_size)
    return ET.fromstring(answer_oai(repository, [(k.rstrip("_"), v) for k, v in query.items()], "http://x/oai"))


def listed(root: ET.Element) -> list[str]:
    """The ids of the headers of an answer."""
    return [(e.text or "").removeprefix("oai:arXiv.org:") for e in root.iter(f"{OAI}identifier")]


def error(root: ET.Element) -> str | None:
    """The code of an answer's error."""
    found = root.find(f"{OAI}error")
    return None if found is None else found.get("code")


def token(root: ET.Element) -> str | None:
    """The token of a page: empty at the end of a list of several, None where there is no such element."""
    found = root.find(f"*/{OAI}resumptionToken")
    return None if found is None else found.text or ""


# --- lists ------------------------------------------------------------------------------------------------------


def test_records_come_by_datestamp_and_id() -> None:
    """However the corpus is ordered. The datestamp is the day of the last version, and never before the earliest."""
    root = ask(CORPUS[::-1], verb="ListRecords", metadataPrefix="arXivRaw")

    assert listed(root) == IN_ORDER
    assert [stamp.text for stamp in root.iter(f"{OAI}datestamp")] == [
        "2005-09-16",
        "2021-03-02",
        "2021-03-03",
        "2021-03-06",
        "2021-03-09",
        "2021-03-09",
    ]
    assert token(root) is None


@pytest.mark.parametrize(
    ("spec", "numbers"),
    [
        ("cs", [2, 6, 1]),
        ("cs:cs", [2, 6, 1]),
        ("cs:cs:CL", [2, 1]),
        ("cs:cs:LG", [2]),
        ("eess", [6]),
        ("math:math:ST", [1]),
        ("stat:stat", [4]),
        ("physics", [5, 3, 1]),
        ("physics:astro-ph", [3]),
        ("physics:astro-ph:GA", [3]),
        ("physics:quant-ph", [1]),
        ("physics:physics", None),
        ("q-bio", None),
    ],
)
def test_a_paper_is_in_the_sets_of_all_its_categories(spec: str, numbers: list[int] | None) -> None:
    """Group, archive and category, of cross-lists too; a set without papers is no records, not a mistake."""
    root = ask(verb="ListIdentifiers", metadataPrefix="oai_dc", set=spec)

    if numbers is None:
        assert error(root) == "noRecordsMatch"
    else:
        assert listed(root) == ["hep-th/9901001" if n == 5 else f"2103.{n:05d}" for n in numbers]


def test_a_header_names_the_set_of_each_category() -> None:
    """The narrowest ones, in the paper's order."""
    root = ask(verb="ListIdentifiers", metadataPrefix="arXiv", from_="2021-03-09")
    header = root.find(f"{OAI}ListIdentifiers/{OAI}header")

    assert header is not None
    assert [s.text for s in header.findall(f"{OAI}setSpec")] == ["cs:cs:CL", "math:math:ST", "physics:quant-ph"]


@pytest.mark.parametrize(
    ("first", "last", "places"),
    [
        ("2021-03-02", "2021-03-03", slice(1, 3)),
        ("2021-03-03", "2021-03-03", slice(2, 3)),
        ("2021-03-04", "2021-03-05", None),
        ("2021-03-09", None, slice(4, 6)),
        ("2021-03-10", None, None),
        (None, "2005-09-16", slice(0, 1)),
        ("2005-09-16", "2021-03-11", slice(0, 6)),
    ],
)
def test_from_and_until_are_days_and_both_included(first: str | None, last: str | None, places: slice | None) -> None:
    """Only the datestamp can be filtered."""
    given = {"from": first, "until": last}
    root = ask(verb="ListRecords", metadataPrefix="arXivRaw", **{k: v for k, v in given.items() if v})

    assert (listed(root) or None) == (IN_ORDER[places] if places else None)
    assert error(root) == (None if places else "noRecordsMatch")


def test_tokens_lead_through_a_list() -> None:
    """A token is the query with `from` on the last day reached, and the records of that day to skip; it can be used
    twice."""
    first = ask(verb="ListRecords", metadataPrefix="arXivRaw", until="2021-03-09", page_size=5)
    after = token(first) or ""

    assert listed(first) == IN_ORDER[:5]
    assert parse_qs(unquote(after)) == {
        "verb": ["ListRecords"],
        "metadataPrefix": ["arXivRaw"],
        "until": ["2021-03-09"],
        "from": ["2021-03-09"],
        "skip": ["1"],
        "expires": ["2021-03-11"],
    }
    element = first.find(f"{OAI}ListRecords/{OAI}resumptionToken")
    assert element is not None
    assert element.attrib == {"expires": "2021-03-11T00:00:00Z"}
    for _ in range(2):
        rest = ask(verb="ListRecords", resumptionToken=after, page_size=5)
        assert (listed(rest), token(rest)) == (IN_ORDER[5:], "")


def test_a_token_expires_with_the_services_day() -> None:
    """What was given on the tenth is refused from the eleventh on."""
    after = token(ask(verb="ListRecords", metadataPrefix="arXivRaw", page_size=2)) or ""

    assert error(ask(verb="ListRecords", resumptionToken=after)) is None
    assert error(ask(verb="ListRecords", resumptionToken=after, day=date(2021, 3, 11))) == "badResumptionToken"
    assert error(ask(verb="ListRecords", resumptionToken=after, day=date(2021, 4, 1))) == "badResumptionToken"


STAMPED = st.lists(
    st.tuples(st.integers(1, 4), st.lists(st.sampled_from(["cs.CL", "cs.LG", "math.ST"]), min_size=1, unique=True)),
    max_size=25,
)


@given(STAMPED, st.integers(1, 9), st.sampled_from(["", "cs", "cs:cs:CL", "math"]), st.integers(1, 4))
def test_the_pages_of_a_set_give_every_record_once(
    facts: list[tuple[int, list[str]]], page_size: int, spec: str, since: int
) -> None:
    """Whatever the page size, the set and the day; the pages are full but for the last."""
    corpus = [
        paper(1, id=f"2103.{n:05d}", published=date(2021, 3, day), categories=tuple(categories))
        for n, (day, categories) in enumerate(facts)
    ]
    wanted = [
        p.id
        for p in sorted(corpus, key=lambda p: (p.published, p.id))
        if p.published.day >= since and any(spec in ("", *sets_of(category)) for category in p.categories)
    ]
    query = {"verb": "ListIdentifiers", "metadataPrefix": "arXiv", "from": f"2021-03-{since:02}", "set": spec}
    repository = Repository(corpus, day=date(2021, 3, 10), page_size=page_size)
    found: list[str] = []
    sizes: list[int] = []
    while query and wanted:
        root = ET.fromstring(answer_oai(repository, list(query.items()), "x"))
        found += listed(root)
        sizes.append(len(listed(root)))
        after = token(root)
        assert (after is None) == ("set" in query and len(wanted) <= page_size)
        query = {"verb": "ListIdentifiers", "resumptionToken": after} if after else {}

    assert found == wanted
    assert all(size == page_size for size in sizes[:-1])


def test_a_list_without_a_page_size_has_arxivs_own() -> None:
    """3,500 records or 20,000 headers."""
    corpus = [paper(1, id=f"2103.{n:05d}", abstract=None) for n in range(1, 20_002)]
    repository = Repository(corpus, day=date(2021, 3, 10))

    for verb, size in [("ListRecords", 3_500), ("ListIdentifiers", 20_000)]:
        root = ET.fromstring(answer_oai(repository, [("verb", verb), ("metadataPrefix", "arXivRaw")], "x"))
        assert (len(listed(root)), bool(token(root))) == (size, True)


# --- errors -----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("query", "code"),
    [
        ("", "badVerb"),
        ("verb=Fetch", "badVerb"),
        ("verb=Identify&verb=Identify", "badVerb"),
        ("verb=Identify&set=cs", "badArgument"),
        ("verb=ListSets&resumptionToken=x", "badArgument"),
        ("verb=ListMetadataFormats&identifier=oai:arXiv.org:2103.00009", "idDoesNotExist"),
        ("verb=ListRecords", "badArgument"),
        ("verb=ListRecords&metadataPrefix=marc", "cannotDisseminateFormat"),
        ("verb=ListRecords&metadataPrefix=arXivRaw&page=2", "badArgument"),
        ("verb=ListRecords&metadataPrefix=arXivRaw&set=cs&set=math", "badArgument"),
        ("verb=ListRecords&metadataPrefix=arXivRaw&set=biology", "badArgument"),
        ("verb=ListRecords&metadataPrefix=arXivRaw&set=cs:math", "badArgument"),
        ("verb=ListRecords&metadataPrefix=arXivRaw&set=cs:cs:CL:x", "badArgument"),
        ("verb=ListRecords&metadataPrefix=arXivRaw&from=2005-09-15", "badArgument"),
        ("verb=ListRecords&metadataPrefix=arXivRaw&from=2021-03-05&until=2021-03-04", "badArgument"),
        ("verb=ListRecords&metadataPrefix=arXivRaw&until=2021-03-12", "badArgument"),
        ("verb=ListRecords&metadataPrefix=arXivRaw&from=2021-3-5", "badArgument"),
        ("verb=ListRecords&metadataPrefix=arXivRaw&from=2021-02-30", "badArgument"),
        ("verb=ListRecords&metadataPrefix=arXivRaw&from=2021-03-05T00:00:00Z", "badArgument"),
        ("verb=ListRecords&metadataPrefix=arXivRaw&from=2021-03-10&set=cs", "noRecordsMatch"),
        ("verb=ListRecords&resumptionToken=", "badResumptionToken"),
        ("verb=ListRecords&resumptionToken=nonsense", "badResumptionToken"),
        ("verb=ListRecords&resumptionToken=x&metadataPrefix=arXivRaw", "badArgument"),
        ("verb=GetRecord&metadataPrefix=arXivRaw", "badArgument"),
        ("verb=GetRecord&identifier=oai:arXiv.org:2103.00001", "badArgument"),
        ("verb=GetRecord&metadataPrefix=arXivRaw&identifier=oai:arXiv.org:2103.00009", "idDoesNotExist"),
        ("verb=GetRecord&metadataPrefix=arXivRaw&identifier=2103.00001", "idDoesNotExist"),
    ],
)
def test_errors_have_the_protocols_codes(query: str, code: str) -> None:
    """Status 200 and one element, over HTTP."""
    with Replica(CORPUS, datestamps={"2103.00004": date(2021, 3, 10), "2103.00001": date(2021, 3, 9)}) as replica:
        answer = requests.get(f"{replica.oai_address}?{query}", timeout=5)

    assert replica.day == date(2021, 3, 10)
    assert (answer.status_code, error(ET.fromstring(answer.content))) == (200, code)


def test_a_token_belongs_to_its_verb() -> None:
    """A token of records is none of headers."""
    after = token(ask(verb="ListRecords", metadataPrefix="arXivRaw", page_size=2)) or ""

    assert error(ask(verb="ListIdentifiers", resumptionToken=after, page_size=2)) == "badResumptionToken"


# --- formats ----------------------------------------------------------------------------------------------------


def get(prefix: str, base: str = "2103.00001") -> ET.Element:
    """The metadata of a paper."""
    root = ask(verb="GetRecord", metadataPrefix=prefix, identifier=f"oai:arXiv.org:{base}")
    metadata = root.find(f"{OAI}GetRecord/{OAI}record/{OAI}metadata")
    assert metadata is not None
    return metadata[0]


def test_arxiv_raw_has_every_version() -> None:
    """First and last version as the query API dates them, those between spread evenly; the authors on one line."""
    raw = get("arXivRaw")

    assert [e.tag.removeprefix(RAW) for e in raw] == [
        "id",
        "submitter",
        *["version"] * 3,
        "title",
        "authors",
        "categories",
        "comments",
        "license",
        "abstract",
    ]
    assert raw.findtext(f"{RAW}id") == "2103.00001"
    assert raw.findtext(f"{RAW}title") == "Graphs & <trees>"
    assert raw.findtext(f"{RAW}authors") == "Ada Lovelace, Jürgen Müller and Sammy Davis Jr."
    assert raw.findtext(f"{RAW}categories") == "cs.CL math.ST quant-ph"
    assert raw.findtext(f"{RAW}abstract") == "  An abstract\n"
    assert [v.get("version") for v in raw.iter(f"{RAW}version")] == ["v1", "v2", "v3"]
    first, middle, last = version_moments(CORPUS[0])
    assert [d.text for d in raw.iter(f"{RAW}date")] == [
        f"Mon, 1 Mar 2021 {first:%H:%M}:00 GMT",
        f"{middle:%a, {middle.day} %b %Y %H:%M:%S GMT}",
        "Tue, 9 Mar 2021 12:30:00 GMT",
    ]
    assert abs((middle - first) - (last - middle)).total_seconds() <= 1


def test_versions_never_go_back_in_time() -> None:
    """A second version on the day of the first comes after it, whatever the minutes."""
    for hour in range(24):
        moments = version_moments(paper(1, version=3, updated=datetime(2021, 3, 1, hour)))
        assert moments == sorted(moments)
        assert {moment.date() for moment in moments} == {date(2021, 3, 1)}


def test_arxiv_format_takes_names_apart() -> None:
    """Key name, forenames and suffix; created and updated are days."""
    record = get("arXiv")

    assert record.findtext(f"{ARXIV}created") == "2021-03-01"
    assert record.findtext(f"{ARXIV}updated") == "2021-03-09"
    authors = [[part.text for part in author] for author in record.iter(f"{ARXIV}author")]
    assert authors == [["Lovelace", "Ada"], ["Müller", "Jürgen"], ["Davis", "Sammy", "Jr."]]
    assert get("arXiv", "2103.00002").find(f"{ARXIV}updated") is None
    assert get("arXiv", "2103.00003").find(f"{ARXIV}abstract") is None


def test_dublin_core_has_the_essentials() -> None:
    """Inverted names, comments as a second description, one date a version shown."""
    record = get("oai_dc")

    assert [e.text for e in record.iter(f"{DC}creator")] == ["Lovelace, Ada", "Müller, Jürgen", "Davis Jr., Sammy"]
    assert [(e.text or "").strip() for e in record.iter(f"{DC}description")] == ["An abstract", "12 pages"]
    assert [e.text for e in record.iter(f"{DC}date")] == ["2021-03-01", "2021-03-09"]
    assert record.findtext(f"{DC}identifier") == "http://arxiv.org/abs/2103.00001"


def test_the_service_says_who_it_is() -> None:
    """Identify, the formats with their namespaces, and the sets."""
    identify = ask(verb="Identify").find(f"{OAI}Identify")
    assert identify is not None
    assert identify.findtext(f"{OAI}granularity") == "YYYY-MM-DD"
    assert identify.findtext(f"{OAI}earliestDatestamp") == "2005-09-16"
    formats = {
        f.findtext(f"{OAI}metadataPrefix"): f.findtext(f"{OAI}metadataNamespace")
        for f in ask(verb="ListMetadataFormats").iter(f"{OAI}metadataFormat")
    }
    assert formats["arXivRaw"] == "http://arxiv.org/OAI/arXivRaw/"
    assert set(formats) == {"oai_dc", "arXiv", "arXivRaw"}
    sets = [s.text for s in ask(verb="ListSets").iter(f"{OAI}setSpec")]
    assert len(sets) == len(set(sets))
    assert {"cs", "cs:cs", "cs:cs:CL", "physics:astro-ph", "physics:quant-ph", "eess", "stat:stat:ML"} <= set(sets)


def test_an_answer_repeats_its_request_and_says_the_day() -> None:
    """Arguments as attributes, escaped; an error repeats none."""
    root = ask(verb="ListRecords", metadataPrefix="arXivRaw", set="cs")
    request = root.find(f"{OAI}request")

    assert request is not None
    assert request.attrib == {"verb": "ListRecords", "metadataPrefix": "arXivRaw", "set": "cs"}
    assert root.findtext(f"{OAI}responseDate") == "2021-03-10T23:30:00Z"
    wrong = ask(verb='<">').find(f"{OAI}request")
    assert wrong is not None
    assert wrong.attrib == {}


def test_a_deleted_record_is_a_header() -> None:
    """With its datestamp and sets, without metadata; the query API no longer knows it."""
    with Replica(CORPUS, deleted={"2103.00002"}, datestamps={"2103.00002": date(2021, 3, 20)}) as replica:
        root = ET.fromstring(fetch(replica, set="cs", **{"from": "2021-03-20"}))
        found = requests.get(replica.address, params={"id_list": "2103.00002"}, timeout=5).content

    (record,) = root.iter(f"{OAI}record")
    assert [part.tag for part in record] == [f"{OAI}header"]
    assert record[0].attrib == {"status": "deleted"}
    assert record[0].findtext(f"{OAI}datestamp") == "2021-03-20"
    assert b"<entry>" not in found


def test_both_channels_share_one_history() -> None:
    """Requests are numbered through, with the parameters of each."""
    with Replica(CORPUS) as replica:
        fetch(replica, verb="Identify")
        requests.get(replica.address, params={"search_query": "cat:cs.CL"}, timeout=5)
        fetch(replica, verb="ListSets")

    assert [(r.number, r.path.split("?")[0]) for r in replica.requests] == [
        (1, "/oai"),
        (2, "/api/query"),
        (3, "/oai"),
    ]
    assert replica.requests[2].parameters == {"verb": "ListSets"}


def test_a_replica_without_a_script_stays_on_its_day() -> None:
    """The newest datestamp is its day; there is no other to go to."""
    replica = Replica(CORPUS)

    assert replica.day == date(2021, 3, 9)
    with pytest.raises(ValueError, match="without a script"):
        replica.set_day(date(2021, 3, 10))


# --- faults -----------------------------------------------------------------------------------------------------


def fetch(replica: Replica, **query: str) -> bytes:
    """The body of an answer of the OAI-PMH service; without a verb, of a list of records."""
    if "verb" not in query:
        query = {"verb": "ListRecords"} | ({} if "resumptionToken" in query else {"metadataPrefix": "arXivRaw"}) | query
    return requests.get(replica.oai_address, params=query, timeout=5).content


def faulty(fault: Fault, page: int = 1) -> tuple[list[str], str | None, str]:
    """Ids and token of the first or second page of two with a fault, and the token that the page was asked with."""
    with Replica(CORPUS, oai_page_size=4) as replica:
        after = ""
        if page == 2:
            after = token(ET.fromstring(fetch(replica))) or ""
        replica.faults = always(fault)
        root = ET.fromstring(fetch(replica, resumptionToken=after) if after else fetch(replica))
    if code := error(root):
        return [], code, after
    return listed(root), token(root), after


def test_a_token_can_be_rejected() -> None:
    """Only where one was asked with."""
    assert faulty(token_rejected())[0] == IN_ORDER[:4]
    assert faulty(token_rejected(), page=2)[:2] == ([], "badResumptionToken")


def test_any_other_error_of_the_protocol_can_come() -> None:
    """In place of a list."""
    assert faulty(oai_error("noRecordsMatch", "none"))[:2] == ([], "noRecordsMatch")


def test_a_token_can_lead_back() -> None:
    """Asked with the token of a looping page, the service gives the same page again, and at the end nothing loops."""
    with Replica(CORPUS, oai_page_size=2, faults=always(token_loops())) as replica:
        first = ET.fromstring(fetch(replica))
        again = ET.fromstring(fetch(replica, resumptionToken=token(first) or ""))
        third = ET.fromstring(fetch(replica, resumptionToken=token(again) or ""))

    assert listed(first) == listed(again) == listed(third) == IN_ORDER[:2]
    assert token(again) == token(third)
    assert faulty(token_loops(), page=2)[:2] == (IN_ORDER[4:], "")


def test_a_page_can_come_twice() -> None:
    """The page before with the token just used; the first page has none before it."""
    ids, after, asked = faulty(page_repeated(), page=2)

    assert (ids, after) == (IN_ORDER[:4], asked)
    assert faulty(page_repeated())[0] == IN_ORDER[:4]


def test_records_can_be_shuffled() -> None:
    """The same ones in another order, and the same token."""
    ids, after, _ = faulty(records_shuffled(seed=1))

    assert ids != IN_ORDER[:4]
    assert sorted(ids) == sorted(IN_ORDER[:4])
    assert after == faulty(Fault())[1]


def test_a_token_can_be_missing_within_a_list() -> None:
    """On a page that was asked for with a token and is not the last; a first page without one would be a whole list."""
    with Replica(CORPUS, oai_page_size=2, faults=always(token_missing())) as replica:
        first = ET.fromstring(fetch(replica))
        second = ET.fromstring(fetch(replica, resumptionToken=token(first) or ""))

    assert (listed(first), bool(token(first))) == (IN_ORDER[:2], True)
    assert (listed(second), token(second)) == (IN_ORDER[2:4], None)
    assert faulty(token_missing(), page=2)[:2] == (IN_ORDER[4:], "")


CHANNELS: list[Mapping[str, str]] = [
    {"channel": "oai", "verb": "ListRecords", "metadataPrefix": "arXivRaw", "set": "cs"},
    {"channel": "api", "search_query": "cat:cs.*", "sortBy": "submittedDate", "sortOrder": "ascending"},
]
channels = pytest.mark.parametrize("query", CHANNELS, ids=["oai", "api"])


def met(fault: Fault, query: Mapping[str, str]) -> requests.Response:
    """The answer of a channel with a fault, neither inflated nor followed."""
    with Replica(CORPUS, faults=always(fault)) as replica:
        address = replica.oai_address if query["channel"] == "oai" else replica.address
        parameters = {name: value for name, value in query.items() if name != "channel"}
        return requests.get(address, params=parameters, timeout=5, stream=True, allow_redirects=False)


@channels
def test_refusals_look_alike_on_both_channels(query: Mapping[str, str]) -> None:
    """Status, Retry-After, a web page, a sentence, a redirect, nothing."""
    busy = met(refused(503, retry_after="7"), query)
    assert (busy.status_code, busy.headers["Retry-After"]) == (503, "7")
    assert met(html_page(), query).content.startswith(b"<!DOCTYPE html>")
    assert met(rate_exceeded(), query).text == "Rate exceeded."
    assert met(moved("http://elsewhere.invalid/"), query).headers["Location"] == "http://elsewhere.invalid/"
    assert met(empty_body(), query).content == b""
    assert met(rewritten(lambda body: body[:5]), query).content == b"<?xml"


@channels
def test_connections_break_on_both_channels(query: Mapping[str, str]) -> None:
    """A cut body is shorter than announced; a held one comes when it is let go."""
    with pytest.raises(requests.exceptions.ChunkedEncodingError):
        assert met(cut(), query).content
    gate = Event()
    Timer(0.05, gate.set).start()
    assert met(held(gate), query).status_code == 200
    assert gate.is_set()


@channels
@pytest.mark.parametrize("fault", [truncated(), control_character(), entity_bomb(), wrong_encoding("x-none")])
def test_damaged_bytes_are_no_xml(query: Mapping[str, str], fault: Fault) -> None:
    """The whole announced length arrives, and no parser takes it."""
    answer = met(fault, query)

    assert len(answer.content) == int(answer.headers["Content-Length"])
    with pytest.raises((ET.ParseError, LookupError, ValueError)):
        ET.fromstring(answer.content)


@channels
def test_a_control_character_stands_in_an_abstract(query: Mapping[str, str]) -> None:
    """Where there is one, otherwise in a title."""
    assert b"\x0b</abstract>" in (body := met(control_character(), query).content) or b"\x0b</summary>" in body


@channels
def test_a_wrong_encoding_reads_as_other_letters(query: Mapping[str, str]) -> None:
    """Nothing fails: the accents are wrong, and that is the danger."""
    sound, wrong = (ET.fromstring(met(fault, query).content) for fault in (Fault(), wrong_encoding()))

    assert "Jürgen Müller" in "".join(sound.itertext())
    assert "Jürgen Müller".encode().decode("latin-1") in "".join(wrong.itertext())


@channels
def test_a_gzip_bomb_is_small_on_the_wire(query: Mapping[str, str]) -> None:
    """16 MB from some 16 kB, and it is a sound gzip file."""
    answer = met(gzip_bomb(16), query)
    packed = answer.raw.read(decode_content=False)

    assert answer.headers["Content-Encoding"] == "gzip"
    assert len(packed) < 40_000
    assert len(gzip.decompress(packed)) == 16 << 20


def texts(body: bytes, *names: str) -> list[list[str | None]]:
    """Of each record or entry, the texts of the elements so named, whatever their namespace."""
    root = ET.fromstring(body)
    records = [e for e in root.iter() if e.tag.rpartition("}")[2] in ("record", "entry")]
    return [[e.text for e in record.iter() if e.tag.rpartition("}")[2] in names] for record in records]


@channels
def test_one_record_can_be_damaged(query: Mapping[str, str]) -> None:
    """The first loses its ids or its dates or has other dates; the rest stays as it is."""
    sound = met(Fault(), query).content
    ids, dates = ("id", "identifier"), ("date", "published")

    assert texts(met(without_id(), query).content, *ids) == [[], *texts(sound, *ids)[1:]]
    assert texts(met(without_date(), query).content, *dates) == [[], *texts(sound, *dates)[1:]]
    assert texts(met(without_date(), query).content, *ids) == texts(sound, *ids)
    first, *others = texts(met(dated(date(2999, 1, 2)), query).content, *dates)
    noon = "Wed, 2 Jan 2999 12:00:00 GMT" if query["channel"] == "oai" else "2999-01-02T12:00:00Z"
    assert (set(first), others) == ({noon}, texts(sound, *dates)[1:])


def request(number: int) -> Request:
    return Request(number, "/oai", {}, {}, 0.0)


@given(st.integers(0, 1000), st.floats(0, 1), st.integers(1, 3))
def test_some_requests_meet_faults_and_never_many_in_a_row(seed: int, share: float, in_a_row: int) -> None:
    """The number decides, in whatever order it is asked; kinds come in turn."""
    kinds = {"one": Fault(), "two": Fault(), "three": Fault()}
    names = {id(fault): name for name, fault in kinds.items()}
    plan, other = (sometimes(share, kinds, seed, in_a_row) for _ in range(2))
    faults = [plan(request(number)) for number in range(1, 101)]

    assert [other(request(number)) for number in range(100, 0, -1)] == faults[::-1]
    assert all(len(list(run)) <= in_a_row for hit, run in groupby(faults, key=bool) if hit)
    turns = [names[id(fault)] for fault in faults if fault]
    assert turns == (["one", "two", "three"] * 34)[: len(turns)]


def test_about_that_share_of_requests_meets_a_fault() -> None:
    """A fifth is a fifth, nearly; none is none."""
    plan = sometimes(0.2, OAI_FAULTS, seed=4)

    assert 150 < sum(plan(request(number)) is not None for number in range(1, 1001)) < 250
    assert not any(map(sometimes(0.0, OAI_FAULTS, seed=4), map(request, range(1, 100))))


@pytest.mark.parametrize("name", OAI_FAULTS)
def test_every_fault_of_a_listing_is_one(name: str) -> None:
    """Each changes the second page of a list: its status, its headers or its bytes."""
    assert_changed(OAI_FAULTS[name], second_page=True)


@pytest.mark.parametrize("name", API_FAULTS)
def test_every_fault_of_the_query_api_is_one(name: str) -> None:
    """Each changes a page of entries."""
    assert_changed(API_FAULTS[name], second_page=False)


@pytest.mark.parametrize("name", DAMAGED_RECORDS)
def test_every_damage_keeps_the_answer_sound(name: str) -> None:
    """It is XML with as many records or entries as before, on both channels."""
    for query in CHANNELS:
        answer = met(DAMAGED_RECORDS[name], query)
        assert answer.content != (sound := met(Fault(), query).content)
        assert len(texts(answer.content)) == len(texts(sound)) > 1


def assert_changed(fault: Fault, *, second_page: bool) -> None:
    with Replica(CORPUS, oai_page_size=2) as replica:
        path = "/api/query?search_query=cat:cs.*"
        if second_page:
            after = token(ET.fromstring(fetch(replica))) or ""
            path = f"/oai?verb=ListRecords&resumptionToken={requests.utils.quote(after)}"
        sound = replica.answer(path, {})
        replica.faults = script({len(replica.requests) + 1: fault})
        assert replica.answer(path, {}) != sound
        assert replica.answer(path, {}) == sound


def test_a_patient_client_gets_everything_through_all_faults() -> None:
    """With three tries a page, nine faults in ten do not keep it from the whole list."""
    with Replica(CORPUS, oai_page_size=2, faults=sometimes(0.9, OAI_FAULTS, seed=2)) as replica:
        found: list[str] = []
        after: str | None = None
        while after != "":
            page = None
            for _ in range(3):
                page = page or sound_page(replica, after)
            assert page is not None
            found += listed(page)
            after = cast(str, token(page))

    assert found == IN_ORDER


def sound_page(replica: Replica, asked: str | None) -> ET.Element | None:
    """A page that is what it should be; None where anything is amiss."""
    path = (
        replica.oai_address
        + "?verb=ListRecords&"
        + (f"resumptionToken={requests.utils.quote(asked)}" if asked else "metadataPrefix=arXivRaw")
    )
    try:
        answer = requests.get(path, timeout=5, stream=True, allow_redirects=False)
        if answer.status_code != 200 or "Content-Encoding" in answer.headers or b'"UTF-8"' not in answer.content:
            return None
        root = ET.fromstring(answer.content)
    except (requests.RequestException, ET.ParseError):
        return None
    stamps = [stamp.text or "" for stamp in root.iter(f"{OAI}datestamp")]
    after = token(root)
    if error(root) or after in (None, asked) or stamps != sorted(stamps):
        return None
    return root if asked or after != token_of_first(root) else None


def token_of_first(root: ET.Element) -> str:
    """The token that a looping first page would have."""
    stamp = next(root.iter(f"{OAI}datestamp")).text
    return f"verb%3DListRecords%26metadataPrefix%3DarXivRaw%26from%3D{stamp}%26skip%3D0%26expires%3D2021-03-10"
