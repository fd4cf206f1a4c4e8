"""What a service's corpus goes through, day by day: announcements, revisions, withdrawals, late arrivals.

    script = script_from(papers, seed=1, first_day=date(2026, 1, 1), last_day=date(2026, 12, 31))
    with Replica(script=script) as replica:
        replica.set_day(date(2026, 3, 2))

arXiv announces from Sunday to Thursday (https://info.arxiv.org/help/availability.html); nothing happens on other days.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, time, timedelta
from enum import StrEnum
from random import Random
from typing import NamedTuple

from littriage.model import Paper
from littriage.replica.oai import EARLIEST

_FRIDAY, _SATURDAY = 4, 5
WITHDRAWAL = "This paper has been withdrawn by the authors"
_CROSS_LISTS = ("cs.AI", "cs.CL", "cs.CV", "cs.CY", "cs.HC", "eess.IV", "math.OC", "stat.ML")


class EventKind(StrEnum):
    """What happens to a paper."""

    NEW = "new"
    """Announced a few days after its submission."""
    LATE = "late"
    """Announced long after its submission, as happens to papers on hold: its id may be of an earlier month."""
    REVISED = "revised"
    """A new version, with another title, abstract, comments or further categories."""
    WITHDRAWN = "withdrawn"
    """A new version whose comments say so."""
    RECATEGORISED = "recategorised"
    """Other categories without a new version: only the datestamp tells."""
    DELETED = "deleted"
    """The record is gone. arXiv never does this; other OAI-PMH services do."""


@dataclass(frozen=True, slots=True)
class Event:
    """One change of one paper."""

    day: date
    """When the service shows it: the record's datestamp from then on."""
    kind: EventKind
    paper: Paper
    """As it stands from that day on; for a deletion, as it was."""


class Corpus(NamedTuple):
    """What a service holds at the end of a day."""

    papers: tuple[Paper, ...]
    """In order of id, the deleted ones included."""
    datestamps: dict[str, date]
    """Day of the last event by id."""
    deleted: frozenset[str]


@dataclass(frozen=True, slots=True)
class Script:
    """Dated events, in order of day and id; those before the first day are what the service begins with."""

    events: tuple[Event, ...]
    first_day: date
    last_day: date

    def __post_init__(self) -> None:
        ordered = tuple(sorted(self.events, key=lambda event: (event.day, event.paper.id)))
        object.__setattr__(self, "events", ordered)

    def corpus(self, day: date) -> Corpus:
        """What is known at the end of a day."""
        papers: dict[str, Paper] = {}
        stamps: dict[str, date] = {}
        deleted: set[str] = set()
        for event in self.events:
            if event.day > day:
                break
            papers[event.paper.id] = event.paper
            stamps[event.paper.id] = max(event.day, EARLIEST)
            if event.kind is EventKind.DELETED:
                deleted.add(event.paper.id)
        return Corpus(tuple(papers[id_] for id_ in sorted(papers)), stamps, frozenset(deleted))

    def on(self, day: date) -> tuple[Event, ...]:
        """What happens on a day."""
        return tuple(event for event in self.events if event.day == day)

    def days(self) -> Iterator[date]:
        """The days from the first to the last, quiet ones included."""
        for number in range((self.last_day - self.first_day).days + 1):
            yield self.first_day + timedelta(days=number)


def announces(day: date) -> bool:
    """Whether arXiv announces on that day."""
    return day.weekday() not in (_FRIDAY, _SATURDAY)


# --- a plausible year -------------------------------------------------------------------------------------------

ANNOUNCED_AFTER = (1, 1, 1, 2, 3)
"""Days from submission to announcement before weekends: with them, 1 to 5."""
LATE_AFTER = (15, 58)
"""The same for late arrivals, from and to: with weekends, up to 60."""
REVISED_AFTER = (14, 120)
WITHDRAWN_AFTER = (7, 200)
RECATEGORISED_AFTER = (3, 90)
DELETED_AFTER = (20, 200)


def script_from(
    papers: Iterable[Paper],
    *,
    seed: int,
    first_day: date,
    last_day: date,
    late: float = 0.03,
    revised: float = 0.06,
    withdrawn: float = 0.01,
    recategorised: float = 0.02,
    deleted: float = 0.0,
) -> Script:
    """What arXiv might have gone through with these papers up to the last day; the same seed, the same script.

    Each paper begins as its first version, is submitted on its own day and announced 1 to 5 days later, or, with the
    probability `late`, up to 60. The other four are the probabilities that it is later revised, withdrawn,
    recategorised or deleted; what would fall after the last day does not happen.
    """
    chances = (
        (EventKind.REVISED, revised, REVISED_AFTER),
        (EventKind.RECATEGORISED, recategorised, RECATEGORISED_AFTER),
        (EventKind.WITHDRAWN, withdrawn, WITHDRAWN_AFTER),
        (EventKind.DELETED, deleted, DELETED_AFTER),
    )
    events: list[Event] = []
    for paper in papers:
        # A generator for each paper: a change of one chance leaves the other papers' fates as they are.
        rng = Random(f"{seed} {paper.id}")
        held_up = rng.random() < late
        wait = rng.randint(*LATE_AFTER) if held_up else rng.choice(ANNOUNCED_AFTER)
        day = _next_announcement(paper.published + timedelta(days=wait))
        now = _first_version(paper)
        history = [Event(day, EventKind.LATE if held_up else EventKind.NEW, now)]
        later = [
            (_next_announcement(day + timedelta(days=rng.randint(*after))), kind)
            for kind, chance, after in chances
            if rng.random() < chance
        ]
        for when, kind in sorted(later):
            if when <= history[-1].day:
                when = _next_announcement(history[-1].day + timedelta(days=1))
            now = _changed(now, kind, when, rng)
            history.append(Event(when, kind, now))
            if kind in (EventKind.WITHDRAWN, EventKind.DELETED):
                break
        events.extend(event for event in history if event.day <= last_day)
    return Script(tuple(events), first_day, last_day)


def _next_announcement(day: date) -> date:
    while not announces(day):
        day += timedelta(days=1)
    return day


def _first_version(paper: Paper) -> Paper:
    comments = None if paper.withdrawn else paper.comments
    return replace(paper, version=1, updated=None, withdrawn=False, comments=comments)


def _changed(paper: Paper, kind: EventKind, day: date, rng: Random) -> Paper:
    """The paper after an event that is shown on that day; new versions are submitted the day before."""
    if kind is EventKind.DELETED:
        return paper
    if kind is EventKind.RECATEGORISED:
        return replace(paper, categories=_other_categories(paper, rng))
    moment = datetime.combine(day - timedelta(days=1), time(rng.randrange(24), rng.randrange(60)), UTC)
    paper = replace(paper, version=(paper.version or 1) + 1, updated=moment)
    if kind is EventKind.WITHDRAWN:
        return replace(paper, comments=WITHDRAWAL, withdrawn=True)
    number = paper.version
    changes = [
        replace(paper, title=f"{paper.title}, revisited"),
        replace(paper, abstract=f"{paper.abstract or ''} Version {number} adds a comparison.".strip()),
        replace(paper, comments=f"Version {number}: typos corrected"),
        replace(paper, categories=_other_categories(paper, rng)),
    ]
    return rng.choice(changes)


def _other_categories(paper: Paper, rng: Random) -> tuple[str, ...]:
    """With one more cross-list, or, where there is more than one and the coin falls so, with one less."""
    more = [name for name in _CROSS_LISTS if name not in paper.categories]
    if len(paper.categories) > 1 and (not more or rng.random() < 0.5):
        return paper.categories[:-1]
    return (*paper.categories, rng.choice(more))
