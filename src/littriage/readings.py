"""Documents read with what the warehouse holds: questions asked, answers checked, drafts tried on stored papers."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date

from littriage.asking import Asked, Assistant, Question, ask
from littriage.documents.document import Document
from littriage.errors import ModelUnavailable, SettingsError
from littriage.extraction.checking import Dropped, Reason
from littriage.extraction.dating import first_day
from littriage.extraction.question import TASK
from littriage.extraction.reading import Draft, Found, Library, findings, library
from littriage.extraction.trial import Trial, trials, with_checked_exemplars
from littriage.ports import Embedder
from littriage.run import Run
from littriage.warehouse import documents as store

TRIED_PAPERS = 200_000
"""A draft's query is tried on so many of the newest papers at most."""


@dataclass(frozen=True, slots=True)
class Reading:
    """What a reading of documents found."""

    library: Library
    found: Found
    """Drafts with their exemplars checked."""
    trials: Mapping[str, Trial]
    """By the slug of a draft; empty where the warehouse holds no paper."""
    asked: Asked
    compared: str = ""
    """Why nothing was compared by meaning; empty where it was, or where there was nothing to compare."""


def read_documents(
    run: Run,
    documents: Sequence[Document],
    assistant: Assistant | None,
    embedder: Callable[[], Embedder],
    days: Mapping[str, str] | None = None,
) -> Reading:
    """The documents with their directions and claims, as far as a model's answers are there and hold.

    `days` are given by the user: name of a document, or the empty name for all without a day. What no model has
    answered becomes an open question. The texts are stored. Raises SettingsError for a day that is none.
    """
    days = days or {}
    _refuse_bad_days(days, documents, run.today)
    shelf = library(documents, run.catalogue, store.stored_documents(run.warehouse), days)
    store.store_documents(run.warehouse, [(source.document, source.day) for source in shelf.sources], run.now())
    questions = [Question(shelf.prompts[name], piece.subject) for name, piece in shelf.pieces.items()]
    asked = ask(run, assistant, questions, task=TASK)
    why_not: list[str] = []

    def meaning() -> Embedder | None:
        try:
            return embedder()
        except ModelUnavailable as error:
            why_not.append(str(error))
            return None

    found = findings(
        shelf, {name: answer.value for name, answer in asked.answers.items()}, run.catalogue, run.today, meaning
    )
    found = _with_exemplars(run, found)
    return Reading(shelf, found, _trials(run, found), asked, "".join(why_not))


def _refuse_bad_days(days: Mapping[str, str], documents: Sequence[Document], today: date) -> None:
    names = {document.name for document in documents}
    for name, day in days.items():
        first = first_day(day)
        if first is None or first > today:
            raise SettingsError(f"--day {day}: expected a past day YYYY, YYYY-MM or YYYY-MM-DD", day=day)
        if name and name not in names:
            raise SettingsError(f"--day {name}={day}: no such document; give one of {', '.join(sorted(names))}")


def _with_exemplars(run: Run, found: Found) -> Found:
    ids = [one.arxiv_id for draft in found.drafts for one in draft.direction.exemplars if one.arxiv_id]
    if not ids:
        return found
    titles = store.titles(run.warehouse, ids)
    drafts: list[Draft] = []
    dropped: list[Dropped] = []
    for draft in found.drafts:
        direction, wrong = with_checked_exemplars(draft.direction, titles)
        drafts.append(replace(draft, direction=direction))
        dropped += [
            Dropped(draft.documents[0], 0, Reason.EXEMPLAR_TITLE, f"{direction.slug}: {one.arxiv_id}") for one in wrong
        ]
    return replace(found, drafts=tuple(drafts), dropped=tuple(sorted((*found.dropped, *dropped))))


def _trials(run: Run, found: Found) -> dict[str, Trial]:
    if not found.drafts:
        return {}
    made = trials([draft.direction for draft in found.drafts], store.newest_papers(run.warehouse, TRIED_PAPERS))
    return made if any(trial.papers for trial in made.values()) else {}
