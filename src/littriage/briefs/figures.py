"""All that a brief may say of a direction: figures as they are printed, papers, sub-topics, and what is not known."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import date
from math import sqrt
from typing import Protocol

from littriage.model import Growth, Reason, Stage, Verdict
from littriage.notation import chance_text, change_text, part_text, share_text
from littriage.prompts import TITLE_CHARS, quoted
from littriage.verdicts import STAGE_ZH, Language, grows

_AUTHOR_CHARS = 60
_NAME_CHARS = 60

LANGUAGES: tuple[Language, ...] = ("en", "zh")

NO_VERDICT = {"en": "no verdict", "zh": "没有结论"}
"""What stands for the stage where there is none."""

STAGE_KEY = "stage"
"""The key of the stage: it has no number, and the sentence that rests on it names the stage."""

WITHOUT_GROWTH = frozenset({Stage.TOO_LITTLE_DATA, Stage.INCOMPLETE, Stage.NOT_MEASURABLE})
"""Stages that are reasons for having no verdict: growth is not told with them, even where one was fitted."""

CLEAR_ERRORS = 2.0
"""A sub-topic gains where its part of the new papers exceeds its earlier part by more than so many standard errors."""
CLEAR_PAPERS = 5
"""Papers of the last 12 months below which a sub-topic is not said to gain."""


class Named(Protocol):
    """What is needed of a direction."""

    @property
    def slug(self) -> str: ...

    @property
    def name(self) -> str: ...

    @property
    def name_zh(self) -> str: ...


@dataclass(frozen=True, slots=True)
class Figure:
    """One fact of the record, as it may be printed in either language."""

    key: str
    text: str
    """Such as `+35%` or `2025-06`."""
    meaning: str
    """What it is, in English, for whoever words the brief."""


@dataclass(frozen=True, slots=True)
class KeyPaper:
    """A paper that a brief may name."""

    id: str
    title: str
    first_author: str
    """Empty where the source names no authors."""
    authors: int
    published: date
    topic: int | None
    """Number of its sub-topic."""
    central: bool
    """Of the papers of the last 12 months, one that most surely belongs; else one of the newest."""

    @property
    def month(self) -> str:
        """Such as 2025-06."""
        return f"{self.published:%Y-%m}"


@dataclass(frozen=True, slots=True)
class SubTopic:
    """A sub-topic, with how many of its papers are new."""

    number: int
    label: str
    name: str | None
    name_zh: str | None
    papers: int
    """Up to the last month that the verdict speaks of."""
    recent: int
    """Of these, published in its last 12 months."""

    def shown(self, lang: Language) -> str:
        """Its name, or its label of terms where it has none."""
        return (self.name_zh if lang == "zh" else self.name) or self.label


@dataclass(frozen=True, slots=True)
class Facts:
    """What is known of one direction. Every number that a sentence may hold is a figure; every paper is in `papers`."""

    slug: str
    name: str
    name_zh: str
    as_of: date
    stage: Stage | None
    """None: the run judged no months of it."""
    growing: bool
    reasons: tuple[Reason, ...]
    figures: tuple[Figure, ...]
    papers: tuple[KeyPaper, ...]
    topics: tuple[SubTopic, ...]
    """The largest first."""
    unknown: tuple[str, ...]
    """What the record does not tell, in English."""

    @property
    def texts(self) -> dict[str, str]:
        """Text of each figure, by key."""
        return {figure.key: figure.text for figure in self.figures}

    def shown(self, lang: Language) -> str:
        """The direction's name."""
        return self.name_zh if lang == "zh" else self.name

    def stage_text(self, lang: Language) -> str:
        """The stage in one word."""
        if self.stage is None:
            return NO_VERDICT[lang]
        return STAGE_ZH[self.stage] if lang == "zh" else self.stage.value

    def record_id(self, key: str) -> str:
        """What a sentence carries that rests on that figure: `record:chart-reading@2025-07-15#growth`."""
        return f"record:{self.slug}@{self.as_of}#{key}"


def facts(
    direction: Named,
    verdict: Verdict | None,
    papers: Sequence[KeyPaper],
    topics: Sequence[SubTopic],
    as_of: date,
) -> Facts:
    """The facts of one direction. Titles, names and authors are cut and cleaned of what a reader cannot see.

    `verdict` is as of `as_of`; None where the direction was not judged. A paper that stands twice is taken once.
    """
    papers = tuple(_cleaned(paper) for paper in {one.id: one for one in reversed(papers)}.values())[::-1]
    topics = tuple(sorted((_cleaned_topic(one) for one in topics), key=lambda one: one.number))
    return Facts(
        slug=direction.slug,
        name=quoted(direction.name, _NAME_CHARS),
        name_zh=quoted(direction.name_zh, _NAME_CHARS),
        as_of=as_of,
        stage=verdict.stage if verdict else None,
        growing=verdict is not None and grows(verdict),
        reasons=verdict.reasons if verdict else (),
        figures=(*_record_figures(verdict), *_paper_figures(papers), *_topic_figures(topics)),
        papers=papers,
        topics=topics,
        unknown=tuple(_unknown(verdict, papers, topics)),
    )


def _cleaned(paper: KeyPaper) -> KeyPaper:
    title, author = quoted(paper.title, TITLE_CHARS), quoted(paper.first_author, _AUTHOR_CHARS)
    return replace(paper, title=title, first_author=author)


def _cleaned_topic(topic: SubTopic) -> SubTopic:
    label, name, name_zh = (quoted(one or "", _NAME_CHARS) for one in (topic.label, topic.name, topic.name_zh))
    return replace(topic, label=label, name=name or None, name_zh=name_zh or None)


def told_growth(verdict: Verdict | None) -> Growth | None:
    """The growth that may be told: none where the stage says that there is no verdict."""
    return None if verdict is None or verdict.stage in WITHOUT_GROWTH else verdict.growth


# --- figures ----------------------------------------------------------------------------------------------------


def _record_figures(verdict: Verdict | None) -> Iterator[Figure]:
    yield Figure(STAGE_KEY, "", "the stage; a sentence that lists it names the stage")
    if verdict is None:
        return
    if verdict.last_month:
        yield Figure("last_month", f"{verdict.last_month:%Y-%m}", "the last month that the verdict speaks of")
    if verdict.first_month:
        yield Figure("first_month", f"{verdict.first_month:%Y-%m}", "the first month of the record")
    if growth := told_growth(verdict):
        yield Figure("growth", change_text(growth.mean), "change of its share of the field, a year")
        yield Figure("growth_low", change_text(growth.low), "lower end of that change's 80% interval")
        yield Figure("growth_high", change_text(growth.high), "upper end of that change's 80% interval")
        yield Figure("p_up", chance_text(growth.p_up), "probability that its share was growing")
        yield Figure("p_down", chance_text(growth.p_down), "probability that its share was shrinking")
        yield Figure("p_flat", chance_text(growth.p_flat), "probability that its share changed by less than 10% a year")
        yield Figure("months", str(growth.months), "comparable months that the growth was measured on")
    if verdict.papers_12m is not None:
        yield Figure("papers_12m", f"{verdict.papers_12m:,.0f}", "its papers in the last 12 months")
    if verdict.share_12m is not None:
        yield Figure("share_12m", share_text(verdict.share_12m), "its part of the field's papers in the last 12 months")
    if verdict.exposure_12m is not None:
        yield Figure("exposure_12m", f"{verdict.exposure_12m:,}", "all papers of its field in the last 12 months")
    if verdict.peak_ratio is not None and verdict.peak_month is not None:
        yield Figure("peak_ratio", part_text(verdict.peak_ratio), "its 12-month share against the highest so far")
        yield Figure("peak_month", f"{verdict.peak_month:%Y-%m}", "when its 12-month share was highest")
    for reason in verdict.reasons:
        for name, value in reason.parts:
            if reason.code not in _TOLD_AS_FIGURES and (reason.code, name) not in _WORDED_PARTS:
                yield Figure(reason_key(reason.code, name), value, f"`{name}` in the reason `{reason.code}`")


_TOLD_AS_FIGURES = frozenset({"growth", "peak"})
"""Reasons whose numbers are figures already."""
_WORDED_PARTS = frozenset({("holes", "of")})
"""Numbers of reasons that belong to the wording: `of the last 12 months`."""


def reason_key(code: str, part: str) -> str:
    """The key of one number of a reason."""
    return f"reason.{code}.{part}"


def _paper_figures(papers: Sequence[KeyPaper]) -> Iterator[Figure]:
    for paper in papers:
        yield Figure(f"published.{paper.id}", paper.month, f"month in which {paper.id} was published")


def _topic_figures(topics: Sequence[SubTopic]) -> Iterator[Figure]:
    recent, before = _totals(topics)
    for one in topics:
        key = f"topic.{one.number}"
        yield Figure(f"{key}.papers", f"{one.papers:,}", f"papers of sub-topic {one.number}")
        yield Figure(f"{key}.recent", f"{one.recent:,}", f"papers of the last 12 months, sub-topic {one.number}")
        if recent:
            part = part_text(one.recent / recent)
            yield Figure(f"{key}.part", part, f"part of the last 12 months' papers that sub-topic {one.number} has")
        if before:
            part = part_text((one.papers - one.recent) / before)
            yield Figure(f"{key}.before", part, f"part of the earlier papers that sub-topic {one.number} has")


def topic_of(key: str) -> int | None:
    """The number of the sub-topic that a figure is of; None for any other figure."""
    kind, _, rest = key.partition(".")
    return int(rest.partition(".")[0]) if kind == "topic" else None


def _totals(topics: Sequence[SubTopic]) -> tuple[int, int]:
    """Papers of the last 12 months and those before, of all sub-topics together."""
    recent = sum(one.recent for one in topics)
    return recent, sum(one.papers for one in topics) - recent


def gaining(topics: Sequence[SubTopic]) -> tuple[SubTopic, ...]:
    """The sub-topics with a clearly larger part of the last 12 months' papers than of those before, best first.

    Clearly: at least 5 papers in the last 12 months, and the parts differ by more than 2 standard errors of a
    difference of two proportions, pooled (https://www.itl.nist.gov/div898/handbook/prc/section3/prc33.htm). Papers
    come in bursts and sub-topics are several, so that it is a sieve and no test.
    """
    recent, before = _totals(topics)
    if not recent or not before:
        return ()
    found = []
    for one in topics:
        pooled = one.papers / (recent + before)
        error = sqrt(pooled * (1 - pooled) * (1 / recent + 1 / before))
        gain = one.recent / recent - (one.papers - one.recent) / before
        if one.recent >= CLEAR_PAPERS and gain > CLEAR_ERRORS * error:
            found.append((gain, one))
    return tuple(one for _, one in sorted(found, key=lambda pair: (-pair[0], pair[1].number)))


def _unknown(verdict: Verdict | None, papers: Sequence[KeyPaper], topics: Sequence[SubTopic]) -> Iterator[str]:
    if verdict is None:
        yield "the stage: no months of it were judged"
    if told_growth(verdict) is None:
        yield "how its share changes"
    if verdict is None or verdict.share_12m is None:
        yield "its 12-month share"
    if not papers:
        yield "any paper of it"
    if not topics:
        yield "its sub-topics"
