"""`read`: documents into directions and dated claims, each checked, as drafts for a person to review."""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from littriage.cli import tables
from littriage.cli.options import Json, Lang, Language, Queries
from littriage.cli.tables import Column
from littriage.cli.working import Work
from littriage.errors import SettingsError

if TYPE_CHECKING:
    from littriage.configuration import Settings
    from littriage.drafts import Accepted, DraftFile, Written
    from littriage.extraction.reading import Draft, FoundClaim, Source
    from littriage.model import Claim
    from littriage.readings import Reading

_EXAMPLES = 3
_MOST_LEFT = 20


def register(app: typer.Typer) -> None:
    app.command()(read)


def read(
    files: Annotated[
        list[Path] | None, typer.Argument(metavar="FILE|DIR...", help="Text, Markdown or HTML; Chinese or English.")
    ] = None,
    out: Annotated[Path, typer.Option("--out", metavar="DIR", help="Where drafts go, for you to review.")] = Path(
        "drafts"
    ),
    accept: Annotated[
        bool,
        typer.Option(
            "--accept", help="Write into the direction files: the drafts in --out, or with FILE what is read."
        ),
    ] = False,
    theme: Annotated[
        str | None, typer.Option("--theme", metavar="THEME", help="Put new directions into this theme.")
    ] = None,
    day: Annotated[
        list[str] | None,
        typer.Option(
            "--day",
            metavar="[NAME=]DAY",
            help="Date (YYYY, YYYY-MM or YYYY-MM-DD) of documents that do not tell theirs; with NAME= of that one. "
            "Repeatable.",
        ),
    ] = None,
    lang: Language = Lang.EN,
    as_json: Json = False,
    queries: Queries = None,
    warehouse: Work = None,
) -> None:
    """Find directions and dated claims in documents.

    A claim is what an author says of a direction: that it rises, is saturated, and so on. Without a language model
    known directions are found by name, and nothing more. With one (LITTRIAGE_LLM_MODEL) claims and new directions are
    proposed; code checks each against the text and says what it dropped. What holds goes to --out for you to review,
    and with --accept into the direction files.
    """
    from littriage import configuration

    settings = configuration.settings_from(os.environ, queries=queries, warehouse=warehouse)
    if theme is not None:
        _refuse_unknown_theme(settings, theme)
    if not files:
        if not accept:
            raise SettingsError('give a FILE or a folder to read, or --accept to take the drafts in "--out"')
        from littriage.drafts import read_drafts

        drafts, claims = read_drafts(out, theme)
        accepted = _accept(settings, drafts, claims)
        if as_json:
            tables.print_json({"accepted": _accepted_json(accepted)})
        else:
            _print_accepted(accepted, lang)
        return
    folder = _own_catalogue(settings) if accept else None
    reading = _reading(settings, files, _days(day))
    drafts, claims = _to_write(reading, theme, out)
    written = taken = None
    if folder is not None:
        taken = _accept(settings, drafts, claims)
    elif drafts or claims:
        from littriage.drafts import write_drafts

        written = write_drafts(out, drafts, claims)
    if as_json:
        tables.print_json(_reading_json(reading, written, taken))
        return
    _print_reading(reading, lang)
    if written:
        _print_written(written, lang)
    if taken:
        _print_accepted(taken, lang)


def _reading(settings: Settings, files: Sequence[Path], days: Mapping[str, str]) -> Reading:
    from littriage import wiring
    from littriage.documents.document import load_documents
    from littriage.progress import progress_bars
    from littriage.readings import read_documents

    documents = load_documents(files)
    with wiring.assistant(settings) as assistant, wiring.opened_run(settings, progress_bars()) as run:
        return read_documents(run, documents, assistant, lambda: wiring.embedder(settings, "transformer"), days)


def _days(given: Sequence[str] | None) -> dict[str, str]:
    """Name of a document -> day; the empty name stands for all that have none."""
    found: dict[str, str] = {}
    for one in given or ():
        name, _, day = one.rpartition("=")
        found[name.strip()] = day.strip()
    return found


def _to_write(reading: Reading, theme: str | None, out: Path) -> tuple[tuple[DraftFile, ...], tuple[Claim, ...]]:
    """The drafts, and the dated claims on known directions."""
    from littriage.drafts import DraftFile, direction_toml

    drafts = tuple(
        DraftFile(
            theme or draft.direction.theme,
            draft.direction.slug,
            direction_toml(draft.direction, _comments(reading, draft, out)),
        )
        for draft in reading.found.drafts
    )
    return drafts, tuple(one.claim for one in reading.found.claims if not one.new and one.claim.date)


def _comments(reading: Reading, draft: Draft, out: Path) -> list[str]:
    """What a reviewer needs to know, for the head of a draft."""
    place = "" if out == Path("drafts") else f" --out {out}"
    lines = [
        f"Draft, read in {', '.join(draft.documents)}. Review it, then: littriage read --accept{place}",
    ]
    if draft.near:
        lines.append(f"The nearest known direction is {draft.near.slug} (cosine {draft.near.similarity:.2f}).")
    trial = reading.trials.get(draft.direction.slug)
    if trial is None:
        lines.append("The query was not tried: the warehouse holds no papers.")
    else:
        lines.append(f"The query finds {trial.hits:,} of the {trial.papers:,} newest papers:")
        lines += [f"  {paper}  {tables.clean(title)}" for paper, title in trial.samples]
    return lines


# --- the catalogue ----------------------------------------------------------------------------------------------


def _own_catalogue(settings: Settings) -> Path:
    """The folder that is written to. Raises SettingsError for the one inside an installed package."""
    import littriage
    from littriage import resources

    folder = settings.queries or resources.folder("queries")
    package = Path(littriage.__file__).resolve().parent
    if package in folder.resolve().parents:
        raise SettingsError(
            f"the catalogue in {folder} came with littriage and goes with its next version: copy that folder to one of "
            "your own, and pass it with --queries",
            path=str(folder),
        )
    return folder


def _accept(settings: Settings, drafts: Sequence[DraftFile], claims: Sequence[Claim]) -> Accepted:
    from littriage.drafts import accept

    return accept(_own_catalogue(settings), drafts, claims)


def _refuse_unknown_theme(settings: Settings, theme: str) -> None:
    from littriage import wiring

    known = [one.slug for one in wiring.catalogue(settings).themes]
    if theme not in known:
        raise SettingsError(f'no theme called "{theme}": pass one of {", ".join(known)}')


# --- for people -------------------------------------------------------------------------------------------------


def _print_reading(reading: Reading, lang: Lang) -> None:
    from littriage.cli.messages import say
    from littriage.extraction.checking import REASON_ZH
    from littriage.extraction.reading import reasons

    answered = bool(reading.asked.answers)
    for source in reading.library.sources:
        _print_document(reading, source, lang, answered)
    for draft in reading.found.drafts:
        _print_draft(reading, draft, lang)
    if reading.compared:
        tables.print_line(say(lang, "read_not_compared", why=reading.compared))
    counted = reasons(reading.found.dropped)
    if counted:
        tables.print_line(say(lang, "read_dropped", count=sum(counted.values())))
        tables.print_table(
            [Column(say(lang, "read_items"), True), Column(say(lang, "reason")), Column(say(lang, "read_such_as"))],
            [
                (
                    f"{count}",
                    REASON_ZH[reason] if lang is Lang.ZH else reason.value,
                    _examples([one.what for one in reading.found.dropped if one.reason is reason]),
                )
                for reason, count in counted.items()
            ],
        )
        tables.print_line()
    if reading.found.merged:
        tables.print_line(say(lang, "read_merged", count=reading.found.merged))
    if undated := [one for one in reading.found.claims if not one.claim.date]:
        names = ", ".join(sorted({one.claim.document for one in undated}))
        tables.print_line(say(lang, "read_undated", count=len(undated), documents=names))
    _print_asked(reading, lang)


def _examples(texts: Sequence[str]) -> str:
    """The first few different ones."""
    return "; ".join(list(dict.fromkeys(text for text in texts if text))[:_EXAMPLES])


def _print_document(reading: Reading, source: Source, lang: Lang, answered: bool) -> None:
    from littriage.cli.messages import UNKNOWN, paraphrase_of, say, stance_of

    document = source.document
    tables.print_line(say(lang, "read_document", name=document.name, sections=len(source.sections)))
    day = say(lang, "read_day", day=source.day) if source.day else say(lang, "read_no_day", why=document.day_basis)
    authors = [section.author for section in source.sections if section.author]
    if source.unsigned:
        numbers = ", ".join(str(number) for number in source.unsigned)
        day = f"{day}; {say(lang, 'read_unsigned', numbers=numbers)}"
    tables.print_line(f"{day}; {say(lang, 'read_authors', names=', '.join(dict.fromkeys(authors)) or UNKNOWN)}")
    for note in document.notes:
        tables.print_line(note)
    for repost in source.reposts:
        tables.print_line(
            say(
                lang, "read_repost", section=repost.section, original=repost.original,
                other=repost.original_section, share=f"{100 * repost.share:.0f}%",
            )
        )  # fmt: skip
    claims = [one for one in reading.found.claims if one.claim.document == document.name]
    if claims:
        headings = ("author", "date", "stance", "direction", "read_by", "place", "read_note", "read_says")
        tables.print_table(
            [Column(say(lang, key)) for key in headings],
            [
                (
                    one.claim.author,
                    one.claim.date or UNKNOWN,
                    stance_of(one.claim.stance, lang),
                    one.claim.direction,
                    _found_by(one, lang),
                    one.claim.locator,
                    _note(one, lang),
                    paraphrase_of(one.claim, lang),
                )
                for one in claims
            ],
        )
    elif answered and any(piece.document.name == document.name for piece in reading.library.pieces.values()):
        tables.print_line(say(lang, "read_no_claims"))
    _print_named(reading, source, lang, in_full=not answered)
    tables.print_line()


def _print_named(reading: Reading, source: Source, lang: Lang, *, in_full: bool) -> None:
    """The known directions that the document names: a table with their places, or one line."""
    from littriage.cli.messages import say
    from littriage.extraction.question import locator

    counted = Counter(mention.direction for mention in source.mentions)
    if not counted:
        tables.print_line(say(lang, "read_names_none"))
        return
    if not in_full:
        named = {one.slug for one in reading.found.named if one.piece.document.name == source.document.name}
        listed = [f"{slug} ({count})" for slug, count in sorted(counted.items(), key=lambda pair: (-pair[1], pair[0]))]
        listed += [f"{slug} ({say(lang, 'read_by_model')})" for slug in sorted(named - set(counted))]
        tables.print_line(say(lang, "read_names", count=len(listed), names=", ".join(listed)))
        return
    sections = {section.number: section for section in source.sections}
    rows = []
    for slug, count in sorted(counted.items(), key=lambda pair: (-pair[1], pair[0])):
        first = next(mention for mention in source.mentions if mention.direction == slug)
        terms = dict.fromkeys(tables.clean(one.term) for one in source.mentions if one.direction == slug)
        place = locator(sections[first.section], (first.start, first.end)) if first.section in sections else ""
        rows.append((slug, f"{count}", ", ".join(list(terms)[:_EXAMPLES]), place))
    headings = ("direction", "read_times", "read_called", "read_first")
    tables.print_table([Column(say(lang, key), figures=key == "read_times") for key in headings], rows)


def _found_by(one: FoundClaim, lang: Lang) -> str:
    from littriage.cli.messages import say

    if one.new:
        return say(lang, "read_by_new")
    if one.match.similarity is not None:
        return say(lang, "read_by_meaning", similarity=f"{one.match.similarity:.2f}")
    return say(lang, f"read_by_{one.match.by}")


def _note(one: FoundClaim, lang: Lang) -> str:
    from littriage.cli.messages import say

    notes = [say(lang, "inferred")] if one.claim.inferred else []
    if one.claim.repost_of:
        notes.append(say(lang, "repost", document=one.claim.repost_of))
    if one.also_in:
        notes.append(say(lang, "read_also", documents=", ".join(one.also_in)))
    return say(lang, "between").join(notes)


def _print_draft(reading: Reading, draft: Draft, lang: Lang) -> None:
    from littriage.cli.messages import say

    one = draft.direction
    tables.print_line(
        say(lang, "read_draft", name=one.name, other=one.name_zh, slug=one.slug, theme=one.theme,
            documents=", ".join(draft.documents))
    )  # fmt: skip
    tables.print_line(one.scope, indent=2)
    tables.print_line(" AND ".join(f"({' OR '.join(group)})" for group in one.query.all_of), indent=2)
    if draft.near:
        near = say(lang, "read_near", slug=draft.near.slug, similarity=f"{draft.near.similarity:.2f}")
        tables.print_line(near, indent=2)
    trial = reading.trials.get(one.slug)
    if trial is None:
        tables.print_line(say(lang, "read_not_tried"), indent=2)
    else:
        hits = say(lang, "read_tried", hits=f"{trial.hits:,}", papers=f"{trial.papers:,}")
        tables.print_line(hits, indent=2)
        for paper, title in trial.samples:
            tables.print_line(f"{paper}  {title}", indent=4)
    for exemplar in one.exemplars:
        checked = say(lang, "read_checked" if exemplar.checked else "read_unchecked")
        tables.print_line(f"- {exemplar.title} ({exemplar.year}) {exemplar.arxiv_id or ''}: {checked}", indent=2)
    tables.print_line()


def _print_asked(reading: Reading, lang: Lang) -> None:
    from littriage.asking import NO_MODEL
    from littriage.cli.messages import UNKNOWN, say

    asked = reading.asked
    pieces = len(reading.library.pieces)
    cost = UNKNOWN if asked.cost_usd is None else f"{asked.cost_usd:.4f}"
    tables.print_line(
        say(lang, "read_asked", pieces=pieces, answered=len(asked.answers), cached=asked.from_cache, calls=asked.calls,
            tokens=f"{asked.tokens_in + asked.tokens_out:,}", usd=cost)
    )  # fmt: skip
    if not asked.left:
        return
    if not asked.answers and all(reason == NO_MODEL for _, reason in asked.left):
        tables.print_line(say(lang, "read_no_model", count=len(asked.left)))
        return
    tables.print_line(say(lang, "read_left", count=len(asked.left)))
    for question, reason in asked.left[:_MOST_LEFT]:
        tables.print_line(f"{question.subject}: {reason}", indent=2)
    if len(asked.left) > _MOST_LEFT:
        tables.print_line(say(lang, "read_more_left", count=len(asked.left) - _MOST_LEFT), indent=2)


def _print_written(written: Written, lang: Lang) -> None:
    from littriage.cli.messages import say

    for key, paths in (("written", written.written), ("unchanged", written.unchanged), ("kept", written.kept)):
        for path in paths:
            tables.print_line(say(lang, f"read_{key}", path=path))


def _print_accepted(accepted: Accepted, lang: Lang) -> None:
    from littriage.cli.messages import say

    for path in accepted.files:
        tables.print_line(say(lang, "read_written", path=path))
    tables.print_line(
        say(lang, "read_accepted", directions=len(accepted.directions), claims=accepted.claims, known=accepted.known)
    )


# --- for programs -----------------------------------------------------------------------------------------------


def _reading_json(reading: Reading, written: Written | None, accepted: Accepted | None) -> dict[str, Any]:
    asked = reading.asked
    return {
        "documents": [_source_json(source) for source in reading.library.sources],
        "claims": [_claim_json(one) for one in reading.found.claims],
        "drafts": [_draft_json(reading, draft) for draft in reading.found.drafts],
        "dropped": [
            {"document": one.document, "section": one.section, "reason": one.reason.name.lower(), "what": one.what}
            for one in reading.found.dropped
        ],
        "merged": reading.found.merged,
        "pieces": len(reading.library.pieces),
        "answered": len(asked.answers),
        "from_cache": asked.from_cache,
        "calls": asked.calls,
        "tokens_in": asked.tokens_in,
        "tokens_out": asked.tokens_out,
        "cost_usd": asked.cost_usd,
        "left": [{"piece": question.subject, "reason": reason} for question, reason in asked.left],
        "not_compared": reading.compared or None,
        "written": written and {
            "written": [str(path) for path in written.written],
            "unchanged": [str(path) for path in written.unchanged],
            "kept": [str(path) for path in written.kept],
        },
        "accepted": accepted and _accepted_json(accepted),
    }  # fmt: skip


def _source_json(source: Source) -> dict[str, Any]:
    document = source.document
    return {
        "name": document.name,
        "sha256": document.sha256,
        "title": document.title or None,
        "day": source.day or None,
        "day_basis": document.day_basis,
        "notes": document.notes,
        "sections_not_asked_about": source.unsigned,
        "sections": [
            {"number": one.number, "span": (one.start, one.end), "author": one.author or None, "day": one.day or None}
            for one in source.sections
        ],
        "mentions": [
            {"direction": one.direction, "span": (one.start, one.end), "term": one.term, "section": one.section}
            for one in source.mentions
        ],
        "reposts": [
            {
                "section": one.section,
                "span": one.span,
                "original": one.original,
                "original_section": one.original_section,
                "original_span": one.original_span,
                "share": one.share,
            }
            for one in source.reposts
        ],
    }


def _claim_json(one: FoundClaim) -> dict[str, Any]:
    from littriage.cli.directions import claim_json

    return {
        "direction": one.claim.direction,
        "new": one.new,
        **claim_json(one.claim),
        "date": one.claim.date or None,
        "first_month": one.claim.window[0] or None,
        "last_month": one.claim.window[1] or None,
        "span": one.claim.span,
        "paraphrase_zh": one.claim.paraphrase_zh or None,
        "term": one.term,
        "found_by": one.match.by,
        "similarity": one.match.similarity,
        "also_in": one.also_in,
    }


def _draft_json(reading: Reading, draft: Draft) -> dict[str, Any]:
    one = draft.direction
    trial = reading.trials.get(one.slug)
    return {
        "slug": one.slug,
        "theme": one.theme,
        "name": one.name,
        "name_zh": one.name_zh,
        "aliases": one.aliases,
        "scope": one.scope,
        "query": {"all_of": one.query.all_of, "categories": one.query.categories},
        "exemplars": [
            {"title": each.title, "year": each.year, "arxiv_id": each.arxiv_id, "checked": each.checked}
            for each in one.exemplars
        ],
        "documents": draft.documents,
        "near": draft.near and {"direction": draft.near.slug, "similarity": draft.near.similarity},
        "tried_on": trial and trial.papers,
        "hits": trial and trial.hits,
        "samples": trial and [{"id": paper, "title": title} for paper, title in trial.samples],
    }


def _accepted_json(accepted: Accepted) -> dict[str, Any]:
    return {
        "files": [str(path) for path in accepted.files],
        "directions": accepted.directions,
        "claims": accepted.claims,
        "already_there": accepted.known,
    }
