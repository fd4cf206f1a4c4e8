"""One rule for texts, names and categories: in Python for what comes over the network, in SQL for files."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from littriage.identity import (
    ALIASES,
    author_list,
    author_names,
    canonical_categories,
    category_names,
    clean_text,
    is_withdrawn,
)
from littriage.warehouse import Warehouse
from littriage.warehouse.imports import define_macros


@pytest.fixture(scope="module")
def macros() -> Iterator[Warehouse]:
    """A warehouse that knows the macros."""
    with Warehouse.in_memory() as warehouse:
        define_macros(warehouse)
        yield warehouse


def in_sql(warehouse: Warehouse, call: str, *texts: object) -> list[Any]:
    """The macro's answer for each text."""
    rows = warehouse.connection.execute(f"select {call} from (select unnest($1) as text)", [list(texts)]).fetchall()
    return [answer for (answer,) in rows]


ODD = [
    "\x00",
    "\x01",
    "\x1c",
    "\x1f",
    "\x7f",
    "\x85",
    "\x9f",
    "\xa0",
    "\u2009",
    "\u2028",
    "\u3000",
    "\t",
    "\r",
    "\n  ",
    "  ",
]
PIECES = [
    *ODD, " ", ",", ", ", " and ", ", and ", " & ", ":", "and", "(", ")", "(1)", "((1) Cambridge)", "{", "}", "~", "\\",
    r"\'e", r"\'{e}", r"{\'e}", r'\"o', r"\c{c}", r"\c c", r"\v s", r"{\v{s}}", r"\~n", r"\'{\i}", r"\'\i n", r"\o",
    r"\O{}", r"\ss ", r"\L ukasz", r"\AA", r"\,", r"\.z", "Jr.", ", Jr.", ", III", "Sr", "the ", "The ", "for the ",
    "on behalf of ", "LHCb Collaboration", "(CMS Collaboration)", "Ada", "Lovelace", "O'Neil", "é",
    "e\u0301", "\u0301", "Å",
    "图神经", "ﬁ",
]  # fmt: skip
TEXTS = st.one_of(
    st.lists(st.sampled_from(PIECES), max_size=12).map("".join),
    st.lists(st.one_of(st.sampled_from(PIECES), st.text(max_size=3)), max_size=8).map("".join),
)
QUICK = settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])


# --- texts ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "clean"),
    [
        ("", ""),
        ("  We show\nthat it\n  works.\n", "We show that it works."),
        ("a\u00a0b\u2028c\x85d\x1ee", "a b c d e"),
        ("nul\x00l and b\x07ell \x7f\x9b", "null and bell"),
        ("a \x00 b", "a b"),
        ("图 神经\u3000网络", "图 神经 网络"),
        (r"$\mathcal{O}(n)$ e\x", r"$\mathcal{O}(n)$ e\x"),
    ],
)
def test_a_text_is_one_line_without_control_characters(macros: Warehouse, text: str, clean: str) -> None:
    """White space of any kind is one blank; content stays as it is."""
    assert clean_text(text) == clean
    assert in_sql(macros, "clean_text(text)", text) == [clean]


@QUICK
@given(st.lists(TEXTS, min_size=1, max_size=20))
@example(["\n", " \n", "a\n\n", "\x0b", "\u1680", "\u202fa"])
def test_python_and_sql_clean_alike(macros: Warehouse, texts: list[str]) -> None:
    """A paper from a file and one from the network have the same text, and so the same hash."""
    cleaned = [clean_text(text) for text in texts]
    assert in_sql(macros, "clean_text(text)", *texts) == cleaned
    assert [clean_text(text) for text in cleaned] == cleaned


# --- names ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("tex", "name"),
    [
        (r"Bal\'azs", "Balázs"),
        (r"Erd\H{o}s", "Erdős"),
        (r"G\"{o}del", "Gödel"),
        (r"{\'E}mile", "Émile"),
        (r"Fran\c{c}ois", "François"),
        (r"Fran\c cois", "François"),
        (r"{\v S}koda", "Škoda"),
        (r"Ho\v{r}ava", "Hořava"),
        (r"Mu\~noz", "Muñoz"),
        (r"Mart\'{\i}nez", "Martínez"),
        (r"Garc\'\i a", "García"),
        (r"S{\o}ren \O{}rsted", "Søren Ørsted"),
        (r"{\AA}ngstr\"om", "Ångström"),
        (r"\L ukasz", "Łukasz"),
        (r"Gau\ss", "Gauß"),
        (r"\.Zelazny \k{e}", "Żelazny ę"),
        (r"Y{\i}lmaz", "Yılmaz"),
        (r"J.~K.\ Doe", "J. K. Doe"),
        ("e\u0301", "é"),
        (r"\unknown{x}", r"\unknownx"),
    ],
)
def test_accents_of_tex_are_letters(macros: Warehouse, tex: str, name: str) -> None:
    """As arXiv lets authors type them, and as every other channel writes them."""
    assert author_names(tex) == (name,)
    assert in_sql(macros, "author_names(text)", tex) == [[name]]


LINES = [
    ("", ()),
    ("Ada Lovelace", ("Ada Lovelace",)),
    ("Ada Lovelace, Charles Babbage and Bob", ("Ada Lovelace", "Charles Babbage", "Bob")),
    ("Ada Lovelace, Charles Babbage, and Bob", ("Ada Lovelace", "Charles Babbage", "Bob")),
    ("Anderson, Sandy", ("Anderson", "Sandy")),
    ("Ada (1), Bob (1 and 2) ((1) Cambridge, UK (now in Rome), (2) Paris)", ("Ada", "Bob")),
    ("Ada (unclosed, Bob", ("Ada unclosed", "Bob")),
    ("P. W. Anderson, Jr., Bob Sr. and Carl, III", ("P. W. Anderson Jr.", "Bob Sr.", "Carl III")),
    ("The ATLAS Collaboration: G. Aad, B. Abbott", ("ATLAS Collaboration", "G. Aad", "B. Abbott")),
    ("B. Abbott for the LIGO Scientific Collaboration", ("B. Abbott", "LIGO Scientific Collaboration")),
    ("A. Bee (on behalf of the CDF collaboration)", ("A. Bee", "CDF collaboration")),
    ("Volkan and, and Christoph Koch and and Bob and", ("Volkan", "Christoph Koch", "Bob")),
    ("and Ada, Andrea Sand and", ("Ada", "Andrea Sand")),
    ("Sandy Alexander & Fernanda", ("Sandy Alexander", "Fernanda")),
    (r"Bal\'azs Nagy,\n K.\,L. M", ("Balázs Nagy", r"\n K. L. M")),
    ("李明, Ünal", ("李明", "Ünal")),
]


@pytest.mark.parametrize(("line", "names"), LINES)
def test_a_line_of_authors_is_names(macros: Warehouse, line: str, names: tuple[str, ...]) -> None:
    """Where they work is left out; suffixes and collaborations stay whole."""
    assert author_names(line) == names
    assert in_sql(macros, "author_names(text)", line) == [list(names)]


@QUICK
@given(st.lists(TEXTS, min_size=1, max_size=20))
def test_python_and_sql_read_authors_alike(macros: Warehouse, lines: list[str]) -> None:
    """Whatever stands in the line."""
    assert in_sql(macros, "author_names(text)", *lines) == [list(author_names(line)) for line in lines]


NAMES = [
    ([], ()),
    (["Ada Lovelace", "Bob"], ("Ada Lovelace", "Bob")),
    (["Lovelace, Ada", "Bob"], ("Ada Lovelace", "Bob")),
    (
        ["Jr., Louis Anthony Cox", "Cox, Louis, Jr.", "Ron Daniel,"],
        ("Louis Anthony Cox Jr.", "Louis Cox Jr.", "Ron Daniel"),
    ),
    (["Nagy, Bal\\'azs", "NVIDIA", ":", "Ada and Bob"], ("Balázs Nagy", "NVIDIA", "Ada", "Bob")),
]


@pytest.mark.parametrize(("apart", "names"), NAMES)
def test_names_that_come_apart_are_names_in_their_order(
    macros: Warehouse, apart: list[str], names: tuple[str, ...]
) -> None:
    """The given name first, the suffix last; nothing that is no name."""
    assert author_list(apart) == names
    assert in_sql(macros, "author_list(text::text[])", apart) == [list(names)]


@QUICK
@given(st.lists(st.lists(TEXTS, max_size=4), min_size=1, max_size=20))
def test_python_and_sql_read_names_alike(macros: Warehouse, lists: list[list[str]]) -> None:
    """Whatever stands in them; and a line of the names says the same."""
    named = [author_list(one) for one in lists]
    assert in_sql(macros, "author_list(text::text[])", *lists) == [list(one) for one in named]


@QUICK
@given(st.lists(st.from_regex(r"[A-Z][a-z]{1,8}( [A-Z]\.)? [A-Z][a-z]{1,8}", fullmatch=True), max_size=6))
def test_names_and_their_line_are_the_same_authors(names: list[str]) -> None:
    """Whether a channel tells them apart or in a line."""
    assert author_list(names) == author_names(", ".join(names)) == tuple(names)


# --- categories -------------------------------------------------------------------------------------------------


def test_a_category_has_one_name(macros: Warehouse) -> None:
    """Other names and archives of old lead to the one that arXiv keeps, each once, in their order."""
    given_ = ["cs.NA", "cs.LG", "math.NA", "cmp-lg", "cs.CL", "cs.LG", "hep-th"]
    kept = ("math.NA", "cs.LG", "cs.CL", "hep-th")

    assert canonical_categories(given_) == kept
    assert in_sql(macros, "canonical_categories(text)", given_, []) == [list(kept), []]
    assert category_names("cmp-lg") == category_names("cs.CL") == ("cs.CL", "cmp-lg")
    assert category_names("cs.LG") == ("cs.LG",)


def test_both_tables_of_names_are_the_same(macros: Warehouse) -> None:
    """Every other name is known in SQL too, and no kept name is another one's other name."""
    assert in_sql(macros, "category_name(text)", *ALIASES) == list(ALIASES.values())
    assert not ALIASES.keys() & set(ALIASES.values())


CATEGORIES = st.lists(st.sampled_from([*ALIASES, *ALIASES.values(), "cs.LG", "cs"]), max_size=6)


@QUICK
@given(st.lists(CATEGORIES, min_size=1, max_size=10))
def test_python_and_sql_name_categories_alike(macros: Warehouse, lists: list[list[str]]) -> None:
    """Naming twice changes nothing."""
    named = [canonical_categories(one) for one in lists]
    assert in_sql(macros, "canonical_categories(text::text[])", *lists) == [list(one) for one in named]
    assert [canonical_categories(one) for one in named] == named


# --- withdrawals ------------------------------------------------------------------------------------------------

SAID = st.lists(
    st.sampled_from(
        [
            "withdrawn", "Withdrawn", "WITHDRAWN", "paper", "note", "version", "by", "the", "author", "authors",
            "arxiv", "submitter", "has been", ".", ". ", "_", "é", "图", "(", "—", "1", "word " * 9, "x" * 40,
        ]
    ),
    max_size=8,
)  # fmt: skip


@QUICK
@given(st.lists(st.tuples(SAID, SAID, st.sampled_from([" ", ""])), min_size=1, max_size=20))
def test_python_and_sql_see_the_same_withdrawals(
    macros: Warehouse, said: list[tuple[list[str], list[str], str]]
) -> None:
    """In comments, and in the opening of an abstract."""
    texts = [[clean_text(between.join(one)) for one in (abstract, comments)] for abstract, comments, between in said]
    assert in_sql(macros, "is_withdrawn(text[1], text[2])", *texts) == [is_withdrawn(*one) for one in texts]
