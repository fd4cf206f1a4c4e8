"""Who writes: newcomers to a direction and to its field, and the size of teams.

A small or young direction has many newcomers by its size alone, and where authors are not known everybody looks new. So
each share is set beside that of random papers of the field with the same number of papers of known authors in every
month. Names are compared as they are written: two spellings of one person are two, two persons of one name are one.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import lru_cache

import numpy as np

from littriage.crowding.intervals import normal_sign
from littriage.crowding.papers import Authored, Floats, Ints, Span
from littriage.crowding.sign import Lack, Sign, SignKind, lacking
from littriage.identity import author_list
from littriage.model import NORMAL_80

PEOPLE_RULE = "names/v1"

KNOWN_PART = 0.5
"""Part of the papers of a year, and of those of the five years before it, whose authors must be known."""
YEAR_NEEDS = 15
"""Papers with known authors that a year needs."""
BEFORE_MONTHS = 60
DRAWS = 10
"""Random sets of papers of the field that a direction is set beside."""
TEAM_AT_MOST = 30
"""A larger team counts as this many: a few collaborations of thousands would be the mean."""
SHRUNK = (SignKind.NEWCOMERS, SignKind.NEWCOMERS_CHANGE, SignKind.NEW_TO_FIELD)
"""Signs that lean on what all directions show."""

_UNDECOMPOSED = str.maketrans({"ø": "o", "ł": "l", "đ": "d", "ı": "i", "æ": "ae", "œ": "oe", "ð": "d", "þ": "th"})


@lru_cache(maxsize=1 << 20)
def folded_name(name: str) -> str:
    r"""The name as names are compared: without case, accents and punctuation; TeX and `Family, Given` as on import.

    Initials stay initials: `J. Smith` is not `John Smith`.
    """
    if "\\" in name or "," in name:
        name = " ".join(author_list([name]))
    if name.isascii():
        plain = name.lower()
    else:
        plain = unicodedata.normalize("NFKD", unicodedata.normalize("NFKD", name).casefold()).translate(_UNDECOMPOSED)
        plain = "".join(sign for sign in plain if not unicodedata.combining(sign))
    return " ".join("".join(sign if sign.isalnum() else " " for sign in plain).split())


def people(own: Authored, field: Authored, span: Span) -> tuple[Sign, ...]:
    """Newcomers, their change on the year before, those new to the whole field, mean team size and its change."""
    now, before = (_year(own, field, span, back) for back in (0, 1))
    kinds = (SignKind.NEWCOMERS, SignKind.NEW_TO_FIELD, SignKind.TEAM)
    changes = (SignKind.NEWCOMERS_CHANGE, None, SignKind.TEAM_CHANGE)
    if isinstance(now, Sign):
        return tuple(replace(now, kind=kind) for kind in (*kinds, *changes) if kind)
    signs = [
        normal_sign(kind, part.measured, part.base, part.se, part.n, PEOPLE_RULE, now.coverage)
        for kind, part in zip(kinds, now.parts, strict=True)
    ]
    for place, kind in enumerate(changes):
        if kind is None:
            continue
        if isinstance(before, Sign):
            signs.append(replace(before, kind=kind))
            continue
        new, old = now.parts[place], before.parts[place]
        se = (new.se**2 + old.se**2) ** 0.5
        signs.append(normal_sign(kind, new.excess, old.excess, se, new.n, PEOPLE_RULE, now.coverage))
    return tuple(signs)


@dataclass(frozen=True, slots=True)
class _Part:
    measured: float
    base: float
    se: float
    """Of measured - base."""
    n: int

    @property
    def excess(self) -> float:
        return self.measured - self.base


@dataclass(frozen=True, slots=True)
class _People:
    """One year of a direction."""

    parts: tuple[_Part, _Part, _Part]
    """Newcomers to the direction, newcomers to the field, team."""
    coverage: float | None


def _year(own: Authored, field: Authored, span: Span, back: int) -> _People | Sign:
    months, start = span.year(back), span.start(back)
    year, past = own.during(months), own.before(start)
    papers = sum(own.papers.get(month, 0) for month in months)
    before = range(start - BEFORE_MONTHS, start)
    coverage = own.coverage(months)
    parts = (coverage, own.coverage(before), field.coverage(before))

    def lack(why: Lack, n: int, part: float | None = coverage) -> Sign:
        return lacking(SignKind.NEWCOMERS, why, n, PEOPLE_RULE, part)

    if not span.whole(back):
        return lack(Lack.FEW_MONTHS, papers)
    if papers < YEAR_NEEDS:
        return lack(Lack.FEW_PAPERS, papers)
    known = [part for part in parts if part is not None]
    if min(known) < KNOWN_PART:
        return lack(Lack.NO_AUTHORS, papers, min(known))
    if len(year.months) < YEAR_NEEDS:
        return lack(Lack.FEW_PAPERS, len(year.months))
    if parts[1] is None:
        return lack(Lack.FEW_EARLIER, 0)
    if parts[2] is None or not _held(field, year.months).all():
        return lack(Lack.NO_FIELD, papers)
    in_field = field.authors_before(start)
    years = [_like(field, year.months, draw) for draw in range(DRAWS)]
    pasts = [_like(field, past.months, draw) for draw in range(DRAWS)]
    newcomers = [_new(one, np.unique(other.authors))[0] for one, other in zip(years, pasts, strict=True)]
    new_to_field = [_new(one, in_field)[0] for one in years]
    shares = [_new(year, np.unique(past.authors)), _new(year, in_field)]
    bases = [np.array(newcomers), np.array(new_to_field)]
    found = [
        _Part(share, float(base.mean()), _both(se, base), n) for (share, se, n), base in zip(shares, bases, strict=True)
    ]
    teams = np.minimum(year.teams, TEAM_AT_MOST)
    others = np.array([np.minimum(one.teams, TEAM_AT_MOST).mean() for one in years])
    team_se = float(teams.std(ddof=1)) / len(teams) ** 0.5
    team = _Part(float(teams.mean()), float(others.mean()), _both(team_se, others), len(teams))
    return _People((found[0], found[1], team), coverage)


def _both(se: float, draws: Floats) -> float:
    return float((se**2 + draws.var(ddof=1) / len(draws)) ** 0.5)


def _held(field: Authored, months: Ints) -> Ints:
    """How many papers the field has in each of the months."""
    return np.searchsorted(field.ordered_months, months + 1) - np.searchsorted(field.ordered_months, months)


def _like(field: Authored, months: Ints, draw: int) -> Authored:
    """As many papers of the field in each month as `months` has; the blocks of successive draws follow each other."""
    wanted, counts = np.unique(months, return_counts=True)
    first, held = np.searchsorted(field.ordered_months, wanted), _held(field, wanted)
    counts = np.where(held > 0, counts, 0)
    within = np.arange(counts.sum()) - np.repeat(np.cumsum(counts) - counts, counts)
    offset = (np.repeat(draw * counts, counts) + within) % np.maximum(np.repeat(held, counts), 1)
    return field.take(field.by_month[np.repeat(first, counts) + offset])


def _new(year: Authored, known: Ints) -> tuple[float, float, int]:
    """Share of the distinct authors of a year who are not known, its standard error, and how many authors there are.

    Authors come in teams: the standard error is that of a ratio over papers, each author counted with the first paper,
    and no smaller than that of independent authors.
    """
    authors, first = np.unique(year.authors, return_index=True)
    if not len(authors):
        return 0.0, 1.0, 0
    new = ~np.isin(authors, known)
    paper = np.searchsorted(year.starts, first, side="right") - 1
    teams = np.bincount(paper, minlength=len(year.months))
    news = np.bincount(paper, new, minlength=len(year.months))
    share, papers = float(new.mean()), len(year.months)
    smoothed = (new.sum() + 1) / (len(authors) + 2)
    independent = smoothed * (1 - smoothed) / len(authors)
    clustered = papers / max(papers - 1, 1) * float(((news - share * teams) ** 2).sum()) / len(authors) ** 2
    return share, float(max(independent, clustered) ** 0.5), len(authors)


# --- shrinkage --------------------------------------------------------------------------------------------------


def shrunk(signs: Mapping[str, tuple[Sign, ...]]) -> dict[str, tuple[Sign, ...]]:
    """The signs by direction, those of SHRUNK drawn to what all directions show, the more the less they rest on.

    Normal with a normal prior, whose mean and spread are those of all directions (DerSimonian and Laird 1986). Fewer
    than 3 directions make no prior: theirs stay as they are.
    """
    found = {slug: list(own) for slug, own in sorted(signs.items())}
    for kind in SHRUNK:
        places = [
            (slug, place)
            for slug, own in found.items()
            for place, one in enumerate(own)
            if one.kind is kind and one.raw is not None and one.se
        ]
        own = [found[slug][place] for slug, place in places]
        posterior = _posterior([(one.raw or 0.0, one.se or 0.0) for one in own])
        for (slug, place), (mean, sd) in zip(places, posterior, strict=True):
            half = NORMAL_80 * sd
            found[slug][place] = replace(found[slug][place], value=mean, low=mean - half, high=mean + half)
    return {slug: tuple(own) for slug, own in found.items()}


def _posterior(estimates: list[tuple[float, float]]) -> list[tuple[float, float]]:
    if len(estimates) < 3:
        return estimates
    value, se = np.array(sorted(estimates)).T  # by value: a new name cannot change the order of a sum
    weight = se**-2
    fixed = (weight * value).sum() / weight.sum()
    spread = weight.sum() - (weight**2).sum() / weight.sum()
    between = (
        max(0.0, float(((weight * (value - fixed) ** 2).sum() - (len(value) - 1)) / spread)) if spread > 0 else 0.0
    )
    weight = 1 / (se**2 + between)
    centre = float((weight * value).sum() / weight.sum())
    centre_variance = float(1 / weight.sum())
    posterior = []
    for own, own_se in estimates:
        kept = between / (between + own_se**2)
        variance = kept * own_se**2 + (1 - kept) ** 2 * centre_variance
        posterior.append((kept * own + (1 - kept) * centre, variance**0.5))
    return posterior
