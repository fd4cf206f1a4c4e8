"""A run: what its stages share, what they report, and how each is measured."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field
from datetime import date, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

from littriage.directions import category_set, query_fingerprint
from littriage.model import Catalogue, Outlook, TrendPoint, Verdict
from littriage.ports import Progress, Workers
from littriage.warehouse import derived
from littriage.workers import Here

if TYPE_CHECKING:
    from littriage.warehouse import Warehouse

SEED = 20210601

Counts = dict[str, int | str]
"""What a stage did, in numbers by name."""

Step = Callable[[str, Callable[[], Counts]], Counts]
"""Does one named piece of work; a flow gives one that watches over it."""


def straight(name: str, work: Callable[[], Counts]) -> Counts:
    """The Step that just does the work."""
    return work()


@dataclass
class Run:
    """What every stage of one run needs."""

    warehouse: Warehouse
    catalogue: Catalogue
    today: date
    now: Callable[[], datetime]
    progress: Progress
    as_of: date | None = None
    """None: today, or the end of the record where that lies further back."""
    seed: int = SEED
    count_related: bool = False
    """Papers to which a direction is an ingredient count too, not only those whose main topic it is."""
    notice: str = ""
    """What every reader of the published file must be told first, such as that the papers are simulated."""
    stages: list[StageReport] = field(default_factory=list)
    failures: list[tuple[str, str, str]] = field(default_factory=list)
    """(stage, subject, reason) of what did not work and did not stop the run."""
    points: Mapping[str, Sequence[TrendPoint]] = field(default_factory=dict)
    """Trend points by direction, once they have been weighed."""
    verdicts: Sequence[Verdict] = ()
    """Once they have been given."""
    fields: Mapping[str, str] = field(default_factory=dict)
    """The categories that each direction's share is measured in, once it has been weighed."""
    usable: Mapping[str, frozenset[date]] = field(default_factory=dict)
    """The months of each of these fields that the papers of its copy tell whole, once it has been weighed."""
    outlooks: Sequence[Outlook] = ()
    """Once they have been given."""
    workers: Workers = field(default_factory=Here)
    """Who does the shards of embedding, membership and signs."""
    rebaseline: frozenset[str] = frozenset()
    """Directions whose clusters the user wants made anew."""
    settings: Mapping[str, Any] = field(default_factory=dict)
    """What the run was asked for, for the record."""
    started_at: datetime = field(init=False)
    id: str = field(init=False)

    def __post_init__(self) -> None:
        self.started_at = self.now()
        self.id = self.started_at.strftime("%Y%m%dT%H%M%S.%fZ")

    @property
    def queries(self) -> dict[str, tuple[str, str]]:
        """Category set and query fingerprint of each direction."""
        return {one.slug: (category_set(one.query), query_fingerprint(one.query)) for one in self.catalogue.directions}

    def record(self, state: str) -> None:
        """Write the run, as far as it has come, into the warehouse; `state` is running, complete or failed."""
        derived.store_run(
            self.warehouse,
            self.id,
            started_at=self.started_at,
            finished_at=None if state == "running" else self.now(),
            state=state,
            as_of=self.as_of,
            settings=self.settings,
            stages=[asdict(stage) for stage in self.stages],
            failures=self.failures,
        )

    def summary(self) -> dict[str, Any]:
        """The run in plain values: stages with seconds, peak memory and counts, and failures."""
        return {
            "run": self.id,
            "as_of": self.as_of.isoformat() if self.as_of else None,
            "stages": [asdict(stage) for stage in self.stages],
            "failures": [{"stage": stage, "subject": subject, "reason": why} for stage, subject, why in self.failures],
        }

    def go_on_from(self, summary: Mapping[str, Any]) -> None:
        """Take over the stages and failures of a run that did the beginning of this one."""
        self.stages += [StageReport(**stage) for stage in summary["stages"]]
        for failure in summary["failures"]:
            self.fail(failure["stage"], failure["subject"], failure["reason"])

    def fail(self, stage: str, subject: str, reason: str) -> None:
        """Keep a failure for the report, once, and go on."""
        if (stage, subject, reason) not in self.failures:
            self.failures.append((stage, subject, reason))


@dataclass(frozen=True, slots=True)
class StageReport:
    """One stage of a run, as measured by itself."""

    name: str
    seconds: float
    peak_mib: float
    counts: Counts


@contextmanager
def measured(run: Run, name: str) -> Iterator[Counts]:
    """Times a stage and notes its peak memory; the block fills in the counts."""
    counts: Counts = {}
    _forget_peak()
    start = time.perf_counter()
    yield counts
    run.stages.append(StageReport(name, time.perf_counter() - start, peak_mib(), counts))


def _forget_peak() -> None:
    """Start a new peak, where the system can (Linux: proc(5), clear_refs)."""
    try:
        Path("/proc/self/clear_refs").write_text("5", encoding="ascii")
    except OSError:
        return


def peak_mib() -> float:
    """Peak resident memory of this process in MiB: since the stage began where the system can tell, else ever.

    0 where it cannot tell at all (Windows).
    """
    try:
        status = Path("/proc/self/status").read_text(encoding="ascii", errors="replace")
        return int(status.split("VmHWM:")[1].split()[0]) / 1024
    except (OSError, IndexError, ValueError):
        try:
            import resource
        except ImportError:
            return 0.0
        unit = 1 if sys.platform == "darwin" else 1024
        return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * unit / 2**20


def added(counts: Counts, **more: int) -> Counts:
    """The counts with more added."""
    return {**counts, **{name: int(counts.get(name, 0)) + value for name, value in more.items()}}


def add_up(counts: Counts, more: Counts) -> None:
    """Add numbers to `counts`, in place."""
    counts.update(added(counts, **{name: int(value) for name, value in more.items()}))


@contextmanager
def progress(run: Run, label: str, total: int | None) -> Iterator[Callable[[int], None]]:
    """Reports the progress of a piece of work through what the block calls."""
    run.progress.start(label, total)
    try:
        yield run.progress.advance
    finally:
        run.progress.finish()
