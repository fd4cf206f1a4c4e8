"""The stand-in for arXiv's query API."""

from __future__ import annotations

import xml.etree.ElementTree as ET
from collections.abc import Iterator
from datetime import UTC, date, datetime

import pytest
import requests
from hypothesis import given
from hypothesis import strategies as st

from littriage.model import Paper
from littriage.replica import Replica
from littriage.replica.feed import Slice, render_feed
from littriage.replica.search import BadQuery, Index, parse_expression, submitted_at, words

ATOM = "{http://www.w3.org/2005/Atom}"
OPENSEARCH = "{http://a9.com/-/spec/opensearch/1.1/}"


def paper(number: int, title: str = "A title", abstract: str | None = "An abstract", **facts: object) -> Paper:
    """Paper `number`, submitted on that day of March 2021 unless told otherwise."""
    known: dict[str, object] = {
        "id": f"2103.{number:05d}",
        "authors": ("Ada Lovelace",),
        "categories": ("cs.LG",),
        "published": date(2021, 3, number),
    }
    return Paper(title=title, abstract=abstract, **(known | facts))  # type: ignore[arg-type]


CORPUS = (
    paper(1, "Graph neural networks", "We study GNNs on graphs.", categories=("cs.LG", "stat.ML")),
    paper(2, "Über die Schrödinger-Gleichung", "State-of-the-art results, $O(n^2)$.", categories=("quant-ph",)),
    paper(3, "Neural graph search", "No networks here.", authors=("Jane Doe", "Neural Graph"), comments="12 pages"),
    paper(4, "Networks", None, categories=("cs.CL",), id="cs/0103004"),
)


def found(expression: str, papers: tuple[Paper, ...] = CORPUS) -> list[int]:
    """The days of the papers that an expression finds."""
    index = Index(papers)
    matches = index.matches(parse_expression(expression))
    return [p.published.day for p in index.slice(matches, 0, len(papers), "submittedDate", ascending=True)]


# --- the query language -----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("expression", "days"),
    [
        ("ti:networks", [1, 4]),
        ("abs:networks", [3]),
        ("all:networks", [1, 3, 4]),
        ("networks", [1, 3, 4]),
        ('ti:"neural networks"', [1]),
        ('ti:"networks neural"', []),
        ("ti:network", []),
        ('ti:"graph neural net"', []),
        ('abs:"state of the art"', [2]),
        ("abs:state-of-the-art", [2]),
        ("ti:SCHRODINGER", [2]),
        ('ti:"uber die"', [2]),
        ('au:"neural graph"', [3]),
        ('au:"doe neural"', []),
        ("au:jane_doe", [3]),
        ("co:pages", [3]),
        ("cat:cs.LG", [1, 3]),
        ("cat:CS.lg", [1, 3]),
        ("cat:stat.ML", [1]),
        ("cat:cs.*", [1, 3, 4]),
        ("cat:cs", []),
        ("id:cs/0103004", [4]),
        ("ti:networks AND cat:cs.CL", [4]),
        ("ti:networks OR ti:search", [1, 3, 4]),
        ("all:networks ANDNOT cat:cs.CL", [1, 3]),
        ("ti:search OR ti:networks AND cat:cs.CL", [3, 4]),
        ("(ti:search OR ti:networks) AND cat:cs.CL", [4]),
        ('ti:""', None),
        ("ti:!!", []),
    ],
)
def test_expressions_find_what_arxiv_documents(expression: str, days: list[int] | None) -> None:
    """Fields, phrases on whole words, folded accents and case, operators and brackets."""
    if days is None:
        with pytest.raises(BadQuery):
            found(expression)
    else:
        assert found(expression) == days


def test_a_date_range_is_exact_to_the_minute() -> None:
    """Both ends are included, and a minute before or after is not."""
    at = submitted_at(CORPUS[0])
    stamp = f"{at:%Y%m%d%H%M}"

    assert found(f"submittedDate:[{stamp} TO {stamp}]") == [1]
    assert found(f"submittedDate:[202103010000 TO {stamp}]") == [1]
    assert found("submittedDate:[202103020000 TO 202103032359]") == [2, 3]
    assert found("submittedDate:[202103032359 TO 202103020000]") == []


@pytest.mark.parametrize(
    "expression",
    [
        "",
        "   ",
        "ti:a AND",
        "AND ti:a",
        "ti:a ti:b",
        "(ti:a",
        "ti:a)",
        'ti:"a',
        "foo:a",
        "submittedDate:2007*",
        "submittedDate:[2007 TO 2008]",
        "submittedDate:[202113010000 TO 202114010000]",
        "ti:a AND OR ti:b",
    ],
)
def test_loose_queries_are_refused(expression: str) -> None:
    """What the service would rewrite or reject is rejected, so that the demo cannot get used to it."""
    with pytest.raises(BadQuery):
        parse_expression(expression)


WORDS = st.sampled_from(["alpha", "beta", "gamma"])
PAPERS = st.lists(st.tuples(st.lists(WORDS, max_size=4), st.lists(WORDS, max_size=6)), max_size=12)
TERMS = st.tuples(st.sampled_from(["ti", "abs"]), st.lists(WORDS, min_size=1, max_size=2))


@given(PAPERS, TERMS, TERMS, st.sampled_from(["AND", "OR", "ANDNOT"]))
def test_the_index_agrees_with_reading_every_paper(
    texts: list[tuple[list[str], list[str]]],
    one: tuple[str, list[str]],
    other: tuple[str, list[str]],
    operator: str,
) -> None:
    """Bit sets and postings are only a faster way of looking at each paper in turn."""
    papers = tuple(paper(n, " ".join(ti), " ".join(ab)) for n, (ti, ab) in enumerate(texts, 1))

    def holds(p: Paper, term: tuple[str, list[str]]) -> bool:
        text = p.title if term[0] == "ti" else p.abstract or ""
        return f" {' '.join(term[1])} " in f" {text} "

    join = {"AND": lambda a, b: a and b, "OR": lambda a, b: a or b, "ANDNOT": lambda a, b: a and not b}[operator]
    expression = f'{one[0]}:"{" ".join(one[1])}" {operator} {other[0]}:"{" ".join(other[1])}"'

    assert found(expression, papers) == [p.published.day for p in papers if join(holds(p, one), holds(p, other))]


def test_the_expression_as_understood_reads_the_same_again() -> None:
    """The feed's title shows the query with its brackets, and that is the same query."""
    node = parse_expression('ti:"a b" OR abs:c AND cat:cs.* ANDNOT submittedDate:[202101010000 TO 202101022359]')

    assert parse_expression(str(node)) == node


def test_words_split_at_punctuation_and_drop_accents() -> None:
    """LaTeX and hyphens are boundaries; other scripts stay words."""
    assert words("Gödel's $\\ell_1$-norm, 图神经网络") == ["godel", "s", "ell", "1", "norm", "图神经网络"]


# --- the feed ---------------------------------------------------------------------------------------------------


PRINTABLE = st.text(st.characters(exclude_categories=["Cs", "Cc"], exclude_characters="\ufffe\uffff"))


def read_title(title: str, abstract: str = "") -> str | None:
    """A title after the way through the feed."""
    body = render_feed(Slice("q", 0, 1, 1, (paper(1, title, abstract),)), date(2021, 3, 1))
    return ET.fromstring(body).findtext(f"{ATOM}entry/{ATOM}title")


@given(PRINTABLE, PRINTABLE)
def test_texts_come_through_the_feed_unchanged(title: str, abstract: str) -> None:
    """Brackets, ampersands, LaTeX and every script are escaped or encoded right."""
    assert (read_title(title, abstract) or "") == title


def test_characters_that_xml_cannot_hold_are_left_out() -> None:
    """A stray control character does not make the whole feed unreadable."""
    assert read_title("a\x0bb\x00c\ufffed") == "abcd"


# --- the service ------------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def replica() -> Iterator[Replica]:
    with Replica(CORPUS) as running:
        yield running


def ask(replica: Replica, **parameters: object) -> tuple[int, ET.Element]:
    """Status and feed of a request."""
    answer = requests.get(replica.address, params=parameters, timeout=5)  # type: ignore[arg-type]
    assert answer.headers["Content-Type"].startswith("application/atom+xml")
    return answer.status_code, ET.fromstring(answer.content)


def ids(feed: ET.Element) -> list[str]:
    return [entry.findtext(f"{ATOM}id") or "" for entry in feed.findall(f"{ATOM}entry")]


def numbers(feed: ET.Element) -> tuple[int, ...]:
    return tuple(int(feed.findtext(f"{OPENSEARCH}{n}") or -1) for n in ("totalResults", "startIndex", "itemsPerPage"))


def test_a_slice_carries_the_totals_and_the_query_as_understood(replica: Replica) -> None:
    """Total, start and page size are the feed's own; its title shows the brackets that the parser put."""
    status, feed = ask(
        replica,
        search_query="cat:cs.LG OR cat:cs.CL",
        start=1,
        max_results=2,
        sortBy="submittedDate",
        sortOrder="ascending",
    )

    assert status == 200
    assert numbers(feed) == (3, 1, 2)
    assert ids(feed) == ["http://arxiv.org/abs/2103.00003v1", "http://arxiv.org/abs/cs/0103004v1"]
    title = feed.findtext(f"{ATOM}title") or ""
    assert title == "arXiv Query: search_query=(cat:cs.LG OR cat:cs.CL)&id_list=&start=1&max_results=2"


def test_no_results_can_be_asked_for(replica: Replica) -> None:
    """max_results=0 gives the total and no entries."""
    _, feed = ask(replica, search_query="cat:cs.LG", max_results=0)

    assert numbers(feed) == (2, 0, 0)
    assert ids(feed) == []


def test_results_can_be_sorted(replica: Replica) -> None:
    """By submission and by last update, both ways."""
    everything = {"search_query": "submittedDate:[202103010000 TO 202103312359]"}
    _, oldest = ask(replica, **everything, sortBy="submittedDate", sortOrder="ascending")
    _, newest = ask(replica, **everything, sortBy="submittedDate", sortOrder="descending")
    _, updated = ask(replica, **everything, sortBy="lastUpdatedDate", sortOrder="ascending")

    assert ids(oldest) == ids(newest)[::-1] == ids(updated)
    assert len(ids(oldest)) == 4


def test_ids_filter_and_stand_alone(replica: Replica) -> None:
    """An id list gives those papers, with a query those that match too; old-style ids and versions are ids."""
    _, alone = ask(replica, id_list="2103.00001v1,cs/0103004")
    _, both = ask(replica, id_list="2103.00001,cs/0103004", search_query="cat:cs.CL")

    assert len(ids(alone)) == 2
    assert ids(both) == ["http://arxiv.org/abs/cs/0103004v1"]


@pytest.mark.parametrize(
    ("parameters", "reason"),
    [
        ({"search_query": "ti:a", "start": "x"}, "start must be an integer"),
        ({"search_query": "ti:a", "start": -1}, "start must be non-negative"),
        ({"search_query": "ti:a", "max_results": -1}, "max_results must be non-negative"),
        ({"search_query": "ti:a", "max_results": 30_001}, "only the first 30000 results can be had; refine the query"),
        ({"search_query": "ti:a", "sortBy": "size"}, "sortBy must be in: relevance, lastUpdatedDate, submittedDate"),
        ({"id_list": "1234.1234x"}, "incorrect id format for 1234.1234x"),
        ({}, "search_query or id_list is needed"),
    ],
)
def test_an_error_is_one_entry_with_status_400(replica: Replica, parameters: dict[str, object], reason: str) -> None:
    """The manual's section 3.4: an id under /api/errors and the reason as its summary."""
    status, feed = ask(replica, **parameters)

    assert status == 400
    assert [i.split("#")[0] for i in ids(feed)] == ["https://arxiv.org/api/errors"]
    assert feed.findtext(f"{ATOM}entry/{ATOM}summary") == reason


def test_a_slice_holds_at_most_2000_entries() -> None:
    """More may be asked for, up to 30,000, and is given in slices."""
    many = [paper(1, id=f"2103.{n:05d}") for n in range(1, 2_101)]
    with Replica(many) as replica:
        _, first = ask(replica, search_query="cat:cs.LG", max_results=3_000)
        _, rest = ask(replica, search_query="cat:cs.LG", start=2_000, max_results=3_000)

    assert (len(ids(first)), len(ids(rest))) == (2_000, 100)
    assert numbers(first)[0] == 2_100


def test_an_empty_corpus_answers_zero() -> None:
    """A service without papers is a service."""
    with Replica([]) as replica:
        status, feed = ask(replica, search_query="cat:cs.LG")

    assert (status, numbers(feed)[0]) == (200, 0)


def test_the_history_tells_every_request() -> None:
    """Path, parameters, headers and order are kept for the tests."""
    with Replica(CORPUS) as replica:
        ask(replica, search_query="ti:networks")
        requests.get(replica.address.replace("/api/query", "/elsewhere"), timeout=5)

    assert [r.number for r in replica.requests] == [1, 2]
    assert replica.requests[0].parameters == {"search_query": "ti:networks"}
    assert replica.requests[0].at <= replica.requests[1].at
    assert "python-requests" in replica.requests[0].headers["user-agent"]


def test_dates_of_an_entry_are_the_papers_own(replica: Replica) -> None:
    """Published on the paper's day; updated when the last version came."""
    _, feed = ask(replica, id_list="2103.00002")
    published = datetime.fromisoformat(feed.findtext(f"{ATOM}entry/{ATOM}published") or "")

    assert published == submitted_at(CORPUS[1])
    assert published.astimezone(UTC).date() == date(2021, 3, 2)
