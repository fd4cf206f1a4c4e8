"""The OAI-PMH source: answers written by hand for the parser, and real HTTP against the replica for the protocol."""

from __future__ import annotations

import fcntl
import gzip
import re
import tracemalloc
import zlib
from collections.abc import Callable, Iterable
from dataclasses import replace
from datetime import UTC, date, datetime
from itertools import pairwise
from pathlib import Path
from threading import Event

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from fakes import FakeClock
from littriage.errors import (
    EmptyAnswer,
    HarvestRefused,
    LittriageError,
    MalformedFeed,
    SettingsError,
    SourceUnavailable,
    TokenRejected,
)
from littriage.model import Attempt, Drop, Paper
from littriage.ports import RecordPage
from littriage.replica import Replica
from littriage.replica.faults import (
    DAMAGED_RECORDS,
    OAI_FAULTS,
    Answer,
    Fault,
    Plan,
    always,
    gzip_bomb,
    held,
    moved,
    oai_error,
    page_repeated,
    records_shuffled,
    refused,
    relisted,
    rewritten,
    script,
    token_loops,
    token_rejected,
)
from littriage.replica.oai import Repository, answer_oai
from littriage.sources import transport
from littriage.sources.oai_pmh import OaiPmh, set_of
from littriage.sources.oai_records import parse_records
from littriage.sources.transport import Patience

TODAY = date(2026, 1, 1)

RAW_RECORD = """<record>
<header><identifier>oai:arXiv.org:{id}</identifier><datestamp>{datestamp}</datestamp><setSpec>cs:cs:LG</setSpec></header>
<metadata>
<arXivRaw xmlns="http://arxiv.org/OAI/arXivRaw/">
<id>{id}</id><submitter>Ada Lovelace</submitter>
{versions}
<title>{title}</title><authors>{authors}</authors><categories>{categories}</categories>
<comments>{comments}</comments><report-no>R-1</report-no><license>http://arxiv.org/licenses/x/</license>
<abstract>{abstract}</abstract>
</arXivRaw>
</metadata>
</record>"""
VERSION = '<version version="v{0}"><date>{1}</date><size>5kb</size><source_type>D</source_type></version>'
V1 = VERSION.format(1, "Mon, 2 Apr 2007 19:18:42 GMT")


def raw(id: str = "0704.0001", datestamp: str = "2008-11-26", **facts: str) -> str:
    """A record as arXiv writes it."""
    known = {
        "title": "Attention",
        "authors": "Ada Lovelace",
        "categories": "cs.LG",
        "comments": "12 pages",
        "abstract": "  We attend.\n",
        "versions": V1,
    }
    return RAW_RECORD.format(id=id, datestamp=datestamp, **(known | facts))


def document(inside: str, *, responded: str = "<responseDate>2025-12-31T23:30:00Z</responseDate>") -> bytes:
    """An answer around what is inside it."""
    return f"""<?xml version="1.0" encoding="UTF-8"?>
<OAI-PMH xmlns="http://www.openarchives.org/OAI/2.0/" xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance">
{responded}
<request verb="ListRecords" metadataPrefix="arXivRaw">http://oaipmh.arxiv.org/oai</request>
{inside}
</OAI-PMH>
""".encode()


def listing(*records: str, token: str = "<resumptionToken/>") -> bytes:
    return document(f"<ListRecords>{''.join(records)}{token}</ListRecords>")


def error(code: str, reason: str = "Because.") -> bytes:
    return document(f"<error code='{code}'>{reason}</error>")


def parsed(body: bytes, *, continued: bool = False) -> RecordPage:
    return parse_records([body], TODAY, continued=continued)


# --- records of a page ------------------------------------------------------------------------------------------


def test_a_raw_record_is_a_paper_with_the_moments_of_its_versions() -> None:
    """First version's day, last version's moment and number, whatever the order they are listed in."""
    versions = "".join(
        [
            VERSION.format(10, "Tue, 3 Mar 2009 01:02:03 GMT"),
            V1,
            VERSION.format(2, "Thu, 24 Jul 2008 10:11:12 GMT"),
        ]
    )
    page = parsed(
        listing(
            raw(
                versions=versions,
                title="Über $O(n^2) &lt; \\alpha$ &amp;\n  图",
                authors="C. Bal\\'azs, E. L. Berger and P. M. Nadolsky",
                categories="hep-ph math.IT 68T50 I.2.6",
            )
        )
    )

    assert page == RecordPage(
        papers=(
            Paper(
                id="0704.0001",
                title="Über $O(n^2) < \\alpha$ & 图",
                abstract="We attend.",
                authors=("C. Balázs", "E. L. Berger", "P. M. Nadolsky"),
                categories=("hep-ph", "cs.IT"),
                published=date(2007, 4, 2),
                version=10,
                updated=datetime(2009, 3, 3, 1, 2, 3, tzinfo=UTC),
                comments="12 pages",
            ),
        ),
        deleted=(),
        token=None,
        responded_on=date(2025, 12, 31),
        oldest=date(2008, 11, 26),
        newest=date(2008, 11, 26),
        in_order=True,
        received=1,
    )


META_RECORD = """<record>
<header><identifier>oai:arXiv.org:hep-th/9901001</identifier><datestamp>2009-10-30</datestamp></header>
<metadata>
<arXiv xmlns="http://arxiv.org/OAI/arXiv/">
<id>hep-th/9901001</id><created>1999-01-02</created>{updated}
<authors>
<author><keyname>Lovelace</keyname><forenames>Ada</forenames></author>
<author><keyname>King</keyname><forenames>Martin L.</forenames><suffix>Jr</suffix></author>
<author><keyname>ATLAS Collaboration</keyname></author>
</authors>
<title>Strings</title><categories>hep-th</categories>
</arXiv>
</metadata>
</record>"""


@pytest.mark.parametrize(
    ("element", "updated"),
    [("<updated>2001-05-06</updated>", datetime(2001, 5, 6, tzinfo=UTC)), ("", datetime(1999, 1, 2, tzinfo=UTC))],
)
def test_the_arxiv_format_tells_days_and_names_in_parts(element: str, updated: datetime) -> None:
    """No version number; a paper that was never changed was updated when it came."""
    page = parsed(listing(META_RECORD.format(updated=element)))

    assert page.papers == (
        Paper(
            id="hep-th/9901001",
            title="Strings",
            abstract=None,
            authors=("Ada Lovelace", "Martin L. King Jr", "ATLAS Collaboration"),
            categories=("hep-th",),
            published=date(1999, 1, 2),
            updated=updated,
        ),
    )


def test_a_deleted_record_is_named_and_is_no_paper() -> None:
    """Its header is all there is of it."""
    header = (
        '<record><header status="deleted"><identifier>oai:arXiv.org:math.GT/0309136</identifier>'
        "<datestamp>2020-01-02</datestamp></header></record>"
    )
    page = parsed(listing(header))

    assert (page.papers, page.deleted, page.received, page.dropped) == ((), ("math/0309136",), 1, ())
    assert page.newest == date(2020, 1, 2)


def test_a_withdrawn_paper_is_kept_and_marked() -> None:
    """As on the other channels."""
    page = parsed(listing(raw(comments="This paper has been withdrawn by the author")))

    assert [paper.withdrawn for paper in page.papers] == [True]


@pytest.mark.parametrize(
    ("record", "drop"),
    [
        (raw(id=""), Drop("no arXiv id", 1, ("oai:arXiv.org:",))),
        (raw(id="nonsense"), Drop("no arXiv id", 1, ("nonsense",))),
        (raw(title=" "), Drop("no title", 1, ("0704.0001",))),
        (raw(versions=""), Drop("no date", 1, ("0704.0001",))),
        (raw(versions=VERSION.format(1, "yesterday")), Drop("no date", 1, ("0704.0001",))),
        (raw(versions=VERSION.format(1, "Mon, 31 Feb 2007 19:18:42 GMT")), Drop("no date", 1, ("0704.0001",))),
        (raw(versions=VERSION.format(1, "Mon, 2 Mai 2007 19:18:42 GMT")), Drop("no date", 1, ("0704.0001",))),
        (raw(versions=V1.replace('"v1"', '"first"')), Drop("no date", 1, ("0704.0001",))),
        (raw(versions=V1.replace("2007", "1990")), Drop("date before arXiv", 1, ("0704.0001",))),
        (raw(versions=V1.replace("2007", "2026")), Drop("date in the future", 1, ("0704.0001",))),
        (raw(id="2602.00001"), Drop("date in the future", 1, ("2602.00001",))),
        (raw(datestamp="soon"), Drop("no datestamp", 1, ("0704.0001",))),
        (raw(datestamp="2026-13-01"), Drop("no datestamp", 1, ("0704.0001",))),
        (raw(datestamp="2026-01-03"), Drop("datestamp in the future", 1, ("0704.0001",))),
        (META_RECORD.format(updated="<updated>x</updated>"), Drop("no date", 1, ("hep-th/9901001",))),
        (META_RECORD.format(updated="").replace("created>", "made>"), Drop("no date", 1, ("hep-th/9901001",))),
        (re.sub("<metadata>.*</metadata>", "", raw(), flags=re.DOTALL), Drop("no title", 1, ("0704.0001",))),
        ("<record/>", Drop("no arXiv id", 1, ("",))),
    ],
)
def test_a_record_that_cannot_be_a_paper_is_a_drop_with_its_reason(record: str, drop: Drop) -> None:
    """The rest of the page is kept, and the numbers add up."""
    page = parsed(listing(raw(id="0704.0002"), record, raw(id="0704.0003")))

    assert [paper.id for paper in page.papers] == ["0704.0002", "0704.0003"]
    assert page.dropped == (drop,)
    assert page.received == 3


def test_the_source_may_be_a_day_ahead() -> None:
    """The day after this machine's is no future: clocks differ by zones."""
    today = raw(id="2601.00001", versions=V1.replace("2 Apr 2007", "2 Jan 2026"), datestamp="2026-01-02")

    assert len(parsed(listing(today)).papers) == 1


def test_of_two_records_of_a_paper_the_later_change_counts() -> None:
    """Whichever comes first, and the last of two that changed on one day; a deletion is a change too."""
    old, new = raw(title="Old", datestamp="2020-01-01"), raw(title="New", datestamp="2020-02-02")
    gone = re.sub("<metadata>.*</metadata>", "", new, flags=re.DOTALL).replace("<header>", '<header status="deleted">')

    for one, two in [(old, new), (new, old), (new.replace("New", "Newer?"), new)]:
        page = parsed(listing(one, two))
        assert [paper.title for paper in page.papers] == ["New"]
        assert page.dropped == (Drop("seen twice", 1, ("0704.0001",)),)
    page = parsed(listing(gone, old))
    assert (page.papers, page.deleted, page.received) == ((), ("0704.0001",), 2)


def test_datestamps_that_go_back_are_noted() -> None:
    """The listing cannot be taken up again from its newest day then."""
    days = ("2020-01-01", "2020-01-01", "2020-01-03", "2020-01-02")
    records = [raw(id=f"0704.000{n}", datestamp=day) for n, day in enumerate(days, start=1)]

    assert parsed(listing(*records[:3])).in_order
    page = parsed(listing(*records))
    assert not page.in_order
    assert (page.oldest, page.newest) == (date(2020, 1, 1), date(2020, 1, 3))


# --- the answer around them -------------------------------------------------------------------------------------


def test_the_token_says_how_the_list_goes_on() -> None:
    """Its text, or None where the element is empty; on a first page it may be left out."""
    token = '<resumptionToken expires="2026-01-02T00:00:00Z" cursor="0">verb%3DListRecords%26skip%3D9</resumptionToken>'

    assert parsed(listing(raw(), token=token)).token == "verb%3DListRecords%26skip%3D9"
    assert parsed(listing(raw())).token is None
    assert parsed(listing(raw(), token="")).token is None
    assert parsed(listing(raw()), continued=True).token is None


def test_a_later_page_without_a_token_element_was_cut() -> None:
    """Section 3.5 of the protocol: the last page has an empty one."""
    with pytest.raises(MalformedFeed, match="after 1 records without telling how the list goes on"):
        parsed(listing(raw(), token=""), continued=True)


def test_no_records_is_an_empty_page() -> None:
    """When the source says so by its error, and only then."""
    assert parsed(error("noRecordsMatch")) == RecordPage((), (), None, date(2025, 12, 31), None, None, True, 0)
    with pytest.raises(EmptyAnswer):
        parsed(listing())


@pytest.mark.parametrize(
    ("body", "kind"),
    [
        (error("badResumptionToken"), TokenRejected),
        (error("badArgument"), HarvestRefused),
        (error("badVerb"), HarvestRefused),
        (error("cannotDisseminateFormat"), HarvestRefused),
        (error("noSetHierarchy"), HarvestRefused),
        (error("somethingNew"), HarvestRefused),
        (document('<error code="noRecordsMatch"/><error code="badArgument"/>'), HarvestRefused),
        (document('<error code="noRecordsMatch"/><ListRecords/>'), HarvestRefused),
        (document("<error>?</error>"), HarvestRefused),
    ],
)
def test_errors_of_the_protocol_have_names(body: bytes, kind: type[LittriageError]) -> None:
    """The source's own code and words are passed on."""
    with pytest.raises(kind) as caught:
        parsed(body)

    assert type(caught.value) is kind


def test_nothing_where_a_token_leads_is_no_end() -> None:
    """A token is given because there is more: its listing is begun again, not taken for complete."""
    with pytest.raises(TokenRejected, match="nothing is left"):
        parsed(error("noRecordsMatch"), continued=True)


BOMB = '<!DOCTYPE x [<!ENTITY a "aa"><!ENTITY b "&a;&a;">]>'


@pytest.mark.parametrize(
    ("body", "said"),
    [
        (b"", "no element found"),
        (b"Rate exceeded.", "begins with 'Rate exceeded.'"),
        (b"<!DOCTYPE html><html></html>", "a document of type html"),
        (b"<html><body>Sorry</body></html>", "a <html> came instead"),
        (b'<feed xmlns="http://www.w3.org/2005/Atom"/>', "a <feed> came instead"),
        (b"<OAI-PMH><ListRecords/></OAI-PMH>", "a <OAI-PMH> came instead"),
        (document(""), "neither records nor an error"),
        (document("<ListIdentifiers/>"), "neither records nor an error"),
        (listing(raw()).replace(b"?>", b"?>" + BOMB.encode(), 1), "a document of type x"),
        (listing(raw()).replace(b'"UTF-8"', b'"ISO-8859-1"'), "in ISO-8859-1, not UTF-8"),
        (listing(raw()).replace(b'"UTF-8"', b'"x-none"'), "in x-none, not UTF-8"),
        (listing(raw()).decode().encode("utf-16"), "in UTF-16, not UTF-8"),
        (listing(raw(title="caf\x00e")), "byte 0x00"),
        (listing(raw(title="caf\x0be")), "byte 0x0B"),
        (listing(raw(title="café")).replace("é".encode(), b"\xe9"), "byte 0xE9"),
        (listing(raw(title="&#11;")), "reference to invalid character number"),
        (listing(raw(title="&eacute;")), "undefined entity"),
        (listing(raw(title="a < b")), "not well-formed"),
        (listing(raw(title="a <i>b</i> c")), "a <i> inside"),
        (listing("<a>" * 40 + "</a>" * 40), "a <a> inside"),
        (listing(raw()) + b"<OAI-PMH/>", "junk after document element"),
        (document(f"<ListRecords>{raw()}</ListRecords>", responded=""), "no responseDate"),
        (document(f"<ListRecords>{raw()}</ListRecords>", responded="<responseDate>now</responseDate>"), "'now'"),
        (listing(raw()).replace(b"2025-12-31T23", b"2025-12-32T23"), "'2025-12-32T23:30:00Z'"),
        (listing(raw()).replace(b"2025-12-31T23", b"2026-01-03T23"), "dated 2026-01-03, and today is 2026-01-01"),
    ],
)
def test_anything_but_a_whole_answer_is_named(body: bytes, said: str) -> None:
    """What is wrong, and where it can be told."""
    with pytest.raises(MalformedFeed) as caught:
        parsed(body)

    assert said in str(caught.value)


TWO = listing(raw(title="Über"), raw(id="0704.0002", abstract="图"), token="<resumptionToken>more</resumptionToken>")


def test_an_answer_cut_anywhere_is_refused() -> None:
    """Whatever the length, part of a page never passes for a smaller page."""
    for length in range(len(TWO.rstrip())):
        with pytest.raises(MalformedFeed):
            parsed(TWO[:length])
    assert len(parsed(TWO).papers) == 2


@given(st.lists(st.integers(0, len(TWO)), max_size=6))
def test_it_does_not_matter_where_the_parts_of_an_answer_end(ends: list[int]) -> None:
    """Cut into parts anywhere, even inside a character, the page is the same."""
    ends = sorted({0, len(TWO), *ends})

    assert parse_records([TWO[a:b] for a, b in pairwise(ends)], TODAY) == parsed(TWO)


@given(st.binary())
def test_any_bytes_are_a_page_or_a_named_error(body: bytes) -> None:
    """Nothing else escapes."""
    with pytest.raises(MalformedFeed):
        parsed(body)


@given(st.integers(0, len(TWO) - 1), st.binary(min_size=1, max_size=3))
def test_damage_anywhere_is_a_page_or_a_named_error(at: int, damage: bytes) -> None:
    """Whatever it becomes, no other error escapes, and no record is lost without a count."""
    try:
        page = parsed(TWO[:at] + damage + TWO[at + len(damage) :])
    except LittriageError:
        return
    assert page.received == len(page.papers) + len(page.deleted) + sum(drop.rows for drop in page.dropped)


def test_memory_does_not_grow_with_what_is_thrown_away() -> None:
    """Thousands of records that are no papers leave a count and three examples."""

    def chunks() -> Iterable[bytes]:
        start, end = listing("").split(b"<resumptionToken/>")
        yield start
        for _ in range(20):
            yield b"<record/>" * 1_000
        yield end

    tracemalloc.start()
    page = parse_records(chunks(), TODAY)
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()

    assert page.dropped == (Drop("no arXiv id", 20_000, ("", "", "")),)
    assert peak < 200_000


# --- round trip -------------------------------------------------------------------------------------------------

texts = st.text(st.characters(exclude_categories=["C", "Z"]), min_size=1, max_size=12)
papers = st.builds(
    Paper,
    id=st.integers(1, 99999).map("1512.{:05d}".format),
    title=texts,
    abstract=st.none() | texts,
    authors=st.lists(st.sampled_from(["Ada Lovelace", "张伟", "Łukasz Ångström"]), unique=True).map(tuple),
    categories=st.lists(st.sampled_from(["cs.LG", "math.ST", "hep-th"]), unique=True).map(tuple),
    published=st.dates(date(2015, 12, 1), date(2015, 12, 31)),
    version=st.integers(1, 4),
    updated=st.datetimes(datetime(2016, 1, 1), datetime(2020, 1, 1)).map(
        lambda at: at.replace(microsecond=0, tzinfo=UTC)
    ),
    comments=st.none() | texts,
)


@given(st.lists(papers, min_size=1, max_size=4, unique_by=lambda paper: paper.id))
@settings(max_examples=60, deadline=None)
def test_what_is_written_is_read(written: list[Paper]) -> None:
    """Other scripts, LaTeX, ampersands and brackets come back as they were."""
    # One version came on the day of submission.
    written = [
        replace(one, updated=datetime(one.published.year, 12, one.published.day, 23, 59, 59, tzinfo=UTC))
        if one.version == 1
        else one
        for one in written
    ]
    repository = Repository(written, day=TODAY)
    body = answer_oai(repository, [("verb", "ListRecords"), ("metadataPrefix", "arXivRaw")], "http://127.0.0.1/oai")
    read = {paper.id: replace(paper, withdrawn=False) for paper in parsed(body).papers}

    assert read == {one.id: one for one in written}


@given(st.permutations(range(6)))
def test_the_order_of_records_changes_no_paper(order: list[int]) -> None:
    """Only whether the datestamps go back."""
    records = [raw(id=f"0704.000{n}", datestamp=f"2020-01-0{n + 1}") for n in range(6)]
    page, shuffled = parsed(listing(*records)), parsed(listing(*(records[n] for n in order)))

    assert set(shuffled.papers) == set(page.papers)
    assert shuffled.in_order == (order == sorted(order))


# --- sets -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("category", "set_spec"),
    [
        ("cs.CL", "cs"),
        ("stat.ML", "stat"),
        ("eess.AS", "eess"),
        ("math.ST", "math"),
        ("q-bio.NC", "q-bio"),
        ("q-fin.ST", "q-fin"),
        ("econ.EM", "econ"),
        ("astro-ph.GA", "physics:astro-ph"),
        ("cond-mat.stat-mech", "physics:cond-mat"),
        ("gr-qc", "physics:gr-qc"),
        ("hep-th", "physics:hep-th"),
        ("math-ph", "physics:math-ph"),
        ("nlin.CD", "physics:nlin"),
        ("nucl-th", "physics:nucl-th"),
        ("physics.soc-ph", "physics:physics"),
        ("quant-ph", "physics:quant-ph"),
        ("cmp-lg", "cs"),
        ("chao-dyn", "physics:nlin"),
        ("math.IT", "cs"),
    ],
)
def test_each_category_has_its_set(category: str, set_spec: str) -> None:
    """Under the name that arXiv keeps."""
    assert set_of(category) == set_spec


@pytest.mark.parametrize("category", ["", "biology", "CS.CL", "68T50"])
def test_what_is_no_category_has_no_set(category: str) -> None:
    """Rather than a listing of something else."""
    with pytest.raises(SettingsError, match="no category"):
        set_of(category)


# --- over HTTP --------------------------------------------------------------------------------------------------


def paper(number: int, **facts: object) -> Paper:
    """Paper `number`, changed for the last time on day `number` of March 2021."""
    known: dict[str, object] = {
        "id": f"2103.{number:05d}",
        "title": f"Transformer {number}: <b> & „Über“ 图",
        "abstract": f"$\\alpha_{number}$ & more.",
        "authors": ("Ada Lovelace", "张伟"),
        "categories": ("cs.LG", "stat.ML"),
        "published": date(2021, 3, number),
        "version": 1,
        "updated": datetime(2021, 3, number, 23, 59, tzinfo=UTC),
    }
    return Paper(**(known | facts))  # type: ignore[arg-type]


PAPERS = tuple(paper(number) for number in range(1, 26))
Open = Callable[..., OaiPmh]


@pytest.fixture
def clock() -> FakeClock:
    return FakeClock()


@pytest.fixture
def source(tmp_path: Path, clock: FakeClock) -> Open:
    """Makes a source on a replica, without pauses between requests."""

    def make(replica: Replica, **changed: object) -> OaiPmh:
        known: dict[str, object] = {"interval_s": 0.0, "timeout_s": (2.0, 2.0), "address": replica.oai_address}
        return OaiPmh(clock=clock, state_folder=tmp_path, **(known | changed))  # type: ignore[arg-type]

    return make


def paged(faults: Plan | None = None, papers: Iterable[Paper] = PAPERS) -> Replica:
    """A replica with ten records a page."""
    return Replica(papers, oai_page_size=10, **({"faults": faults} if faults else {}))


def papers_of(pages: Iterable[RecordPage]) -> list[Paper]:
    return [one for page in pages for one in page.papers]


def arguments(replica: Replica) -> list[dict[str, str]]:
    return [dict(request.parameters) for request in replica.requests]


def test_a_listing_follows_its_tokens_to_the_end(source: Open) -> None:
    """25 records in pages of 10: three requests, each paper once, the last page without a token."""
    with paged() as replica:
        pages = list(source(replica).pages("cs", date(2021, 1, 1)))

    assert papers_of(pages) == list(PAPERS)
    assert [page.received for page in pages] == [10, 10, 5]
    assert [page.token is None for page in pages] == [False, False, True]
    assert all(page.in_order for page in pages)
    assert arguments(replica) == [
        {"verb": "ListRecords", "metadataPrefix": "arXivRaw", "set": "cs", "from": "2021-01-01"},
        {"verb": "ListRecords", "resumptionToken": pages[0].token},
        {"verb": "ListRecords", "resumptionToken": pages[1].token},
    ]


def test_a_listing_goes_on_from_its_token(source: Open) -> None:
    """What follows is what would have followed."""
    with paged() as replica:
        first, *rest = source(replica).pages("cs", None)
        again = list(source(replica).pages("cs", None, first.token))

    assert again == rest


def test_the_whole_service_is_asked_for_without_a_set_and_a_day(source: Open) -> None:
    """Neither is sent empty, and no day before the earliest datestamp, which arXiv would refuse."""
    with paged() as replica:
        oai = source(replica)
        everything = [papers_of(oai.pages("", since)) for since in (None, date(1991, 8, 1), date(2005, 9, 16))]

    assert everything == [list(PAPERS)] * 3
    assert arguments(replica)[0] == {"verb": "ListRecords", "metadataPrefix": "arXivRaw"}
    assert not any("from" in asked for asked in arguments(replica))


def test_both_formats_give_the_same_papers_but_for_the_time(source: Open) -> None:
    """The arXiv format has no version numbers, and days only."""
    with paged() as replica:
        by_day = papers_of(source(replica, metadata="arXiv").pages("stat", None))

    assert [replace(one, version=1, updated=two.updated) for one, two in zip(by_day, PAPERS, strict=True)] == list(
        PAPERS
    )
    assert {one.version for one in by_day} == {None}


def test_a_quiet_week_is_an_empty_page(source: Open) -> None:
    """Not an error, and not an iteration without pages."""
    with paged() as replica:
        [page] = source(replica).pages("physics:hep-th", None)

    assert (page.papers, page.received, page.token) == ((), 0, None)


def test_deleted_records_come_with_the_pages(source: Open) -> None:
    """Whether or not arXiv ever sends one."""
    with Replica(PAPERS[:3], deleted={"2103.00002"}) as replica:
        [page] = source(replica).pages("", None)

    assert [one.id for one in page.papers] == ["2103.00001", "2103.00003"]
    assert page.deleted == ("2103.00002",)


def test_littriage_introduces_itself_here_too(source: Open) -> None:
    """With its name and the contact, and it takes packed answers."""
    with paged() as replica:
        next(source(replica, contact="mailto:someone@example.org").pages("", None))

    headers = replica.requests[0].headers
    assert re.fullmatch(r"littriage(/\S+)? \(\+mailto:someone@example\.org\)", headers["user-agent"])
    assert headers["accept-encoding"] == "gzip"


# --- faults over HTTP -------------------------------------------------------------------------------------------

PASSING = {"records shuffled"}
ENDING = {"token rejected", "token loops", "page repeated"}


@pytest.mark.parametrize("name", sorted(set(OAI_FAULTS) - PASSING - ENDING))
def test_a_fault_on_a_later_page_is_asked_again(source: Open, clock: FakeClock, name: str) -> None:
    """Once wrong, then right: the same papers as without the fault, after one wait; every request is noted."""
    with paged(script({2: OAI_FAULTS[name]})) as replica:
        oai = source(replica)
        pages = list(oai.pages("cs", None))

    assert papers_of(pages) == list(PAPERS)
    assert len(clock.sleeps) == 1
    assert [attempt.outcome == "answered" for attempt in oai.attempts()] == [True, False, True, True]


ELSEWHERE = {"token missing", "gzip bomb"}  # only on later pages; below


@pytest.mark.parametrize("name", sorted(set(OAI_FAULTS) - PASSING - ENDING - ELSEWHERE))
def test_a_fault_that_stays_ends_the_listing_with_a_name(source: Open, clock: FakeClock, name: str) -> None:
    """Wrong five times over: nothing was yielded, and the error is one of the two that can be asked again."""
    with paged(always(OAI_FAULTS[name])) as replica, pytest.raises((SourceUnavailable, MalformedFeed)):
        next(source(replica).pages("cs", None))

    assert len(replica.requests) == 5
    assert len(clock.sleeps) == 4


@pytest.mark.parametrize("fault", [token_rejected(), token_loops(), page_repeated()])
def test_a_token_that_leads_nowhere_is_not_asked_again(source: Open, clock: FakeClock, fault: Fault) -> None:
    """The first page stands; then the listing has to be begun again, at once."""
    with paged(script({2: fault, 3: fault})) as replica:
        pages = source(replica).pages("cs", None)
        first = next(pages)
        with pytest.raises(TokenRejected):
            list(pages)

    assert first.papers == PAPERS[:10]
    assert clock.sleeps == []


def test_a_first_page_whose_token_is_missing_is_a_whole_list(source: Open) -> None:
    """So says the protocol; who harvests compares with what was due."""
    with paged(always(relisted(lambda page: replace(page, token=None)))) as replica:
        [page] = source(replica).pages("cs", None)

    assert (page.received, page.token) == (10, None)


def test_a_page_out_of_order_says_so(source: Open) -> None:
    """Nothing is lost by it."""
    with paged(script({2: records_shuffled(1)})) as replica:
        pages = list(source(replica).pages("cs", None))

    assert [page.in_order for page in pages] == [True, False, True]
    assert sorted(papers_of(pages), key=lambda one: one.id) == list(PAPERS)


@pytest.mark.parametrize(
    ("name", "reason"),
    [
        ("without id", "no arXiv id"),
        ("without date", "no date"),
        ("dated in the future", "date in the future"),
        ("dated before arXiv", "date before arXiv"),
    ],
)
@pytest.mark.parametrize("metadata", ["arXivRaw", "arXiv"])
def test_damaged_records_are_drops(source: Open, name: str, reason: str, metadata: str) -> None:
    """In both formats, with the page's other papers kept."""
    with paged(always(DAMAGED_RECORDS[name])) as replica:
        page = next(source(replica, metadata=metadata).pages("cs", None))

    assert [one.id for one in page.papers] == [one.id for one in PAPERS[1:10]]
    assert [(drop.reason, drop.rows) for drop in page.dropped] == [(reason, 1)]


@pytest.mark.parametrize("code", ["badArgument", "badVerb", "cannotDisseminateFormat", "noSetHierarchy"])
def test_a_refusal_is_final(source: Open, clock: FakeClock, code: str) -> None:
    """The source's own words are passed on, and it is not asked again."""
    with paged(always(oai_error(code, "no, no"))) as replica, pytest.raises(HarvestRefused, match=f"{code}: no, no"):
        next(source(replica).pages("cs", None))

    assert (len(replica.requests), clock.sleeps) == (1, [])


def test_a_set_that_does_not_exist_is_refused(source: Open) -> None:
    """By the service itself."""
    with paged() as replica, pytest.raises(HarvestRefused, match="badArgument: Set does not exist: biology"):
        next(source(replica).pages("biology", None))


@pytest.mark.parametrize("status", [404, 400])
def test_a_page_that_is_not_there_is_a_refusal(source: Open, status: int) -> None:
    """A wrong path is our mistake, not a passing fault."""
    with paged(always(refused(status))) as replica, pytest.raises(HarvestRefused, match=str(status)):
        next(source(replica).pages("cs", None))


def test_contents_that_come_with_an_error_status_do_not_count(source: Open) -> None:
    """A sound page with status 404 is no page."""
    fault = Fault(of_answer=lambda answer: replace(answer, status=404))
    with paged(always(fault)) as replica, pytest.raises(HarvestRefused, match="404"):
        next(source(replica).pages("cs", None))


def test_a_slow_answer_is_given_up(source: Open) -> None:
    """A time-out is a failure that may pass: the next answer counts."""
    forever = Event()
    with paged(script({1: held(forever)})) as replica:
        page = next(source(replica, timeout_s=(2.0, 0.05)).pages("cs", None))
        forever.set()

    assert page.papers == PAPERS[:10]


def test_nobody_listening_is_unavailable(source: Open) -> None:
    """A refused connection names the host and what to do."""
    with paged() as replica:
        oai = source(replica)

    with pytest.raises(SourceUnavailable, match=r"no answer from 127\.0\.0\.1.*try again later"):
        next(oai.pages("cs", None))


def test_loopback_needs_no_proxy(source: Open, monkeypatch: pytest.MonkeyPatch) -> None:
    """A proxy of the environment is not asked for this machine's own addresses."""
    monkeypatch.setenv("HTTP_PROXY", "http://127.0.0.1:9")
    monkeypatch.delenv("NO_PROXY", raising=False)
    monkeypatch.delenv("no_proxy", raising=False)
    with paged() as replica:
        assert len(papers_of(source(replica, patience=Patience(attempts=1)).pages("cs", None))) == 25


# --- packed answers ---------------------------------------------------------------------------------------------


def packed(change: Callable[[bytes], bytes], encoding: str = "gzip") -> Fault:
    """The right answer, packed and then changed."""

    def pack(answer: Answer) -> Answer:
        body = change(gzip.compress(answer.body))
        return replace(answer, body=body, headers={"Content-Encoding": encoding})

    return Fault(of_answer=pack)


def test_a_packed_answer_is_unpacked(source: Open) -> None:
    """It is a quarter of the bytes."""
    with paged(always(packed(lambda body: body))) as replica:
        assert papers_of(source(replica).pages("cs", None)) == list(PAPERS)


@pytest.mark.parametrize(
    ("fault", "said"),
    [
        (packed(lambda body: body[: len(body) // 2]), "no well-formed XML"),
        (packed(lambda body: b"plain"), "damaged"),
        (packed(lambda body: body[:40] + b"\xff" * 40 + body[80:]), "damaged"),
        (packed(lambda body: body, "br"), "packs its answer as br"),
        (packed(lambda body: b""), "OAI-PMH|no element found"),
    ],
)
def test_a_packed_answer_that_is_damaged_is_named(source: Open, fault: Fault, said: str) -> None:
    """Cut, overwritten, not packed at all, or packed in a way that was not asked for."""
    with paged(always(fault)) as replica, pytest.raises(MalformedFeed, match=said):
        next(source(replica, patience=Patience(attempts=1)).pages("cs", None))


def test_an_answer_that_grows_is_stopped_while_it_grows(source: Open, monkeypatch: pytest.MonkeyPatch) -> None:
    """64 kilobytes that unpack to a thousand times as much are never held whole."""
    monkeypatch.setattr(transport, "MAX_BYTES", 8 << 20)
    with paged(always(gzip_bomb(64))) as replica:
        oai = source(replica, patience=Patience(attempts=1))
        tracemalloc.start()
        with pytest.raises(MalformedFeed):
            next(oai.pages("cs", None))
        _, peak = tracemalloc.get_traced_memory()
        tracemalloc.stop()

    assert peak < 8 << 20


def test_an_endless_answer_is_stopped(source: Open, monkeypatch: pytest.MonkeyPatch) -> None:
    """A body above the bound is not read to its end, packed or not, even where it unpacks to nothing."""
    monkeypatch.setattr(transport, "MAX_BYTES", 1_000)
    nothing = zlib.compressobj(9, zlib.DEFLATED, 31)
    blocks = nothing.compress(b"") + b"".join(nothing.flush(zlib.Z_FULL_FLUSH) or b"\0\0\0\xff\xff" for _ in range(999))
    for fault in (rewritten(lambda body: body), packed(lambda _: blocks)):
        with paged(always(fault)) as replica, pytest.raises(MalformedFeed, match="more than 1000 bytes"):
            next(source(replica, patience=Patience(attempts=1)).pages("cs", None))


# --- redirects --------------------------------------------------------------------------------------------------


def redirecting(other: Replica) -> Plan:
    """Every request is sent on to the same place of another replica."""
    base = other.oai_address.removesuffix("/oai")
    return lambda request: moved(base + request.path)


def test_a_redirect_is_followed_where_its_host_was_named(source: Open, tmp_path: Path) -> None:
    """Each hop has a turn of its own, at its own service, and is noted."""
    with paged() as there, paged(redirecting(there)) as here:
        oai = source(here, redirect_hosts=["127.0.0.1"])
        assert papers_of(oai.pages("cs", None)) == list(PAPERS)

    assert (len(here.requests), len(there.requests), oai.requests) == (3, 3, 6)
    assert len(list(tmp_path.glob("*.turn"))) == 2
    first, second, *_ = oai.attempts()
    assert first.reason.startswith(f"redirected to {there.oai_address}")
    assert (first.received, second.received) == (None, 10)


def test_a_redirect_to_another_host_is_refused(source: Open) -> None:
    """The message says where it leads."""
    for target in ("http://127.0.0.1:9/oai", "http://[", "//", "https://example.org:99999/", "ftp://127.0.0.1/"):
        with paged(always(moved(target))) as replica:
            oai = source(replica, redirect_hosts=["example.org"], patience=Patience(attempts=1))
            with pytest.raises(MalformedFeed, match="redirects to"):
                next(oai.pages("cs", None))


def test_redirects_in_a_circle_end(source: Open) -> None:
    """Three are followed."""
    with paged() as replica:
        replica.faults = always(moved(replica.oai_address))
        with pytest.raises(MalformedFeed, match="more than 3 redirects"):
            next(source(replica, redirect_hosts=["127.0.0.1"]).pages("cs", None))

    assert len(replica.requests) == 4


# --- patience and notes -----------------------------------------------------------------------------------------


def test_every_request_is_noted_with_what_it_waited_for(source: Open, clock: FakeClock) -> None:
    """The failed ones too; a second call tells only what came since."""
    with paged(script({2: refused(503, "90")})) as replica:
        oai = source(replica, interval_s=3.0)
        pages = oai.pages("cs", None)
        first = next(pages)
        assert oai.attempts() == (Attempt("records", "", 1, clock.now(), 0.0, 0.0, received=10),)
        next(pages)
        failed, second = oai.attempts()
        assert oai.attempts() == ()

    assert (failed.place, failed.attempt, failed.waited_s, failed.outcome) == (first.token, 1, 3.0, "SourceUnavailable")
    assert "status 503: try again in 90 s" in failed.reason
    assert failed.received is None
    assert (second.place, second.attempt, second.waited_s, second.received) == (first.token, 2, 90.0, 10)
    assert second.asked_at == datetime(2026, 1, 1, 0, 1, 33)
    assert oai.requests == 3


def test_drops_are_noted_with_their_request(source: Open) -> None:
    """As the page tells them."""
    with paged(script({1: DAMAGED_RECORDS["without date"]})) as replica:
        oai = source(replica)
        page = next(oai.pages("cs", None))

    [attempt] = oai.attempts()
    assert (attempt.received, attempt.dropped) == (10, page.dropped)


def test_the_turn_lasts_as_long_as_the_answer(source: Open, tmp_path: Path) -> None:
    """While it is sent nobody else gets one; while the page is worked on everybody may."""
    taken: list[bool] = []

    def look(answer: Answer) -> Answer:
        [file] = tmp_path.glob("*.turn")
        with file.open() as opened:
            try:
                fcntl.flock(opened, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                taken.append(True)
            else:
                taken.append(False)
        return answer

    with paged(always(Fault(of_answer=look))) as replica:
        pages = source(replica).pages("cs", None)
        next(pages)
        assert taken == [True]
        assert len(papers_of(source(replica).pages("stat", None))) == 25
        assert len(papers_of(pages)) == 15

    assert taken == [True] * 6


# --- settings ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("address", ["oaipmh.arxiv.org", "file:///etc/passwd", "http://[", "http://a:99999/"])
def test_an_address_that_cannot_work_is_refused(tmp_path: Path, clock: FakeClock, address: str) -> None:
    """Before the first request."""
    with pytest.raises(SettingsError, match="no http address"):
        OaiPmh(clock=clock, state_folder=tmp_path, address=address)
