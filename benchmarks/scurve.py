"""How often an S-curve's ceiling is given, how often it is right, and what that costs.

    python benchmarks/scurve.py [--topics 3000] [--panels 3] [--seed 0] [--warehouse FOLDER --last 2025-06]

Simulated topics are a mix of shapes, most without a ceiling; `hard` has half as many S-curves and twice as many humps,
breaks, steps and wandering shares. A ceiling is right as `littriage.simulate.Truth.right` says. With a warehouse, the
ceilings of its directions follow, and what became of those that would have been given at earlier Junes: the share three
years later over the ceiling. The tables are those of docs/method.md.
"""

from __future__ import annotations

import argparse
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from itertools import pairwise
from pathlib import Path
from time import perf_counter

import numpy as np

from littriage.panel import Bools, Floats, Panel, panel_of
from littriage.published import Published
from littriage.scurve import Ceiling, Fits, ceiling_text, ceilings, fits
from littriage.simulate import MIX, S_SHAPES, Shape, simulate
from littriage.trends import month_after

AHEAD = 36
"""Months after the as-of month, for what became of a share."""
SEEN = 168
HARD = {shape: part * (0.5 if shape in S_SHAPES else 1 if shape is Shape.FLAT else 2) for shape, part in MIX.items()}
SINCE = (-24, -12, 0, 12, 24, 36, 48, 72, 150)
SIZES = (0, 20, 60, 200, 10_000)


@dataclass(frozen=True, slots=True)
class Answers:
    """Of many topics, one element each."""

    shape: np.ndarray
    given: Bools
    right: Bools
    covered: Bools
    """True ceiling, or else the mean true share of the months ahead, inside the interval."""
    since: Floats
    """Months from the true inflection."""
    papers: Floats
    """In the last 12 months."""


def answers(topics: int, panels: int, seed: int, mix: dict[Shape, float]) -> Answers:
    return _joined([_answers(topics, seed + number, mix) for number in range(panels)])


def _answers(topics: int, seed: int, mix: dict[Shape, float]) -> Answers:
    simulated = simulate(topics, seed, months=SEEN + AHEAD, mix=mix, inflection=(24, SEEN + 24))
    panel, truth = simulated.panel.until(simulated.panel.months[SEEN - 1]), simulated.truth
    given = ceilings(panel)
    stated = np.array([np.nan if one.share is None else one.share for one in given])
    low, high = (np.array([getattr(one, end) or np.nan for one in given], dtype=float) for end in ("low", "high"))
    level = np.exp(truth.log_share[:, SEEN:]).mean(axis=1)
    true = np.where(np.isfinite(truth.ceiling), truth.ceiling, level)
    return Answers(
        shape=np.array([shape.value for shape in truth.shapes]),
        given=np.isfinite(stated),
        right=truth.right(stated, SEEN - 1),
        covered=(low <= true) & (true <= high),
        since=SEEN - 1 - truth.inflection,
        papers=panel.papers[:, -12:].sum(axis=1),
    )


def _joined(parts: list[Answers]) -> Answers:
    return Answers(*(np.concatenate([getattr(one, name) for one in parts]) for name in Answers.__slots__))


def show(name: str, found: Answers) -> None:
    given = found.given
    s_curve = given & np.isin(found.shape, [shape.value for shape in S_SHAPES])
    print(f"{name}: {given.sum()} ceilings for {given.size} topics, {found.right[given].mean():.3f} right")
    print(f"  80% interval holds the truth in {found.covered[given].mean():.3f}, ", end="")
    print(f"of true S-curves {found.covered[s_curve].mean():.3f} (right {found.right[s_curve].mean():.3f})")
    for shape in Shape:
        own = found.shape == shape.value
        right = f"{found.right[own & given].mean():.2f} right" if (own & given).any() else ""
        print(f"  {shape.value:12} {own.sum():6} topics  {(own & given).sum():5} given  {right}")


def show_times(found: Answers) -> None:
    """Part of the S-curves whose ceiling is given (and right, of those), by months from inflection and size."""
    print("S-curves: given, and of these right, by months from the inflection and papers in the last 12 months")
    print("  months      " + "".join(f"{low:>6} to {high:<6}" for low, high in _steps(SIZES)))
    for early, late in _steps(SINCE):
        cells = [
            _cell(found, (found.since >= early) & (found.since < late) & (found.papers >= low) & (found.papers < high))
            for low, high in _steps(SIZES)
        ]
        print(f"  {early:>3} to {late:<4} " + "".join(f"{cell:>16}" for cell in cells))


def _cell(found: Answers, rows: Bools) -> str:
    if not rows.any():
        return "-"
    given = rows & found.given
    right = f"{found.right[given].mean():.2f}" if given.any() else "-"
    return f"{found.given[rows].mean():.2f} / {right}"


def _steps(edges: tuple[int, ...]) -> Iterable[tuple[int, int]]:
    return pairwise(edges)


def show_time(topics: int, seed: int) -> None:
    panel = simulate(topics, seed, months=SEEN).panel
    started = perf_counter()
    found: Fits = fits(panel)
    print(f"{topics} topics of {SEEN} months: {perf_counter() - started:.1f} s, {found.refined.sum()} fitted finely")


def show_real(folder: Path, last: date) -> None:
    with Published.open(folder) as published:
        panel = panel_of(published.trends(), last)
    panel = panel.rows(panel.usable[:, -12:].sum(axis=1) >= 9)
    given = ceilings(panel)
    print(f"{last:%Y-%m}: {len(given)} directions with 9 usable months in the last 12")
    print("  " + ", ".join(f"{code} {count}" for code, count in Counter(map(_outcome, given)).most_common()))
    for one in filter(lambda one: one.identifiable, given):
        print(f"  {one.topic}: {ceiling_text(one)}")
    became = [row for year in range(panel.first.year + 5, last.year - 2) for row in _became(panel, date(year, 6, 1))]
    stayed = sum(abs(ratio - 1) <= 0.3 for _, _, ratio in became)
    print(f"given at an earlier June: {len(became)}, of which {stayed} within 30% three years later")
    for month, topic, ratio in became:
        print(f"  {month:%Y-%m} {topic}: {ratio:.2f}")


def _outcome(one: Ceiling) -> str:
    return one.reasons[0].code if one.reasons else "given"


def _became(panel: Panel, month: date) -> Iterable[tuple[date, str, float]]:
    papers, exposure, _ = panel.windows(12)
    column = panel.column(month_after(month, AHEAD))
    for row, one in enumerate(ceilings(panel.until(month))):
        if one.share is not None and exposure[row, column] > 0:
            yield month, one.topic, papers[row, column] / exposure[row, column] / one.share


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--topics", type=int, default=3000)
    parser.add_argument("--panels", type=int, default=3)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--warehouse", type=Path)
    parser.add_argument("--last", type=lambda text: date.fromisoformat(f"{text}-01"), default=date(2025, 6, 1))
    asked = parser.parse_args()
    mixed = answers(asked.topics, asked.panels, asked.seed, dict(MIX))
    show("mixed", mixed)
    show("hard", answers(asked.topics, asked.panels, asked.seed + 1000, HARD))
    show_times(mixed)
    show_time(3163, asked.seed)
    if asked.warehouse:
        show_real(asked.warehouse, asked.last)


if __name__ == "__main__":
    main()
