"""What is known of a topic at the end of a month that may tell where its share goes.

All features are on scales of their own, in logs and standard errors, and not ranks among the topics of the day: a
direction can so be compared with the phrases that a model was fitted on. NaN where one is not known: it then adds
nothing to an outlook.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from littriage import signals
from littriage.model import HORIZONS, RISE
from littriage.outlook.shelf import Shelf
from littriage.outlook.wording import FEATURE_TEXTS
from littriage.panel import Bools, Floats, Ints, Panel
from littriage.phrases import monthly

if TYPE_CHECKING:
    from scipy.sparse import csr_matrix


NAMES = tuple(FEATURE_TEXTS)
"""The columns, in order; `outlook.wording` tells readers of them."""

HORIZON = {name: horizon for horizon in HORIZONS for name in (f"ahead_{horizon}", f"p_ahead_{horizon}")}
"""Columns that are of use for one horizon alone."""

LOOK_BACK_MONTHS = 84
"""No feature looks further back, so that records of different lengths say the same of a topic."""
LEAST_PART = 0.75
"""Part of a window's months that must be usable."""
_SURE = 1.3


@dataclass(frozen=True, slots=True)
class Topics:
    """Topics beside the papers of a shelf, at the end of its last month."""

    papers: csr_matrix
    """Shape (papers, topics): weight of membership, 0 to 1."""
    titles: csr_matrix | None
    """The same where the title shows it, else 0; None: not known."""
    panel: Panel
    """Their counts; it ends with the shelf's last month."""
    state: signals.State
    """Of the panel."""


def phrase_topics(shelf: Shelf, places: Ints | None = None) -> Topics:
    """The phrases that are topics of the shelf's field, or those at the places given."""
    chosen = shelf.topics_of_field(shelf.months - 1) if places is None else places
    papers = shelf.phrases.texts[:, chosen]
    panel = shelf.panel(papers, tuple(shelf.phrases.names[place] for place in chosen))
    return Topics(papers, shelf.phrases.titles[:, chosen], panel, signals.state(panel))


def features(shelf: Shelf, topics: Topics, near: Topics) -> Floats:
    """Shape (topics, features), of topics as known at the end of the shelf's last month.

    `near` are the phrase topics of the field, among which the neighbours are. Nothing later can enter.
    """
    columns = {**_counts(topics.panel), **_titles(shelf, topics), **_trend(topics)}
    columns |= _neighbours(shelf, topics, near)
    columns |= _people(shelf, topics.papers)
    columns |= _places(shelf, topics.papers)
    columns |= _outside(shelf, topics)
    unknown = np.full(len(topics.panel.topics), np.nan)
    return np.stack([columns.get(name, unknown) for name in NAMES], axis=1)


# --- counts -----------------------------------------------------------------------------------------------------


def _log_share(panel: Panel, months: int, back: int = 0) -> Floats:
    """Log share of the `months` that end `back` months before the last, with half a paper added; NaN for too few."""
    papers, exposure, known = _sums(panel, months, back)
    enough = (known >= LEAST_PART * months) & (exposure > 0)
    return np.where(enough, np.log((papers + 0.5) / np.where(enough, exposure, 1.0)), np.nan)


def _sums(panel: Panel, months: int, back: int = 0) -> tuple[Floats, Floats, Floats]:
    end = panel.papers.shape[1] - back
    part = slice(max(0, end - months), max(0, end))
    known = panel.usable[:, part]
    papers, exposure = panel.papers[:, part], panel.exposure[:, part]
    return (papers * known).sum(axis=1), (exposure * known).sum(axis=1), known.sum(axis=1).astype(np.float64)


def _counts(panel: Panel) -> dict[str, Floats]:
    now, before = _log_share(panel, 12), _log_share(panel, 12, 12)
    papers, papers_before = _sums(panel, 12)[0], _sums(panel, 12, 12)[0]
    noise = np.sqrt(1 / (papers + 0.5) + 1 / (papers_before + 0.5))
    z = (now - before) / noise
    shares, since = _years(panel)
    unknown = np.isnan(shares)
    highest, lowest = np.where(unknown, -np.inf, shares).max(axis=1), np.where(unknown, np.inf, shares).min(axis=1)
    return {
        "size": np.where(np.isnan(now), np.nan, np.log(papers + 1)),
        "share": now,
        "change_12": now - before,
        "change_before": before - _log_share(panel, 12, 24),
        "change_6": _log_share(panel, 6) - _log_share(panel, 6, 6),
        "change_6_before": _log_share(panel, 6, 6) - _log_share(panel, 6, 12),
        "last_3": _log_share(panel, 3) - now,
        "quarter_before": _log_share(panel, 3, 3) - now,
        **{f"usual_{half_life}": _fading(panel, half_life) - now for half_life in (6, 12, 24, 48)},
        "noise": noise,
        "z": z,
        "z_high": np.maximum(z - _SURE, 0.0),
        "z_low": np.maximum(-z - _SURE, 0.0),
        "peak": np.where(np.isnan(now), np.nan, now - highest),
        "since_peak": np.log1p(since),
        "risen": np.where(np.isnan(now), np.nan, now - lowest),
        "age": np.log1p(_age(panel)),
    }


def _years(panel: Panel) -> tuple[Floats, Floats]:
    """Log share of the 12 months up to each month, NaN where not known, and months since its highest."""
    papers, exposure, known = (each[:, -LOOK_BACK_MONTHS:] for each in panel.windows(12))
    enough = (known >= LEAST_PART * 12) & (exposure > 0)
    shares = np.where(enough, np.log((papers + 0.5) / np.where(enough, exposure, 1.0)), np.nan)
    since = shares.shape[1] - 1 - np.where(enough, shares, -np.inf).argmax(axis=1)
    return shares, since.astype(np.float64)


def _fading(panel: Panel, half_life: int) -> Floats:
    months = min(panel.papers.shape[1], LOOK_BACK_MONTHS)
    weight = 0.5 ** (np.arange(months)[::-1] / half_life) * panel.usable[:, -months:]
    papers = (weight * panel.papers[:, -months:]).sum(axis=1)
    exposure = (weight * panel.exposure[:, -months:]).sum(axis=1)
    return np.where(exposure > 0, np.log((papers + 0.5) / np.where(exposure > 0, exposure, 1.0)), np.nan)


def _age(panel: Panel) -> Floats:
    so_far = np.cumsum(np.where(panel.usable, panel.papers, 0.0)[:, -LOOK_BACK_MONTHS:], axis=1)
    months = so_far.shape[1]
    return np.where(so_far[:, -1] >= 5, months - 1 - (so_far >= 5).argmax(axis=1), 0).astype(np.float64)


def _titles(shelf: Shelf, topics: Topics) -> dict[str, Floats]:
    if topics.titles is None:
        return {}
    last = shelf.months - 1
    now, before = (
        np.log((_weights(topics.titles, shelf, months) + 0.5) / (_weights(topics.papers, shelf, months) + 1))
        for months in (shelf.between(last - 11, last), shelf.between(last - 23, last - 12))
    )
    return {"in_titles": now, "in_titles_change": now - before}


def _weights(topics: csr_matrix, shelf: Shelf, papers: slice) -> Floats:
    """Papers of each topic among those of the field."""
    return np.asarray(topics[papers].T @ shelf.inside[papers].astype(np.float64), dtype=np.float64)


def _trend(topics: Topics) -> dict[str, Floats]:
    found = topics.state
    probit = _probit(found.p_up)
    columns = {
        "growth": found.mean,
        "growth_sd": found.sd,
        "p_up": probit,
        "p_up_high": np.maximum(probit - _SURE, 0.0),
        "acceleration": found.acceleration,
        "dispersion": np.log(found.dispersion),
    }
    for horizon in HORIZONS:
        change = found.trends.ahead(horizon).change
        columns[f"ahead_{horizon}"] = np.where(found.known, change.mean, np.nan)
        columns[f"p_ahead_{horizon}"] = _probit(np.where(found.known, 1 - change.below(np.log(RISE)), np.nan))
    return columns


def _probit(p: Floats) -> Floats:
    from scipy.special import ndtri

    return np.asarray(ndtri(np.clip(p, 1e-3, 1 - 1e-3)), dtype=np.float64)


# --- neighbours -------------------------------------------------------------------------------------------------

_SAME = 0.3
"""Jaccard overlap of papers above which a phrase is the topic itself and no neighbour of it."""
_TOGETHER = 2
"""Papers that two topics must share for one to be among the other's closest."""


def _neighbours(shelf: Shelf, topics: Topics, phrases: Topics) -> dict[str, Floats]:
    """Means over the phrase topics of the field, weighted by the papers of the last 12 months that hold both."""
    from scipy.sparse import csr_matrix as matrix

    year = np.flatnonzero(shelf.inside & (shelf.month > shelf.months - 13))
    if not phrases.panel.topics or not len(year):
        return {}
    counts = _counts(phrases.panel)
    near = phrases.papers[year].astype(np.float64)
    own = topics.papers[year].astype(np.float64)
    papers, of_near = (np.asarray(one.sum(axis=0), dtype=np.float64).ravel() for one in (own, near))
    both = (own.T @ near).tocoo()
    union = papers[both.row] + of_near[both.col] - both.data
    other = both.data <= _SAME * union
    row, column, shared = both.row[other], both.col[other], both.data[other]
    weights = matrix((shared, (row, column)), shape=both.shape)
    lift = np.log(np.maximum(shared * len(year) / (papers[row] * of_near[column]), 1.0))
    closest = matrix((np.where(shared >= _TOGETHER, lift * np.sqrt(shared), 0.0), (row, column)), shape=both.shape)
    growth = np.nan_to_num(phrases.state.mean)
    together = (near.T @ near).tocsr()
    together.setdiag(0)
    around = _mean(together, growth)
    # Each paper's mean growth of what it is about, then the mean of that over the topic's papers.
    of_paper = (near @ growth) / np.maximum(np.asarray(near.sum(axis=1)).ravel(), 1.0)
    found = {
        "near_growth": _mean(weights, growth),
        "near_z": _mean(weights, np.clip(np.nan_to_num(counts["z"]), -4, 4)),
        "near_lift": _mean(closest, growth),
        "near_half": _mean(weights, np.nan_to_num(counts["change_6"])),
        "near_peak": _mean(weights, np.nan_to_num(counts["peak"])),
        "near_age": _mean(weights, counts["age"]),
        "near_twice": _mean(weights, np.nan_to_num(around)),
        "heat": np.where(papers > 0, (own.T @ of_paper) / np.where(papers > 0, papers, 1.0), np.nan),
    }
    found["spread"] = np.log1p(np.diff(weights.tocsr().indptr)) - np.log1p(papers)
    return {name: np.where(papers > 0, column, np.nan) for name, column in found.items()}


def _mean(weights: csr_matrix, values: Floats) -> Floats:
    total = np.asarray(weights.sum(axis=1), dtype=np.float64).ravel()
    return np.where(total > 0, (weights @ values) / np.where(total > 0, total, 1.0), np.nan)


# --- people and places ------------------------------------------------------------------------------------------

_KNOWN_PART = 0.5
"""Part of the topic's papers whose authors must be known, in the last 12 months and before."""


def _people(shelf: Shelf, topics: csr_matrix) -> dict[str, Floats]:
    last = shelf.months - 1
    now, past = shelf.between(last - 11, last), shelf.between(last - LOOK_BACK_MONTHS + 1, last - 12)
    known = (np.diff(shelf.authors.indptr) > 0) & shelf.inside
    own = _where(topics[now], known[now])
    before = _where(topics[past], known[past])
    of_now, of_past = own.T @ shelf.authors[now], before.T @ shelf.authors[past]
    of_now.data[:] = 1
    authors = np.asarray(of_now.sum(axis=1), dtype=np.float64).ravel()
    old = np.asarray(of_now.multiply(of_past > 0).sum(axis=1), dtype=np.float64).ravel()
    first = np.asarray(shelf.authors[past].sum(axis=0), dtype=np.float64).ravel() == 0
    new = np.asarray(of_now @ first.astype(np.float64), dtype=np.float64)
    papers = np.asarray(own.sum(axis=0), dtype=np.float64).ravel()
    sizes = np.diff(shelf.authors.indptr)[now].astype(np.float64)
    told = _part(papers, _weights(topics, shelf, now)) & _part(
        np.asarray(before.sum(axis=0), dtype=np.float64).ravel(), _weights(topics, shelf, past)
    )
    return {
        "entrants": np.where(told, (authors - old + 2) / (authors + 3), np.nan),
        "newcomers": np.where(told, (new + 1) / (authors + 2), np.nan),
        "team": np.where(told, np.log((own.T @ sizes + 3) / (papers + 1)), np.nan),
    }


def _where(topics: csr_matrix, chosen: Bools) -> csr_matrix:
    from scipy.sparse import diags

    return (diags(chosen.astype(np.float64)) @ topics).tocsr()


def _part(known: Floats, papers: Floats) -> Bools:
    return np.asarray((known > 0) & (known >= _KNOWN_PART * papers))


def _places(shelf: Shelf, topics: csr_matrix) -> dict[str, Floats]:
    last = shelf.months - 1
    now, before = shelf.between(last - 11, last), shelf.between(last - 23, last - 12)
    sizes, earlier = (
        np.asarray(_where(shelf.categories[part], shelf.inside[part]).sum(axis=0), dtype=np.float64).ravel()
        for part in (now, before)
    )
    total, total_before = shelf.inside[now].sum(), shelf.inside[before].sum()
    if not total or not total_before:
        return {}
    growth = np.log((sizes + 5) / total) - np.log((earlier + 5) / total_before)
    own = _where(topics[now], shelf.inside[now])
    mix = np.asarray((own.T @ shelf.categories[now]).toarray(), dtype=np.float64)
    papers, places = np.asarray(own.sum(axis=0), dtype=np.float64).ravel(), mix.sum(axis=1)
    some = (papers > 0) & (places > 0)
    part = mix / np.where(some, places, 1.0)[:, None]
    usual = sizes / max(1.0, sizes.sum())
    return {
        "category_growth": np.where(some, part @ growth, np.nan),
        "categories": np.where(some, places / np.where(some, papers, 1.0), np.nan),
        "special": np.where(some, (part * np.log((part + 1e-4) / (usual + 1e-4))).sum(axis=1), np.nan),
    }


_OUTSIDE_PAPERS = 200
"""Papers that the record must hold outside the field in each window."""


def _outside(shelf: Shelf, topics: Topics) -> dict[str, Floats]:
    """Shares among the papers of other fields. Their record may have holes: it is a sample, and no count of it is used.

    What is common elsewhere and rare here tends to arrive.
    """
    others = np.flatnonzero(~shelf.inside)
    papers, sizes = monthly(topics.papers[others], shelf.month[others], shelf.months), shelf.sizes(inside=False)

    def log_share(months: int, back: int = 0) -> Floats:
        end = shelf.months - back
        part = slice(max(0, end - months), max(0, end))
        total = sizes[part].sum()
        few = total < _OUTSIDE_PAPERS
        return np.full(len(papers), np.nan) if few else np.log((papers[:, part].sum(axis=1) + 0.5) / total)

    return {
        "outside": log_share(12) - _log_share(topics.panel, 12),
        "outside_growth": log_share(12) - log_share(12, 12),
        "outside_half": log_share(6) - log_share(6, 6),
    }
