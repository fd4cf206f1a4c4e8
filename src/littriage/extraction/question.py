"""What a language model is asked about a piece of a document."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from littriage.documents.document import Document, Section, pieces
from littriage.extraction.locating import Shown, Span, shown, tokens
from littriage.model import Catalogue, Stance
from littriage.ports import Prompt
from littriage.prompts import DATA_RULE, TITLE_CHARS, as_data, closed_object, quoted

TASK = "read"
VERSION = "read-1"
"""Of the instructions and the schema."""

PIECE_CHARS = 6_000
"""Of a document, in one question."""
FEWEST_WORDS = 12
"""A piece with fewer is not asked about: a heading, an address, what is left beside a repost."""
FEWEST_UNSIGNED_WORDS = 250
"""Beside sections with an author, one without is not asked about if it is shorter: the head of a page, its foot."""
MAX_TOKENS = 6_000

MOST_DIRECTIONS = 10
MOST_CLAIMS = 24
EVIDENCE_CHARS = 80
TERM_CHARS = 80
PARAPHRASE_CHARS = 300
PARAPHRASE_ZH_CHARS = 120
SCOPE_CHARS = 400
NAME_CHARS = 80
PHRASE_CHARS = 60

INSTRUCTIONS = f"""You read a piece of a document about research and note which research directions it names and what
its author says of their state. The data: `text` is the piece; `author`, `day`, `section`, `document` and `at` (number
of its first character in the document) say where it stands; `known` lists the known directions and families as [slug,
name, Chinese name]; `themes` lists the slugs of the families.

directions: every research direction that the text names.
- `term`: the words that name it, copied exactly from the text.
- `known`: its slug, where one of `known` means the same direction; else "".
- The rest is for a new direction; for a known one leave it empty. `name_en` and `name_zh`: its name in English and in
  Chinese. `theme`: the family that it belongs to, or "". `scope_en`: one or two sentences in your own words on what
  belongs to it and what does not. `query`: an AND of OR-groups of English phrases from titles and abstracts of its
  papers. `categories`: the arXiv categories where they appear. `exemplars`: papers that stand for it, with arXiv id (""
  where you are not certain) and year (0 where you are not certain).

claims: each statement of the author about the state of a direction; none where the text states none.
- `direction`: the slug of a known one, or the `name_en` of a new one in your list.
- `term`: the words that name it there, copied exactly from the text.
- `evidence`: at most {EVIDENCE_CHARS} characters that carry the statement, copied exactly from the text, with the term
  in them or close by. `at`: number in the document of their first character, or -1.
- `stance`: rising, promising, hot, saturated, declining, limited (a weakness of the approach), bottleneck (an open
  problem that holds others up) or neutral. `inferred`: true where the stance is your reading of the wording, not said
  outright.
- `paraphrase_en` and `paraphrase_zh`: the statement in one sentence in your own words, in English and in Chinese. Never
  copy the text.
- `date`: when the author says it, as YYYY, YYYY-MM or YYYY-MM-DD, only where the text itself tells; else "".

Note nothing that the text does not say. {DATA_RULE}"""


def _text(most: int, least: int = 0) -> dict[str, Any]:
    return {"type": "string", "minLength": least, "maxLength": most}


def _list(item: Mapping[str, Any], most: int) -> dict[str, Any]:
    return {"type": "array", "items": item, "maxItems": most}


SCHEMA: Mapping[str, Any] = closed_object(
    directions=_list(
        closed_object(
            term=_text(TERM_CHARS, 1),
            known=_text(NAME_CHARS),
            name_en=_text(NAME_CHARS),
            name_zh=_text(NAME_CHARS),
            theme=_text(NAME_CHARS),
            scope_en=_text(SCOPE_CHARS),
            query=_list(_list(_text(PHRASE_CHARS, 1), 12), 4),
            categories=_list(_text(20), 4),
            exemplars=_list(
                closed_object(title=_text(TITLE_CHARS, 1), arxiv_id=_text(20), year={"type": "integer"}),
                5,
            ),
        ),
        MOST_DIRECTIONS,
    ),
    claims=_list(
        closed_object(
            direction=_text(NAME_CHARS, 1),
            term=_text(TERM_CHARS, 1),
            evidence=_text(EVIDENCE_CHARS, 1),
            at={"type": "integer"},
            stance={"type": "string", "enum": [stance.value for stance in Stance]},
            paraphrase_en=_text(PARAPHRASE_CHARS, 1),
            paraphrase_zh=_text(PARAPHRASE_ZH_CHARS),
            date=_text(10),
            inferred={"type": "boolean"},
        ),
        MOST_CLAIMS,
    ),
)
"""JSON Schema (draft 2020-12) of an answer; every key is required, as strict structured output asks."""


@dataclass(frozen=True, slots=True)
class Piece:
    """A part of a section, as it is asked about."""

    document: Document
    section: Section
    span: Span
    shown: Shown

    @property
    def subject(self) -> str:
        """What a list calls it: `notes.txt, section 2, characters 1203-7100`."""
        return f"{self.document.name}, {locator(self.section, self.span)}"


def locator(section: Section, span: Span) -> str:
    """`section 2, characters 1203-1250`."""
    return f"section {section.number}, characters {span[0]}-{span[1]}"


def pieces_of(
    document: Document,
    sections: Sequence[Section],
    without: Mapping[int, Sequence[Span]] | None = None,
    most_chars: int = PIECE_CHARS,
) -> tuple[Piece, ...]:
    """The pieces of a document that are asked about, in order, each within one section and so with one author.

    `without` are spans that are left out, by number of section, because they are asked about elsewhere.
    """
    found = []
    left_out = unsigned(document, sections)
    for section in sections:
        if section in left_out:
            continue
        gaps = (without or {}).get(section.number, ())
        for span in pieces(document, section, most_chars):
            part = shown(document.text, *span, without=gaps)
            if len(tokens(part.text)) >= FEWEST_WORDS:
                found.append(Piece(document, section, span, part))
    return tuple(found)


def unsigned(document: Document, sections: Sequence[Section]) -> tuple[Section, ...]:
    """The short sections without an author of a document that names authors: they are not asked about."""
    if not any(section.author for section in sections):
        return ()
    return tuple(
        section
        for section in sections
        if not section.author
        and len(tokens(shown(document.text, section.start, section.end).text)) < FEWEST_UNSIGNED_WORDS
    )


def prompt(piece: Piece, catalogue: Catalogue) -> Prompt:
    """The question about a piece."""
    known = [(theme.slug, theme.name, theme.name_zh) for theme in catalogue.themes]
    known += [(one.slug, one.name, one.name_zh) for one in catalogue.directions]
    data = {
        "document": quoted(piece.document.name, TITLE_CHARS),
        "author": quoted(piece.section.author, NAME_CHARS),
        "day": piece.section.day or piece.document.day,
        "section": piece.section.number,
        "at": piece.span[0],
        "text": piece.shown.text,
        "known": sorted(known),
        "themes": [theme.slug for theme in catalogue.themes],
    }
    return Prompt(TASK, VERSION, INSTRUCTIONS, as_data(data), SCHEMA, MAX_TOKENS)
