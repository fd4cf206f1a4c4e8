"""Directions: the TOML files under queries/, their query language, and the matcher that decides locally.

A folder is a theme, described by its `_theme.toml`; every other TOML file in it is a direction, and the file's name is
the direction's slug. A query is an AND of OR-groups of phrases. arXiv only proposes: `arxiv_expression` casts the
wider net, and `Matcher` decides. queries/README.md describes the files for those who write them.
"""

from __future__ import annotations

import difflib
import hashlib
import json
import re
import sys
import tomllib
import unicodedata
from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from functools import lru_cache, partial
from pathlib import Path
from typing import Any, Generic, TypeVar, cast

from littriage.errors import DirectionError, UnknownDirection
from littriage.identity import canonical_categories, category_names
from littriage.model import (
    Catalogue,
    Claim,
    Direction,
    Exemplar,
    LexicalHit,
    Query,
    Stance,
    Theme,
    Window,
    parse_arxiv_id,
)

T = TypeVar("T")
D = TypeVar("D")

LEXICAL_RULE = "lexical-2"
"""Version of `canonical` and `Matcher` together: counts made under different versions are never put in one series."""

# --- the normal form of text ------------------------------------------------------------------------------------

_ASCII_WORD = re.compile(r"[a-z0-9]+")
_WORD = re.compile(r"[^\W_]+")
_INVISIBLE = re.compile(r"[\u0300-\u036f\u00ad\u200b-\u200d\u2060\ufeff]")
_UNDECOMPOSED = str.maketrans({"ø": "o", "ł": "l", "đ": "d", "ı": "i", "æ": "ae", "œ": "oe"})

# Applied in this order to lower-case text; what is left of the markup is punctuation.
_LATEX = (
    (re.compile(r"\\-"), ""),  # a place where the word may be broken
    (re.compile(r"\\(?:['`^\"~=.]|[uvhtcdbkr](?![a-z]))\s*\{?\s*\\?([a-z])"), r"\1"),  # \'e  \c{c}  \"{\i}
    (re.compile(r"\\(aa|ae|oe|ss|[olij])(?![a-z])\s*"), r"\1"),  # S{\o}rensen
    (re.compile(r"\\(?:em|it|bf|rm|sc|sf|sl|tt)(?![a-z])"), ""),  # {\em x}
    (re.compile(r"\\[a-z]+\s*(?=\{)"), ""),  # \emph{x}  \mathcal{N}
    (re.compile(r"\\([a-z]+)"), r" \1 "),  # \epsilon is a word
    (re.compile(r"[{}]"), ""),
)

_IRREGULAR = {
    "analyses": "analysis",
    "biases": "bias",
    "caches": "cache",
    "crises": "crisis",
    "diagnoses": "diagnosis",
    "hypotheses": "hypothesis",
    "indices": "index",
    "lenses": "lens",
    "matrices": "matrix",
    "movies": "movie",
    "syntheses": "synthesis",
    "vertices": "vertex",
} | {word: word for word in ("alias", "atlas", "bias", "canvas", "chaos", "lens", "series", "species")}
_PLURAL_OF = {singular: plural for plural, singular in _IRREGULAR.items() if plural != singular}


@lru_cache(maxsize=1 << 16)
def _stem(word: str) -> str:
    """The word without its plural ending: a longer relative of Harman's S-stemmer (JASIS 42(1), 1991, table 1).

    Listed words as listed; words of up to three letters and words in -ss, -us, -is stay; -ies becomes -y; -es goes
    after ss, sh, ch, x; any other -s goes. It also takes the -s of verbs and of "physics": alike on both sides.
    """
    if word in _IRREGULAR:
        return _IRREGULAR[word]
    if len(word) <= 3 or not word.endswith("s") or word.endswith(("ss", "us", "is")):
        return word
    if word.endswith("ies") and len(word) > 4:
        return f"{word[:-3]}y"
    return word[:-2] if word.endswith(("sses", "shes", "ches", "xes")) else word[:-1]


def _plural(word: str) -> str:
    """A plural that `_stem` takes back to this stem, or the word itself where there is none."""
    if word in _PLURAL_OF:
        return _PLURAL_OF[word]
    if re.search(r"[^aeiou]y$", word):
        plural = f"{word[:-1]}ies"
    else:
        plural = f"{word}es" if word.endswith(("ss", "sh", "ch", "x")) else f"{word}s"
    return plural if _stem(plural) == word else word


def _plain_words(text: str) -> list[str]:
    """The words in lower case, without LaTeX and accents, plurals left as they are."""
    if text.isascii() and "\\" not in text and "{" not in text:
        return _ASCII_WORD.findall(text.lower())
    text = unicodedata.normalize("NFKD", unicodedata.normalize("NFKD", text).casefold())
    for markup, replacement in _LATEX:
        text = markup.sub(replacement, text)
    return _WORD.findall(unicodedata.normalize("NFKC", _INVISIBLE.sub("", text).translate(_UNDECOMPOSED)))


def _words(text: str) -> list[str]:
    return [_stem(word) for word in _plain_words(text)]


def canonical(text: str) -> str:
    """The text as the matcher reads it: lower-case words without plural endings, one space between them.

    Case, Unicode form, accents (TeX accents too), LaTeX commands, hyphens, dashes, slashes and all other punctuation
    disappear. It is its own normal form: canonical(canonical(x)) == canonical(x).
    """
    return " ".join(_words(text))


# --- files ------------------------------------------------------------------------------------------------------

_Note = Callable[[str, str, str], None]
"""Takes a problem: key, what was found, what was expected."""


@dataclass(frozen=True, slots=True)
class _Kind(Generic[T]):
    """A kind of TOML value: how it is read, and how it is called when it is not there."""

    expected: str
    read: Callable[[Any, str, _Note], T]
    """Value, key, note -> result. After a problem was noted, nobody uses the result."""


class _Fields:
    """A TOML table read key by key. A problem is noted and reading goes on, so that all are found at once."""

    def __init__(self, table: Mapping[str, Any], prefix: str, note: _Note) -> None:
        self._table = table
        self._prefix = prefix
        self._note = note
        self._known: list[str] = []

    def need(self, key: str, kind: _Kind[T]) -> T:
        if key not in self._table:
            self._known.append(key)
            self._note(self._prefix + key, "nothing", kind.expected)
            return cast(T, None)
        return self.may(key, kind, cast(T, None))

    def may(self, key: str, kind: _Kind[T], default: D) -> T | D:
        self._known.append(key)
        return kind.read(self._table[key], self._prefix + key, self._note) if key in self._table else default

    def close(self) -> None:
        """Note every key that nobody asked for."""
        for key in self._table:
            if key not in self._known:
                self._note(self._prefix + key, "an unknown key", f"one of {', '.join(self._known)}")


def _single(expected: str, parse: Callable[[Any], T | None]) -> _Kind[T]:
    """One value; `parse` gives None where it is wrong."""

    def read(value: Any, key: str, note: _Note) -> T:
        parsed = parse(value)
        if parsed is None:
            note(key, _shown(value), expected)
        return cast(T, parsed)

    return _Kind(expected, read)


def _list_of(item: _Kind[T], expected: str, *, least: int = 0) -> _Kind[tuple[T, ...]]:
    def read(value: Any, key: str, note: _Note) -> tuple[T, ...]:
        if not isinstance(value, list) or len(value) < least:
            note(key, _shown(value), expected)
            return ()
        return tuple([item.read(part, f"{key} #{number}", note) for number, part in enumerate(value, start=1)])

    return _Kind(expected, read)


def _table(expected: str, build: Callable[[_Fields], T]) -> _Kind[T]:
    def read(value: Any, key: str, note: _Note) -> T:
        if not isinstance(value, dict):
            note(key, _shown(value), expected)
            return cast(T, None)
        fields = _Fields(value, f"{key}." if key else "", note)
        built = build(fields)
        fields.close()
        return built

    return _Kind(expected, read)


def _shown(value: Any) -> str:
    shown = repr(value)
    return shown if len(shown) <= 60 else f"{shown[:57]}..."


def _parse_text(value: Any) -> str | None:
    return (" ".join(value.split()) or None) if isinstance(value, str) else None


def _parse_phrase(value: Any) -> str | None:
    phrase = _parse_text(value)
    return phrase if phrase and _plain_words(phrase) else None


def _parse_category(value: Any) -> str | None:
    # A bare name without a hyphen (cs, stat) is an archive: no paper has it as its category.
    shape = r"[a-z]+(-[a-z]+)?\.([A-Z]{2}|[a-z]+(-[a-z]+)?)|[a-z]+-[a-z]+"
    return value if isinstance(value, str) and re.fullmatch(shape, value) else None


def _parse_date(value: Any) -> str | None:
    if not isinstance(value, str) or not re.fullmatch(r"\d{4}(-\d\d){0,2}", value):
        return None
    try:
        date.fromisoformat(f"{value}-01-01"[:10])
    except ValueError:
        return None
    return value


def _parse_window(value: Any) -> tuple[str, str] | None:
    if not isinstance(value, list) or len(value) != 2 or any(_parse_date(month) is None for month in value):
        return None
    first, last = value
    return (first, last) if len(first) == len(last) == 7 and first <= last else None


def _parse_span(value: Any) -> tuple[int, int] | None:
    if not isinstance(value, list) or len(value) != 2 or any(type(place) is not int for place in value):
        return None
    first, last = value
    return (first, last) if 0 <= first < last else None


def _parse_stance(value: Any) -> Stance | None:
    return Stance(value) if value in list(Stance) else None


def _parse_year(value: Any) -> int | None:
    return value if isinstance(value, int) and 1900 <= value <= 2100 else None


def _parse_arxiv_base(value: Any) -> str | None:
    parsed = parse_arxiv_id(value) if isinstance(value, str) else None
    return parsed.base if parsed else None


_TEXT = _single("text", _parse_text)
_FLAG = _single("true or false", lambda value: value if isinstance(value, bool) else None)
_PHRASE = _single("a phrase with a letter or digit in it", _parse_phrase)
_CATEGORY = _single("an arXiv category such as cs.CV, cond-mat.dis-nn or hep-th", _parse_category)
_DATE = _single('a date "YYYY", "YYYY-MM" or "YYYY-MM-DD"', _parse_date)
_WINDOW = _single('an earliest and a latest month ["YYYY-MM", "YYYY-MM"]', _parse_window)
_SPAN = _single("characters of the document [from, up to]", _parse_span)
_STANCE = _single(f"one of {', '.join(Stance)}", _parse_stance)
_YEAR = _single("a year from 1900 to 2100", _parse_year)
_ARXIV_ID = _single("an arXiv id such as 2103.00112 or hep-th/9901001", _parse_arxiv_base)


def _query(fields: _Fields) -> Query:
    group = _list_of(_PHRASE, "a group of phrases, of which one must occur", least=1)
    return Query(
        categories=fields.may("categories", _list_of(_CATEGORY, "a list of arXiv categories"), ()),
        all_of=fields.need("all_of", _list_of(group, "at least one group of phrases", least=1)),
        none_of=fields.may("none_of", _list_of(_PHRASE, "a list of phrases"), ()),
    )


def _exemplar(fields: _Fields) -> Exemplar:
    return Exemplar(
        arxiv_id=fields.may("id", _ARXIV_ID, None),
        title=fields.need("title", _TEXT),
        year=fields.need("year", _YEAR),
        checked=fields.may("checked", _FLAG, True),
    )


def _claim(slug: str, fields: _Fields) -> Claim:
    return Claim(
        direction=slug,
        document=fields.need("document", _TEXT),
        author=fields.need("author", _TEXT),
        date=fields.need("date", _DATE),
        window=fields.need("window", _WINDOW),
        stance=fields.need("stance", _STANCE),
        paraphrase=fields.need("paraphrase", _TEXT),
        locator=fields.need("locator", _TEXT),
        inferred=fields.may("inferred", _FLAG, False),
        repost_of=fields.may("repost_of", _TEXT, None),
        span=fields.may("span", _SPAN, None),
        paraphrase_zh=fields.may("paraphrase_zh", _TEXT, ""),
    )


_QUERY = _table("a table [query]", _query)
_EXEMPLARS = _list_of(_table("a table", _exemplar), "tables [[exemplars]]")


def _aliases() -> _Kind[tuple[str, ...]]:
    names = _list_of(_PHRASE, "a list of other names")

    def read(value: Any, key: str, note: _Note) -> tuple[str, ...]:
        read_names = names.read(value, key, note)
        numbers: dict[str, int] = {}
        for number, name in enumerate(read_names, start=1):
            first = numbers.setdefault(canonical(name or ""), number)
            if name and first != number:
                note(f"{key} #{number}", _shown(name), f"each name once: #{first} is the same")
        return read_names

    return _Kind(names.expected, read)


_ALIASES = _aliases()


def _claims(slug: str) -> _Kind[tuple[Claim, ...]]:
    return _list_of(_table("a table", partial(_claim, slug)), "tables [[claims]]")


def parse_direction(text: str, *, slug: str, theme: str, where: str) -> Direction:
    """The direction that a TOML text describes; `where` is the file's name in messages.

    Raises DirectionError with every problem of the text.
    """

    def build(fields: _Fields) -> Direction:
        return Direction(
            slug=slug,
            theme=theme,
            name=fields.need("name", _TEXT),
            name_zh=fields.need("name_zh", _TEXT),
            scope=fields.need("scope", _TEXT),
            aliases=fields.may("aliases", _ALIASES, ()),
            query=fields.need("query", _QUERY),
            exemplars=fields.may("exemplars", _EXEMPLARS, ()),
            claims=fields.may("claims", _claims(slug), ()),
        )

    return _parse(text, build, slug=slug, where=where)


def parse_claims(text: str, *, where: str) -> tuple[Claim, ...]:
    """The claims of a text that holds nothing else, each with the slug of its `direction`.

    Raises DirectionError with every problem of the text.
    """

    def build(fields: _Fields) -> tuple[Claim, ...]:
        return fields.may("claims", _list_of(claim, "tables [[claims]]"), ())

    claim = _table("a table", lambda fields: _claim(fields.need("direction", _TEXT), fields))
    return _parse(text, build, slug="claims", where=where)


def parse_theme(text: str, *, slug: str, where: str) -> Theme:
    """The theme that the text of a `_theme.toml` describes; `where` is the file's name in messages.

    Raises DirectionError with every problem of the text.
    """

    def build(fields: _Fields) -> Theme:
        return Theme(
            slug=slug,
            name=fields.need("name", _TEXT),
            name_zh=fields.need("name_zh", _TEXT),
            scope=fields.need("scope", _TEXT),
            exemplars=fields.may("exemplars", _EXEMPLARS, ()),
            claims=fields.may("claims", _claims(slug), ()),
        )

    return _parse(text, build, slug=slug, where=where)


def _parse(text: str, build: Callable[[_Fields], T], *, slug: str, where: str) -> T:
    problems: list[str] = []

    def note(key: str, found: str, expected: str) -> None:
        problems.append(f"{where}: {key}: found {found}, expected {expected}")

    if not re.fullmatch(r"[a-z0-9]+(-[a-z0-9]+)*", slug):
        note("slug", _shown(slug), "lower-case words joined by hyphens, as in graph-neural-networks")
    try:
        table = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        note("TOML", str(error), "a TOML file (https://toml.io)")
        raise _refusal(problems) from None
    parsed = _table("a table", build).read(table, "", note)
    if problems:
        raise _refusal(problems)
    return parsed


def _refusal(problems: Sequence[str]) -> DirectionError:
    return DirectionError("\n".join(problems), problems=tuple(problems))


def load_catalogue(folder: Path) -> Catalogue:
    """All themes and directions under a folder such as queries/.

    Raises DirectionError naming every problem of every file, one a line.
    """
    themes: list[Theme] = []
    directions: list[Direction] = []
    problems: list[str] = []

    def load(path: Path, parse: Callable[..., T], **names: str) -> Iterable[T]:
        where = path.relative_to(folder).as_posix()
        try:
            # Some editors put a byte-order mark in front of UTF-8; TOML allows none.
            yield parse(path.read_text(encoding="utf-8-sig"), where=where, **names)
        except FileNotFoundError:
            problems.append(f"{where}: file: found nothing, expected the theme's name, name_zh and scope")
        except (OSError, UnicodeDecodeError) as error:
            problems.append(f"{where}: file: found {error}, expected readable UTF-8 text")
        except DirectionError as error:
            problems.extend(error.problems)

    for path in sorted(folder.glob("*.toml")):
        problems.append(f"{path.name}: file: found outside a theme, expected it in a theme's folder")
    for theme in sorted(path for path in folder.glob("[!.]*") if path.is_dir()):
        themes += load(theme / "_theme.toml", parse_theme, slug=theme.name)
        for path in sorted(theme.glob("*.toml")):
            if path.name != "_theme.toml":
                directions += load(path, parse_direction, slug=path.stem, theme=theme.name)

    for slug, count in Counter([*(t.slug for t in themes), *(d.slug for d in directions)]).items():
        if count > 1:
            problems.append(f"{slug}: slug: found {count} times, expected once among all themes and directions")
    if not directions and not problems:
        problems.append(f"{folder}: folder: found no direction, expected <theme>/<direction>.toml")
    if problems:
        raise _refusal(problems)
    return Catalogue(tuple(themes), tuple(sorted(directions, key=lambda direction: direction.slug)))


# --- finding ----------------------------------------------------------------------------------------------------


def find_direction(catalogue: Catalogue, name: str) -> Direction:
    """The direction of that slug, else of that English or Chinese name in any case.

    Raises UnknownDirection with near slugs in `parts["suggestions"]`: where nothing or more than one fits.
    """
    wanted = name.strip().casefold()
    called: dict[str, dict[str, Direction]] = {}
    for direction in catalogue.directions:
        if direction.slug == wanted:
            return direction
        for known in (direction.slug, direction.name.casefold(), direction.name_zh.casefold()):
            called.setdefault(known, {})[direction.slug] = direction

    fitting = called.get(wanted, {})
    if len(fitting) == 1:
        return next(iter(fitting.values()))
    near = difflib.get_close_matches(wanted, called, n=3)
    containing = [known for known in called if wanted and wanted in known]
    suggestions = tuple(dict.fromkeys(slug for known in (*near, *containing) for slug in called[known]))[:5]
    seen = f"{len(fitting)} directions are" if fitting else "no direction is"
    hint = f"did you mean {' or '.join(suggestions)}?" if suggestions else "the files under queries/ name them all"
    raise UnknownDirection(f"{seen} called {name!r}: {hint}", name=name, suggestions=suggestions)


# --- matching ---------------------------------------------------------------------------------------------------


class _Node(dict[str, "_Node"]):
    """The words that can follow; `phrase` where a phrase ends here."""

    __slots__ = ("phrase",)

    def __init__(self) -> None:
        super().__init__()
        self.phrase: int | None = None


class Matcher:
    """Decides which papers the queries of some directions match, all directions in one pass over a paper's words.

    A phrase is a run of canonical words inside the title or inside the abstract.
    """

    def __init__(self, directions: Sequence[Direction]) -> None:
        self._directions = tuple(directions)
        self._root = _Node()
        self._groups_of: list[list[tuple[int, int]]] = []
        """Phrase -> (direction, group as a bit) wherever the phrase stands."""
        self._phrases_of: list[list[list[int]]] = []
        """Direction -> group -> its phrases."""
        self._all_groups = [(1 << len(direction.query.all_of)) - 1 for direction in self._directions]
        self._none_of: list[frozenset[int]] = []
        self._categories = [frozenset(canonical_categories(one.query.categories)) for one in self._directions]
        for number, direction in enumerate(self._directions):
            groups = [list({self._phrase(phrase) for phrase in group}) for group in direction.query.all_of]
            self._phrases_of.append(groups)
            for position, group in enumerate(groups):
                for phrase in group:
                    self._groups_of[phrase].append((number, 1 << position))
            self._none_of.append(frozenset(self._phrase(phrase) for phrase in direction.query.none_of))

    def _phrase(self, phrase: str) -> int:
        """The number of the phrase, entered if it is new."""
        node = self._root
        for word in _words(phrase):
            node = node.setdefault(word, _Node())
        if node.phrase is None:
            node.phrase = len(self._groups_of)
            self._groups_of.append([])
        return node.phrase

    def _places(self, words: Sequence[str], before: int) -> dict[int, list[tuple[int, int]]]:
        """Phrase -> where it stands: its first word and the word after its last, counted from `before`."""
        found: dict[int, list[tuple[int, int]]] = {}
        for start, word in enumerate(words):
            node = self._root.get(word)
            following = start + 1
            while node is not None:
                if node.phrase is not None:
                    found.setdefault(node.phrase, []).append((before + start, before + following))
                node = node.get(words[following]) if following < len(words) else None
                following += 1
        return found

    def hits(self, title: str, abstract: str | None, categories: Sequence[str] = ()) -> tuple[LexicalHit, ...]:
        """The directions whose query the paper matches, in the order of the directions given.

        Where the query names categories, one of the paper's must be among them (cross-lists count); a paper without
        categories is judged by its text alone.
        """
        title_words = _words(title)
        abstract_words = _words(abstract) if abstract else []
        in_title = self._places(title_words, 0)
        in_abstract = self._places(abstract_words, len(title_words))
        in_text = in_title.keys() | in_abstract.keys()
        title_groups: dict[int, int] = {}
        text_groups: dict[int, int] = {}
        phrases: dict[int, set[int]] = {}
        for phrase in in_text:
            for number, group in self._groups_of[phrase]:
                text_groups[number] = text_groups.get(number, 0) | group
                phrases.setdefault(number, set()).add(phrase)
                if phrase in in_title:
                    title_groups[number] = title_groups.get(number, 0) | group

        hits = []
        known = canonical_categories(categories)
        for number in sorted(text_groups):
            wanted = self._categories[number]
            if (
                text_groups[number] == self._all_groups[number]
                and self._none_of[number].isdisjoint(in_text)
                and not (wanted and categories and wanted.isdisjoint(known))
            ):
                titled = title_groups.get(number, 0)
                mentions, read = self._standing(number, in_title, in_abstract)
                hits.append(
                    LexicalHit(
                        direction=self._directions[number].slug,
                        in_title=titled == self._all_groups[number],
                        title_groups=titled.bit_count(),
                        phrases=len(phrases[number]),
                        mentions=mentions,
                        read_share=read / (len(title_words) + len(abstract_words)),
                    )
                )
        return tuple(hits)

    def _standing(self, number: int, *found: Mapping[int, Sequence[tuple[int, int]]]) -> tuple[int, int]:
        """How often the rarest group of a direction occurs, and how many words end with the last group's first phrase.

        Phrases of a group that overlap are one mention: "conditional GAN" and the "GAN" in it.
        """
        rarest, read = sys.maxsize, 0
        for group in self._phrases_of[number]:
            places = sorted(place for phrase in group for where in found for place in where.get(phrase, ()))
            mentions, end = 0, 0
            for start, stop in places:
                mentions += start >= end
                end = max(end, stop)
            rarest = min(rarest, mentions)
            read = max(read, min(stop for _, stop in places))
        return rarest, read


def query_fingerprint(query: Query) -> str:
    """16 hexadecimal digits that change when the query's meaning changes: not with order, case, hyphens or plurals."""
    groups = sorted(sorted({canonical(phrase) for phrase in group}) for group in query.all_of)
    none_of = sorted({canonical(phrase) for phrase in query.none_of})
    rendering = json.dumps([groups, none_of, category_set(query).split()])
    return hashlib.sha256(rendering.encode()).hexdigest()[:16]


# --- asking arXiv -----------------------------------------------------------------------------------------------


def category_set(query: Query) -> str:
    """The query's categories under the names that are kept, sorted and joined by a space: the key of its exposure."""
    return " ".join(sorted(canonical_categories(query.categories)))


def arxiv_expression(query: Query, window: Window) -> str:
    """The arXiv search that proposes papers for a query, meant to find whatever `Matcher` accepts.

    Each phrase is asked for as written, in the singular and in the plural of its last word, in title and abstract;
    other plurals inside a phrase, and TeX inside a word, are left to arXiv's own reading. A category with two names is
    asked for under both. The days of the window are whole days in GMT
    (https://info.arxiv.org/help/api/user-manual.html, section 5.1). `none_of` is left to the matcher: an ANDNOT is only
    safe where arXiv reads no phrase more broadly than we do, and it does not say.
    """
    groups = [
        [
            f'{field}:"{spelling}"'
            for phrase in _widest(group)
            for spelling in _spellings(phrase)
            for field in ("ti", "abs")
        ]
        for group in query.all_of
    ]
    categories = [f"cat:{name}" for category in category_set(query).split() for name in category_names(category)]
    clauses = [f"({' OR '.join(terms)})" for terms in (*groups, categories) if terms]
    return " AND ".join([*clauses, f"submittedDate:[{window.start:%Y%m%d}0000 TO {window.end:%Y%m%d}2359]"])


def exposure_expression(category_set: Sequence[str], window: Window) -> str:
    """The arXiv search for every paper of the categories in the window, the field that shares are a part of."""
    return arxiv_expression(Query(all_of=(), categories=tuple(category_set)), window)


def _widest(group: Sequence[str]) -> list[str]:
    """The group without the phrases that another phrase of it implies: "conditional GAN" beside "GAN"."""
    by_canonical: dict[str, str] = {}
    for phrase in group:
        by_canonical.setdefault(f" {canonical(phrase)} ", phrase)
    return [
        phrase
        for padded, phrase in by_canonical.items()
        if not any(other in padded for other in by_canonical if other != padded)
    ]


def _spellings(phrase: str) -> list[str]:
    """The phrase as written, in the singular, and with its last word in the plural: each once."""
    *head, last = _words(phrase)
    written = _WORD.findall(phrase.lower())
    return list(dict.fromkeys(" ".join(words) for words in (written, [*head, last], [*head, _plural(last)])))
