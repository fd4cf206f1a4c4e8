"""The nouns that flow through littriage, as frozen values.

    Direction + Claim -> Paper -> LexicalHit -> Membership -> Cluster -> TrendPoint -> Growth -> Verdict

Months are always the first day of a UTC month, as `datetime.date`. A share is a part of 1. Growth is in log units a
year. A slug names a direction everywhere.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import date, datetime
from enum import StrEnum
from typing import Any

# --- directions -------------------------------------------------------------------------------------------------


class Stance(StrEnum):
    """What a document says of a direction's state."""

    RISING = "rising"
    PROMISING = "promising"
    HOT = "hot"
    SATURATED = "saturated"
    DECLINING = "declining"
    LIMITED = "limited"
    BOTTLENECK = "bottleneck"
    NEUTRAL = "neutral"


@dataclass(frozen=True, slots=True)
class Claim:
    """One dated statement of one author about one direction, paraphrased."""

    direction: str
    document: str
    author: str
    date: str
    """As narrow as the document supports: YYYY, YYYY-MM or YYYY-MM-DD."""
    window: tuple[str, str]
    """Earliest and latest month, YYYY-MM, in which it can have been written."""
    stance: Stance
    paraphrase: str
    locator: str
    inferred: bool = False
    """The stance is our reading of the wording, not said outright."""
    repost_of: str | None = None
    """The document that holds the same answer: count it once."""
    span: tuple[int, int] | None = None
    """Characters of the document's text that the claim rests on: from, up to. None: nobody noted them."""
    paraphrase_zh: str = ""


@dataclass(frozen=True, slots=True)
class Exemplar:
    """A paper that stands for its direction."""

    title: str
    year: int
    arxiv_id: str | None = None
    checked: bool = True
    """False: the id was given from memory and never matched to its title."""


@dataclass(frozen=True, slots=True)
class Query:
    """AND of OR-groups of phrases, none-of phrases, on title and abstract, in any of the categories.

    A phrase means a run of words; case, hyphens, plurals and LaTeX do not matter.
    """

    all_of: tuple[tuple[str, ...], ...]
    none_of: tuple[str, ...] = ()
    categories: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Direction:
    """A leaf of the catalogue: what one query can harvest."""

    slug: str
    theme: str
    name: str
    name_zh: str
    scope: str
    query: Query
    exemplars: tuple[Exemplar, ...] = ()
    claims: tuple[Claim, ...] = ()
    aliases: tuple[str, ...] = ()
    """Other names in any language by which documents call it."""


@dataclass(frozen=True, slots=True)
class Theme:
    """A family of directions, with what the documents say of the family as a whole."""

    slug: str
    name: str
    name_zh: str
    scope: str
    exemplars: tuple[Exemplar, ...] = ()
    claims: tuple[Claim, ...] = ()


@dataclass(frozen=True, slots=True)
class Catalogue:
    """All themes and directions, each sorted by slug."""

    themes: tuple[Theme, ...]
    directions: tuple[Direction, ...]


# --- papers -----------------------------------------------------------------------------------------------------

_NEW_ID = re.compile(r"^(\d{2})(0[1-9]|1[0-2])\.(\d{4,5})(?:v(\d+))?$")
_OLD_ID = re.compile(r"^([a-z-]+(?:\.[A-Z]{2})?)/(\d{2})(0[1-9]|1[0-2])(\d{3})(?:v(\d+))?$")
_FIRST_YEAR = 1991


@dataclass(frozen=True, slots=True)
class ArxivId:
    """An arXiv identifier, taken apart (https://info.arxiv.org/help/arxiv_identifier.html)."""

    base: str
    version: int | None
    month: date


def parse_arxiv_id(text: str) -> ArxivId | None:
    """The parts of `2103.00112v2`, `hep-th/9901001` or an abs address of either; None where it is no arXiv id."""
    bare = text.strip().rsplit("/abs/", 1)[-1].removeprefix("arXiv:")
    if new := _NEW_ID.match(bare):
        year, month, number, version = new.groups()
        base, year_number = f"{year}{month}.{number}", 2000 + int(year)
    elif old := _OLD_ID.match(bare):
        archive, year, month, number, version = old.groups()
        # math.GT/0309136 and math/0309136 are the same paper: the subject class is not part of the id.
        base = f"{archive.split('.')[0]}/{year}{month}{number}"
        year_number = 1900 + int(year) if 1900 + int(year) >= _FIRST_YEAR else 2000 + int(year)
    else:
        return None
    return ArxivId(base, int(version) if version else None, date(year_number, int(month), 1))


@dataclass(frozen=True, slots=True)
class Paper:
    """One work, counted once by its base id."""

    id: str
    title: str
    abstract: str | None
    """None where the source gave the title only."""
    authors: tuple[str, ...]
    categories: tuple[str, ...]
    """The primary one first; empty where the source does not tell."""
    published: date
    """Day of the first version."""
    version: int | None = None
    updated: datetime | None = None
    comments: str | None = None
    withdrawn: bool = False

    @property
    def primary_category(self) -> str | None:
        return self.categories[0] if self.categories else None

    @property
    def text(self) -> str:
        """What is embedded: title and abstract."""
        return f"{self.title}\n{self.abstract}" if self.abstract else self.title


@dataclass(frozen=True, slots=True)
class Window:
    """Days from `start` to `end`, both included, by day of the first version."""

    start: date
    end: date


@dataclass(frozen=True, slots=True)
class Drop:
    """Rows that were received and not stored, and why."""

    reason: str
    rows: int
    examples: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class HarvestNote:
    """What a source was asked, and what came of it."""

    source: str
    direction: str
    window: Window
    expected: int | None
    """The source's own total; None where it never said one."""
    received: int
    dropped: tuple[Drop, ...] = ()
    requests: int = 0
    failure: str | None = None
    """None: the window is complete."""


@dataclass(frozen=True, slots=True)
class Attempt:
    """One request to a source, as the ledger keeps it."""

    kind: str
    """papers, count or records."""
    place: str
    """Where in the answer: the number of its first entry, or the resumption token; empty for the beginning."""
    attempt: int
    """1; 2 and more where the same was asked again after a failure."""
    asked_at: datetime
    """UTC, without a zone."""
    waited_s: float
    """Before it: the source's pace, and patience after a failure."""
    seconds: float
    """From asking to the end of the answer."""
    outcome: str = "answered"
    """`answered`, or the name of the error."""
    reason: str = ""
    expected: int | None = None
    """The source's own total."""
    received: int | None = None
    """Entries of the answer; None where there was none."""
    dropped: tuple[Drop, ...] = ()


# --- membership -------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class LexicalHit:
    """A paper that a direction's query matches."""

    direction: str
    in_title: bool
    """The title alone matches every OR-group."""
    title_groups: int
    """How many of the OR-groups the title matches."""
    phrases: int
    """How many different phrases of the query occur in title and abstract."""
    mentions: int
    """How often the rarest OR-group occurs in title and abstract, at least 1."""
    read_share: float
    """Part of the words, title first, that one reads until every OR-group has occurred; above 0, at most 1."""


class Label(StrEnum):
    """How far a paper belongs to a direction."""

    CORE = "core"
    """Its main topic lies inside the direction's scope."""
    RELATED = "related"
    """The direction is a substantial ingredient, or a near neighbour by the scope."""
    OUT = "out"


class Decider(StrEnum):
    """Who decided a membership, the weakest first."""

    RULE = "rule"
    LEARNED = "learned"
    """By what was learned from the judged papers of the direction."""
    LLM = "llm"
    PERSON = "person"


@dataclass(frozen=True, slots=True)
class Judgement:
    """What one reader says of a paper and a direction."""

    paper_id: str
    direction: str
    label: Label
    judge: str = "person"
    """`person`, or `llm:` and the model's name."""
    note: str = ""


@dataclass(frozen=True, slots=True)
class Membership:
    """Whether one paper belongs to one direction, and who decided."""

    paper_id: str
    direction: str
    hit: LexicalHit
    similarity: float
    """Cosine to the direction's prototype, -1 to 1."""
    probability: float
    """Probability that the direction is the paper's main topic, 0 to 1."""
    member: bool
    rule: str
    """Version of the rule that decided, with the tier of the vectors: `v2/minilm`."""
    probability_any: float = 0.0
    """Probability that the paper is core or related, 0 to 1."""
    label: Label = Label.OUT
    decided_by: Decider = Decider.RULE


# --- clusters ---------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class ClusterMember:
    """A paper's place in a cluster."""

    paper_id: str
    similarity: float
    """Cosine to the cluster's centre."""


@dataclass(frozen=True, slots=True)
class Cluster:
    """A sub-topic of a direction."""

    direction: str
    number: int
    """Its own for good: no other sub-topic of the direction ever gets it."""
    label: str
    terms: tuple[str, ...]
    members: tuple[ClusterMember, ...]
    """Nearest to the centre first."""


# --- trends and verdicts ----------------------------------------------------------------------------------------


class MonthStatus(StrEnum):
    """How far a month's counts can be trusted."""

    COMPLETE = "complete"
    """Its completeness was measured, or the source's own total was reached."""
    ASSUMED = "assumed"
    """Nothing speaks against it, but nobody measured it: a file was imported without a coverage statement."""
    OPEN = "open"
    """It has not ended, or papers may still arrive."""
    PARTIAL = "partial"
    """Known to lack papers."""
    TITLES = "titles"
    """Titles without abstracts: another instrument, never compared with the rest."""
    MISSING = "missing"
    """Nothing usable."""

    @property
    def comparable(self) -> bool:
        """Whether a model may use the month."""
        return self in (MonthStatus.COMPLETE, MonthStatus.ASSUMED)


@dataclass(frozen=True, slots=True)
class Exposure:
    """All countable papers of a set of categories in a month: the field that a share is a part of."""

    category_set: str
    """Sorted categories, joined by a space; empty: every category."""
    month: date
    papers: int
    status: MonthStatus
    source: str
    reason: str = ""


@dataclass(frozen=True, slots=True)
class FieldMonth:
    """What one month of a set of categories is worth, and why."""

    category_set: str
    """Sorted, joined by a space; empty: every category."""
    month: date
    held: int
    """Countable papers that are stored."""
    reported: int | None
    """What the source says there are; None where it was not asked."""
    late: int | None
    """Of `held`, first seen here more than the reporting delay after the month's end; None where that is not known."""
    growth: float | None
    """Expected final count / held, of a month that is open; None where it is not known."""
    growth_low: float | None
    """80% interval."""
    growth_high: float | None
    lost: float
    """Papers that holes in the run of ids suggest are lacking."""
    status: MonthStatus
    reason: str
    source: str


def field_months_by_set(rows: Iterable[tuple[Any, ...]]) -> dict[str, tuple[FieldMonth, ...]]:
    """The months of each set of categories, from rows in the order of the fields of FieldMonth."""
    found: dict[str, list[FieldMonth]] = {}
    for row in rows:
        one = FieldMonth(*row)
        found.setdefault(one.category_set, []).append(replace(one, status=MonthStatus(one.status)))
    return {name: tuple(months) for name, months in found.items()}


NORMAL_80 = 1.2816
"""Standard deviations on either side of the mean that hold 80% of a normal distribution."""


@dataclass(frozen=True, slots=True)
class TrendPoint:
    """One direction in one month; an empty month is a point too."""

    direction: str
    month: date
    papers: float
    """Expected number of members: the sum of their probabilities."""
    members: int
    """Papers that the rule calls members."""
    exposure: int
    status: MonthStatus
    reason: str = ""
    """Why the month is not complete."""
    undecided: float | None = None
    """Variance of `papers` that comes from papers whose membership is only a probability; None: not known."""

    @property
    def share(self) -> float | None:
        """papers / exposure; None where the field is empty."""
        return self.papers / self.exposure if self.exposure > 0 else None

    @property
    def share_interval(self) -> tuple[float, float] | None:
        """80% interval of the share from undecided memberships alone; None where share or variance is not known.

        It takes each undecided paper as a member with its probability, independently of the others, and their sum as
        normal, cut at 0. It holds neither the chance by which a month has more papers than another, nor an error that
        all probabilities share, nor papers that no query matches. Growth's interval is another one: it is of the trend.
        """
        if self.undecided is None or self.exposure <= 0:
            return None
        half = NORMAL_80 * self.undecided**0.5
        return max(self.papers - half, 0.0) / self.exposure, (self.papers + half) / self.exposure


class Stage(StrEnum):
    """The verdict in one word. The first three are not verdicts but reasons for having none."""

    TOO_LITTLE_DATA = "too little data"
    INCOMPLETE = "incomplete month"
    NOT_MEASURABLE = "not measurable"
    EMERGING = "emerging"
    RISING = "rising"
    HOT = "hot"
    PLATEAU = "plateau"
    SATURATED = "saturated"
    DECLINING = "declining"
    DORMANT = "dormant"
    UNSURE = "unsure"


@dataclass(frozen=True, slots=True)
class Growth:
    """Growth of a direction's share up to a date, in log units a year, with an 80% interval."""

    direction: str
    mean: float
    low: float
    high: float
    p_up: float
    """Probability that growth is above 0."""
    p_down: float
    p_flat: float
    """Probability that growth is within 10% a year of none."""
    raw: float
    """Before shrinkage."""
    raw_se: float
    months: int
    """Comparable months that entered."""


@dataclass(frozen=True, slots=True)
class Reason:
    """Why a verdict is what it is: a code and its numbers. `verdicts.reason_text` words it in English or Chinese."""

    code: str
    parts: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True, slots=True)
class Verdict:
    """What the record up to `as_of` says of a direction. About the past: it is no forecast."""

    as_of: date
    direction: str
    stage: Stage
    growth: Growth | None
    papers_12m: float | None
    """Expected members in the comparable months of the 12 that end with `last_month`."""
    share_12m: float | None
    exposure_12m: int | None
    peak_ratio: float | None
    """12-month share against its highest, 0 to 1."""
    peak_month: date | None
    saturation: float | None
    """0 to 1: flat, near its peak, at a high level."""
    first_month: date | None
    last_month: date | None
    """The last comparable month: what the verdict speaks of."""
    reasons: tuple[Reason, ...] = ()
    rule: str = ""
    flips: float | None = None
    """Part of the perturbations of thresholds and data that give another stage; None: none were tried."""
    flips_to: Stage | None = None
    """The stage that they give most often; None where none gives another."""


# --- outlook ----------------------------------------------------------------------------------------------------

HORIZONS = (6, 12, 24)
"""Months ahead for which an outlook is given."""

RISE = 1.2
"""Share of the 12 months ending at T + h over that of the 12 months ending at T, above which a share has risen."""

FALL = 0.8
"""The same, below which it has fallen."""


@dataclass(frozen=True, slots=True)
class Part:
    """What one feature adds to an outlook."""

    feature: str
    value: float
    """The feature itself, in the unit that docs/method.md names."""
    logit: float
    """Added to the logit of P(rise), against a topic of the usual kind."""


@dataclass(frozen=True, slots=True)
class LikeCases:
    """Past forecasts of about the same probability, and what became of them."""

    count: int
    rose: int
    """Of those, whose share rose by more than 20%."""
    predicted: float
    """Mean probability that they had been given."""


@dataclass(frozen=True, slots=True)
class Outlook:
    """Where a direction's share goes from here, as a probability learned from past topics. About the future."""

    direction: str
    as_of: date
    horizon: int
    """Months."""
    p_rise: float | None
    """P(share of the 12 months ending at T+h > 1.2 x share of the 12 months ending at T); None: abstained."""
    p_up: float | None
    """P(the same > 1 x)."""
    p_fall: float | None
    """P(the same < 0.8 x)."""
    growth_low: float | None
    """80% interval of the log of the ratio of the two shares."""
    growth_high: float | None
    added: float | None
    """Expected papers in the 12 months ending at T+h beyond those of the 12 months ending at T, at today's exposure."""
    model: str
    """Which model spoke: its name and the digest of what it was fitted on."""
    base_month: date | None
    """T: the last month that was known."""
    like: LikeCases | None = None
    parts: tuple[Part, ...] = ()
    abstained: str = ""
    """Why no probability is given; empty where one is."""
