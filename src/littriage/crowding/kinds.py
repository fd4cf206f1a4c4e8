r"""What kind of papers come: reviews, and first applications of something known to something new.

Read off cues in title and abstract, so that a share is a lower bound; what the cues miss they miss in the field too,
and the sign is the difference to the field. Case does not matter. Patterns are of the common part of Python's `re` and
RE2, which DuckDB reads them with; \b is between ASCII letters.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import date

from littriage.crowding.intervals import difference, share_sign
from littriage.crowding.papers import Span, month_number
from littriage.crowding.sign import Lack, Sign, SignKind, lacking
from littriage.trends import month_after

KINDS_RULE = "cues/v1"
YEAR_NEEDS = 25
"""Papers with an abstract that are needed."""

REVIEW_TITLE = (
    r"\b(surveys?|(systematic|literature|scoping|state[- ]of[- ]the[- ]art) reviews?|mapping study|meta-analysis)\b"
    r"|(^|: |\b)(an?|the|brief|short|comprehensive|critical|recent|technical|mini)[ -]review\b"
    r"|\breview (of|on)\b|: review\b|\bchallenges and (opportunities|(future )?directions)\b"
)
REVIEW_ABSTRACT = (
    r"\b(this|our|the present) (paper|article|work|study|chapter|report|manuscript|monograph) "
    r"(surveys|reviews|(provides|presents|gives|offers) an? ([a-z-]+ ){0,2}(survey|review|overview) (of|on))\b"
    r"|\b(this|our|in this|in our) ((comprehensive|systematic|literature|short|brief|critical) )?(survey|review)\b"
    r"|\bwe ((systematically|comprehensively|briefly|critically) )?(survey|review) "
    r"(the|recent|existing|current|various|over)\b"
    r"|\b(comprehensive|systematic|extensive|thorough) (literature )?(survey|review) (of|on)\b"
)
NOT_REVIEW = (
    r"\b(product|movie|customer|user|online|hotel|restaurant|app|peer|book|code|amazon|yelp|paper|opinion|consumer"
    r"|film)[- ]reviews?\b|\breview (spam|rating|helpfulness|generation|summari[sz]ation)\b"
    r"|\bsurvey (data|respondents|responses|questions|propagation|participants)\b|\b(sky|galaxy|radio) surveys?\b"
)
"""In a title: reviews of another kind."""
FIRST_APPLICATION = (
    r"\bfirst ((work|attempt|study|paper|effort|approach|time) )?(to|that|which) (successfully )?"
    r"(appl(y|ies)|uses?|adopts?|adapts?|employs?|leverages?|extends?|introduces?|brings?|exploits?"
    r"|(explore|investigate)s? the use of)\b"
    r"|\bfor the first time[^.]{0,80}\b(appl(y|ied)|applications?|used?|adapt(ed)?|extend(ed)?|introduc(e|ed))\b"
    r"|\b(appl(y|ied)|applications?|used?|adapt(ed)?|extend(ed)?|introduc(e|ed))\b[^.]{0,80}\bfor the first time\b"
    r"|\bfirst (application|use|adaptation|adoption|extension) of\b"
)
APPLICATION_TITLE = r"\bapplications? of [^:.]{3,80} (to|for|in)\b"

_PATTERNS = {
    text: re.compile(text, re.ASCII | re.IGNORECASE)
    for text in (REVIEW_TITLE, REVIEW_ABSTRACT, NOT_REVIEW, FIRST_APPLICATION, APPLICATION_TITLE)
}


@dataclass(frozen=True, slots=True)
class PolicyBreak:
    """A rule that changed what arXiv takes in: months on its two sides are not compared."""

    day: date
    archives: tuple[str, ...]
    """Whose papers it concerns: those with a category of one of them."""
    kinds: tuple[SignKind, ...]
    what: str
    source: str

    def concerns(self, kind: SignKind, categories: Collection[str]) -> bool:
        """Whether it touches that sign in a field of these categories; none: every category."""
        archives = {category.split(".")[0] for category in categories}
        return kind in self.kinds and (not archives or not archives.isdisjoint(self.archives))


POLICY_BREAKS = (
    PolicyBreak(
        day=date(2025, 10, 31),
        archives=("cs",),
        kinds=(SignKind.REVIEWS,),
        what="Review articles and position papers in cs are taken only with proof of peer review",
        source="https://blog.arxiv.org/2025/10/31/"
        "attention-authors-updated-practice-for-review-articles-and-position-papers-in-arxiv-cs-category/",
    ),
)
"""The breaks that are known, the oldest first."""


def is_review(title: str, abstract: str) -> bool:
    """Whether title or abstract say that the paper reviews the work of others."""
    if _PATTERNS[NOT_REVIEW].search(title):
        return False
    return bool(_PATTERNS[REVIEW_TITLE].search(title) or _PATTERNS[REVIEW_ABSTRACT].search(abstract))


def is_first_application(title: str, abstract: str) -> bool:
    """Whether title or abstract say that something known is applied where it was not before."""
    return bool(_PATTERNS[APPLICATION_TITLE].search(title) or _PATTERNS[FIRST_APPLICATION].search(abstract))


@dataclass(frozen=True, slots=True)
class KindCount:
    """Papers of one month that have an abstract."""

    papers: int
    reviews: int
    first_applications: int

    def of(self, kind: SignKind) -> int:
        """Those of a kind."""
        return self.reviews if kind is SignKind.REVIEWS else self.first_applications


def kinds(
    own: Mapping[int, KindCount], field: Mapping[int, KindCount], span: Span, categories: Collection[str]
) -> tuple[Sign, Sign]:
    """Shares of reviews and of first applications among the last 12 months' papers, less the field's of these months.

    `categories` are the field's. A break in the rules of what arXiv takes in leaves the months after it alone.
    """
    reviews, first = (
        _share(kind, own, field, span, categories) for kind in (SignKind.REVIEWS, SignKind.FIRST_APPLICATIONS)
    )
    return reviews, first


def _share(
    kind: SignKind,
    own: Mapping[int, KindCount],
    field: Mapping[int, KindCount],
    span: Span,
    categories: Collection[str],
) -> Sign:
    months = span.year()
    after = _first_comparable(kind, span, categories)
    kept = {month for month in months if month >= after}
    counts = {month: own[month] for month in kept if month in own and own[month].papers}
    n = sum(count.papers for count in counts.values())
    if not span.whole(0):
        return lacking(kind, Lack.FEW_MONTHS, n, KINDS_RULE)
    if n < YEAR_NEEDS:
        return lacking(kind, Lack.POLICY_BREAK if kept != months else Lack.FEW_PAPERS, n, KINDS_RULE)
    if any(not field.get(month, KindCount(0, 0, 0)).papers for month in counts):
        return lacking(kind, Lack.NO_FIELD, n, KINDS_RULE)
    share = sum(count.of(kind) for count in counts.values()) / n
    weights = {month: count.papers / n for month, count in counts.items()}
    base = sum(weight * field[month].of(kind) / field[month].papers for month, weight in sorted(weights.items()))
    base_n = 1 / sum(weight**2 / field[month].papers for month, weight in sorted(weights.items()))
    return share_sign(kind, share, base, difference(share, n, base, base_n), n, KINDS_RULE, len(kept) / len(months))


def _first_comparable(kind: SignKind, span: Span, categories: Collection[str]) -> int:
    """The first month after the last break that lies before the end of the span."""
    breaks = [
        month_number(month_after(one.day.replace(day=1))) for one in POLICY_BREAKS if one.concerns(kind, categories)
    ]
    return max((month for month in breaks if month <= span.last), default=0)
