"""Documents and the answers about them, put together: claims on known directions, and drafts of new ones.

The same documents and answers give the same result in whatever order they come.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date
from typing import Any

from littriage.directions import canonical, parse_direction
from littriage.documents.document import Document, Section, sections
from littriage.documents.names import Mention, NameFinder
from littriage.documents.reposts import Repost, reposts
from littriage.drafts import NO_THEME, direction_toml
from littriage.errors import DirectionError
from littriage.extraction.checking import Checker, Dropped, Items, NamedDirection, NewDirection, Reason, Statement
from littriage.extraction.locating import Span
from littriage.extraction.matching import Known, Nearest, nearest, slug_of
from littriage.extraction.question import Piece, locator, pieces_of, prompt, unsigned
from littriage.extraction.reposted import copied_lines, same_passage, section_at
from littriage.model import Catalogue, Claim, Direction, Exemplar
from littriage.ports import Embedder, Prompt

UNKNOWN_AUTHOR = "unknown"
"""Where a document names nobody."""
MOST_ALIASES = 5


@dataclass(frozen=True, slots=True)
class Match:
    """How a claim's direction was found."""

    by: str
    """`name`: the document calls it by a known name there; `model`: the model says so; `meaning`: by similarity."""
    similarity: float | None = None
    """Cosine to the known direction, where it was found by meaning."""


@dataclass(frozen=True, slots=True)
class FoundClaim:
    """A claim whose place was checked."""

    claim: Claim
    """`date` is empty where nothing dates it: such a claim is shown and never written."""
    term: str
    """The words at its place that name the direction."""
    match: Match
    also_in: tuple[str, ...] = ()
    """Documents that repeat it."""
    new: bool = False
    """Its direction is a draft."""


@dataclass(frozen=True, slots=True)
class Draft:
    """A direction that the catalogue does not have."""

    direction: Direction
    """With its dated claims; its theme is NO_THEME where none was named."""
    documents: tuple[str, ...]
    near: Nearest | None = None
    """The nearest known direction: perhaps it is the same."""


@dataclass(frozen=True, slots=True)
class Source:
    """A document with what code alone finds in it."""

    document: Document
    sections: tuple[Section, ...]
    mentions: tuple[Mention, ...]
    reposts: tuple[Repost, ...]
    """Its sections that stand in an earlier document."""
    day: str
    """Its own, or the one that the user gave; empty where there is neither."""
    unsigned: tuple[int, ...] = ()
    """Numbers of short sections without an author, which are not asked about."""


@dataclass(frozen=True, slots=True)
class Found:
    """What came of the documents."""

    claims: tuple[FoundClaim, ...]
    """By document and place; reposts among them, with `repost_of`."""
    drafts: tuple[Draft, ...]
    named: tuple[NamedDirection, ...]
    """Known directions that a model saw named, beside those that names tell."""
    dropped: tuple[Dropped, ...]
    merged: int
    """Items that said the same as another at the same place."""


@dataclass
class Library:
    """Documents to be read, beside those that were read before."""

    sources: tuple[Source, ...]
    earlier: tuple[Document, ...]
    pieces: Mapping[str, Piece]
    """By question, in the order in which they are to be asked."""
    prompts: Mapping[str, Prompt]
    by_name: Mapping[str, tuple[Document, tuple[Section, ...]]] = field(default_factory=dict)


def library(
    documents: Sequence[Document], catalogue: Catalogue, earlier: Sequence[Document] = (), days: Mapping[str, str] = {}
) -> Library:
    """The documents in sections, with the directions they name, their reposts, and the questions about the rest.

    `days` are days given by the user, by name of the document; under the empty name the one for all that have none.
    What repeats an earlier document is asked about there only. Sections with an author are asked about first.
    """
    hashes = {document.sha256 for document in documents}
    names = {document.name for document in documents}
    before = [one for one in earlier if one.sha256 not in hashes and one.name not in names]
    by_name = {one.name: (one, sections(one)) for one in sorted((*documents, *before), key=lambda one: one.name)}

    def day_of(document: Document) -> str:
        return days.get(document.name) or document.day or days.get("", "")

    found = reposts([(replace(one, day=day_of(one)), parts) for one, parts in by_name.values()])
    finder = NameFinder(catalogue)
    sources: list[Source] = []
    pieces: list[Piece] = []
    for name in sorted(names):
        document, parts = by_name[name]
        copied = tuple(one for one in found if one.document == name)
        without: dict[int, tuple[Span, ...]] = {}
        for one in copied:
            original, others = by_name[one.original]
            without[one.section] = copied_lines(
                document, _numbered(parts, one.section), original, _numbered(others, one.original_section)
            )
        mentions = finder.mentions(document, parts)
        left_out = tuple(section.number for section in unsigned(document, parts))
        sources.append(Source(document, parts, mentions, copied, day_of(document), left_out))
        pieces += pieces_of(document, parts, without)
    pieces.sort(key=lambda piece: not piece.section.author)
    asked = [(prompt(piece, catalogue), piece) for piece in pieces]
    return Library(
        tuple(sources),
        tuple(before),
        {question.question: piece for question, piece in asked},
        {question.question: question for question, _ in asked},
        by_name,
    )


def _numbered(parts: Iterable[Section], number: int) -> Section:
    return next(section for section in parts if section.number == number)


# --- answers ----------------------------------------------------------------------------------------------------


def findings(
    library: Library,
    answers: Mapping[str, Mapping[str, Any]],
    catalogue: Catalogue,
    today: date,
    embedder: Callable[[], Embedder | None] = lambda: None,
) -> Found:
    """What the answers say and the texts bear out; `answers` are by question. Every item is checked by code.

    The embedder is fetched only where a name is not known by itself; None: nothing is compared by meaning.
    """
    known = Known(catalogue)
    sources = {source.document.name: source for source in library.sources}
    checkers = {name: Checker(known, one.document.text, one.day, today) for name, one in sources.items()}
    items = [
        checkers[piece.document.name].items(answers[question], piece)
        for question, piece in sorted(library.pieces.items(), key=lambda pair: _place(pair[1]))
        if question in answers
    ]
    new = _by_name(one for each in items for one in each.new)
    near = _near({name: several[0] for name, several in new.items()}, catalogue, embedder)
    places = _Places(known, new, near)
    dropped = [one for each in items for one in each.dropped]
    claims, merged = _claims(items, places, sources, dropped)
    claims = _with_copies(claims, library, catalogue)
    drafts = _drafts(new, near, places, claims, today, dropped)
    drafted = {draft.direction.slug for draft in drafts}
    unknown = [one for one in claims if one.new and one.claim.direction not in drafted]
    dropped += [_no_draft(one) for one in unknown]
    return Found(
        claims=tuple(one for one in claims if one not in unknown),
        drafts=drafts,
        named=tuple(_once(one for each in items for one in each.named)),
        dropped=tuple(sorted(dropped)),
        merged=merged,
    )


def _place(piece: Piece) -> tuple[str, int, int]:
    return piece.document.name, piece.section.number, piece.span[0]


def _by_name(new: Iterable[NewDirection]) -> dict[str, list[NewDirection]]:
    """The new directions by the form of their name, each with its descriptions in the order of the documents."""
    found: dict[str, list[NewDirection]] = {}
    for one in sorted(new, key=lambda one: (*_place(one.piece), one.span, one.name, one.scope)):
        found.setdefault(canonical(one.name), []).append(one)
    return dict(sorted(found.items()))


def _near(
    new: Mapping[str, NewDirection], catalogue: Catalogue, embedder: Callable[[], Embedder | None]
) -> dict[str, Nearest]:
    made = embedder() if new else None
    if made is None:
        return {}
    by_english = nearest({one.name: one.scope for one in new.values()}, catalogue, made)
    return {form: by_english[one.name] for form, one in new.items() if one.name in by_english}


class _Places:
    """Which direction a claim means: a known one, or a new one of these answers."""

    def __init__(self, known: Known, new: Mapping[str, Sequence[NewDirection]], near: Mapping[str, Nearest]) -> None:
        self._known = known
        self._near = near
        self.slugs: dict[str, str] = {}
        """Of the drafts, by the form of their name."""
        taken = set(known.slugs)
        for form, several in new.items():
            if not (form in near and near[form].certain):
                self.slugs[form] = slug_of(several[0].name, taken)
                taken.add(self.slugs[form])

    def find(self, name: str) -> tuple[str, Match, bool] | None:
        """(slug, how it was found, whether it is new); None where the name stands for nothing."""
        slug = self._known.find(name)
        if slug:
            return slug, Match("model"), False
        form = canonical(name)
        if form in self.slugs:
            return self.slugs[form], Match("model"), True
        if form in self._near and self._near[form].certain:
            return self._near[form].slug, Match("meaning", self._near[form].similarity), False
        return None


def _claims(
    items: Iterable[Items], places: _Places, sources: Mapping[str, Source], dropped: list[Dropped]
) -> tuple[list[FoundClaim], int]:
    """The claims in order, each once, and how many said the same as another."""
    found: list[FoundClaim] = []
    for statement in (one for each in items for one in each.statements):
        section, document = statement.piece.section, statement.piece.document
        meant = places.find(statement.direction)
        if meant is None:
            dropped.append(Dropped(document.name, section.number, Reason.DIRECTION, statement.direction))
            continue
        slug, match, new = meant
        if any(one.direction == slug and _overlap((one.start, one.end), statement.span)
               for one in sources[document.name].mentions):  # fmt: skip
            match = Match("name")
        found.append(FoundClaim(_claim(statement, slug), statement.term, match, new=new))
    kept: list[FoundClaim] = []
    for one in sorted(found, key=_claim_order):
        if not any(_says_same(one.claim, other.claim) for other in kept):
            kept.append(one)
    return kept, len(found) - len(kept)


def _claim(statement: Statement, slug: str) -> Claim:
    section = statement.piece.section
    return Claim(
        direction=slug,
        document=statement.piece.document.name,
        author=" ".join(section.author.split()) or UNKNOWN_AUTHOR,
        date=statement.date,
        window=statement.window,
        stance=statement.stance,
        paraphrase=statement.paraphrase,
        locator=locator(section, statement.span),
        inferred=statement.inferred,
        span=statement.span,
        paraphrase_zh=statement.paraphrase_zh,
    )


def _claim_order(one: FoundClaim) -> tuple[Any, ...]:
    claim = one.claim
    return (claim.document, claim.span, claim.direction, claim.stance, claim.inferred, claim.paraphrase, claim.date,
            claim.paraphrase_zh, one.term, claim.repost_of or "")  # fmt: skip


def _says_same(one: Claim, other: Claim) -> bool:
    """Whether two claims are one statement: the same stance on the same direction at the same place."""
    same = (one.document, one.direction, one.stance) == (other.document, other.direction, other.stance)
    return same and one.span is not None and other.span is not None and _overlap(one.span, other.span)


def _overlap(one: Span, other: Span) -> bool:
    return one[0] < other[1] and other[0] < one[1]


# --- reposts ----------------------------------------------------------------------------------------------------


def _with_copies(claims: Sequence[FoundClaim], library: Library, catalogue: Catalogue) -> list[FoundClaim]:
    """The claims, and what reposts repeat: of them, and of the catalogue's claims on earlier documents."""
    earlier = {document.name for document in library.earlier}
    accepted = [claim for theme in catalogue.themes for claim in theme.claims]
    accepted += [claim for one in catalogue.directions for claim in one.claims]
    standing = [
        FoundClaim(claim, "", Match("model"))
        for claim in accepted
        if claim.document in earlier and claim.span is not None and claim.repost_of is None
    ]
    also: dict[int, list[str]] = {}
    copies: list[FoundClaim] = []
    for number, one in enumerate([*claims, *standing]):
        for source in library.sources:
            copy = _copy(one, source, library)
            if copy:
                copies.append(copy)
                also.setdefault(number, []).append(source.document.name)
    kept = [
        replace(one, also_in=tuple(sorted(also[number]))) if number in also else one
        for number, one in enumerate(claims)
    ]
    for copy in sorted(copies, key=_claim_order):
        if not any(_says_same(copy.claim, other.claim) for other in kept):
            kept.append(copy)
    return sorted(kept, key=_claim_order)


def _copy(one: FoundClaim, source: Source, library: Library) -> FoundClaim | None:
    """The claim as a repost repeats it; None where it does not."""
    claim = one.claim
    for repost in source.reposts:
        if repost.original != claim.document or claim.span is None:
            continue
        original, parts = library.by_name[repost.original]
        if claim.span[1] > len(original.text) or not _inside(claim.span, _numbered(parts, repost.original_section)):
            continue
        section = _numbered(source.sections, repost.section)
        span = same_passage(original, claim.span, source.document, (section.start, section.end), one.term)
        if span:
            return replace(
                one,
                claim=replace(
                    claim,
                    document=source.document.name,
                    locator=locator(section_at(source.sections, span[0]), span),
                    span=span,
                    repost_of=claim.document,
                ),
            )
    return None


def _inside(span: Span, section: Section) -> bool:
    return section.start <= span[0] and span[1] <= section.end


# --- drafts -----------------------------------------------------------------------------------------------------


def _drafts(
    new: Mapping[str, Sequence[NewDirection]],
    near: Mapping[str, Nearest],
    places: _Places,
    claims: Sequence[FoundClaim],
    today: date,
    dropped: list[Dropped],
) -> tuple[Draft, ...]:
    """One draft for each new direction, described as by its first mention; what does not parse is dropped."""
    drafts = []
    for form, slug in places.slugs.items():
        several = new[form]
        first = several[0]
        exemplars: dict[str, Exemplar] = {}
        for one in several:
            for exemplar in one.exemplars:
                exemplars.setdefault(exemplar.arxiv_id or canonical(exemplar.title), exemplar)
        direction = Direction(
            slug=slug,
            theme=next((one.theme for one in several if one.theme), NO_THEME),
            name=first.name,
            name_zh=first.name_zh,
            scope=first.scope,
            query=first.query,
            exemplars=tuple(exemplars.values()),
            claims=tuple(one.claim for one in claims if one.claim.direction == slug and one.claim.date),
            aliases=_aliases(several),
        )
        try:
            parse_direction(direction_toml(direction), slug=slug, theme=direction.theme, where=slug)
        except DirectionError as error:
            piece = first.piece
            problem = error.problems[0].partition(": ")[2]
            dropped.append(Dropped(piece.document.name, piece.section.number, Reason.QUERY, f"{slug}: {problem}"))
            continue
        documents = tuple(sorted({one.piece.document.name for one in several}))
        drafts.append(Draft(direction, documents, near.get(form)))
    return tuple(sorted(drafts, key=lambda draft: draft.direction.slug))


def _aliases(several: Sequence[NewDirection]) -> tuple[str, ...]:
    """The words by which the documents call it, each once, without its own names."""
    forms = {canonical(several[0].name), canonical(several[0].name_zh), ""}
    found = []
    for term in (one.term for one in several):
        if (form := canonical(term)) not in forms:
            forms.add(form)
            found.append(term)
    return tuple(found[:MOST_ALIASES])


def _no_draft(one: FoundClaim) -> Dropped:
    number = int(one.claim.locator.split(",")[0].removeprefix("section "))
    return Dropped(one.claim.document, number, Reason.DIRECTION, one.claim.direction)


def _once(named: Iterable[NamedDirection]) -> list[NamedDirection]:
    """Each known direction once in a section, at its first place."""
    found: dict[tuple[str, int, str], NamedDirection] = {}
    for one in sorted(named, key=lambda one: (*_place(one.piece), one.span, one.slug, one.term)):
        found.setdefault((one.piece.document.name, one.piece.section.number, one.slug), one)
    return list(found.values())


def reasons(dropped: Iterable[Dropped]) -> dict[Reason, int]:
    """How many items were dropped for each reason, in the order of `Reason`."""
    counted = Counter(one.reason for one in dropped)
    return {reason: counted[reason] for reason in Reason if counted[reason]}
