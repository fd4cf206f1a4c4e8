"""What becomes of verdicts on simulated panels whose truth is known, sound and with the faults of real records.

    python benchmarks/verdict_laws.py [--seeds 3] [--topics 200]

One line for each law, pooled over panels of 168 months. "Up" is rising, emerging, or hot and still growing; "down" is
declining or dormant; "level" any other stage that says something. A loss by chance drops each paper of topics and field
with a probability of a fifth; a firm label is one that changes in at most a tenth of the perturbations of
`verdicts.flips`. Giant months: 20 times a month's papers, and at least 20, in one topic of 25, at each of the last 24
months in turn. The tables are those of docs/method.md. Three minutes on two cores.
"""

from __future__ import annotations

import argparse
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from datetime import timedelta

import numpy as np

from littriage import signals
from littriage.model import MonthStatus, Stage, TrendPoint, Verdict
from littriage.panel import Bools, Panel
from littriage.simulate import MIX, Shape, coverage_loss, giant_month, outage, simulate
from littriage.trends import month_after
from littriage.verdicts import grows, judge

MONTHS = 168
FIRM = 0.1
SILENT = frozenset({"abstain", "unsure"})
LAWS: list[Callable[[int, int], Iterator[tuple[str, int, int]]]] = []
"""Each gives lines: what is counted, how often it came, of how many."""


def judged(panel: Panel, *, with_flips: bool = False) -> tuple[Verdict, ...]:
    """As of two weeks after the panel's last month, in the panel's order."""
    points = {topic: list(_points(panel, row)) for row, topic in enumerate(panel.topics)}
    return judge(points, month_after(panel.last) + timedelta(days=14), with_flips=with_flips, brief=True)


def _points(panel: Panel, row: int) -> Iterator[TrendPoint]:
    for column, month in enumerate(panel.months):
        papers, exposure = float(panel.papers[row, column]), round(panel.exposure[row, column])
        status = MonthStatus.COMPLETE if panel.usable[row, column] else MonthStatus.PARTIAL
        yield TrendPoint(panel.topics[row], month, papers, round(papers), exposure, status)


def kind(verdict: Verdict) -> str:
    """What a stage says of the share's way: `abstain`, `unsure`, `up`, `level` or `down`."""
    if verdict.stage in (Stage.TOO_LITTLE_DATA, Stage.NOT_MEASURABLE, Stage.INCOMPLETE):
        return "abstain"
    if verdict.stage in (Stage.DECLINING, Stage.DORMANT):
        return "down"
    if verdict.stage in (Stage.RISING, Stage.EMERGING) or (verdict.stage is Stage.HOT and grows(verdict)):
        return "up"
    return "unsure" if verdict.stage is Stage.UNSURE else "level"


def law(measure: Callable[[int, int], Iterator[tuple[str, int, int]]]) -> None:
    LAWS.append(measure)


def surely_growing(found: signals.State) -> Bools:
    return found.known & (np.nan_to_num(found.low) >= 0.1)


@law
def intervals(topics: int, seed: int) -> Iterator[tuple[str, int, int]]:
    """Growth is from the same quarter of the year before."""
    simulated = simulate(5 * topics, seed + 90)
    found, log_share = signals.state(simulated.panel), simulated.truth.log_share
    true = log_share[:, -3:].mean(axis=1) - log_share[:, -15:-12].mean(axis=1)
    moving = found.known & (np.abs(true) > 0.02)
    for part in (0.8, 0.9):
        low, high = found.quantile((1 - part) / 2), found.quantile((1 + part) / 2)
        held = (low <= true) & (true <= high)
        yield (
            f"{part:.0%} interval of growth holds the truth, moving topics",
            int(held[moving].sum()),
            int(moving.sum()),
        )
    year = np.lib.stride_tricks.sliding_window_view(np.exp(log_share), 12, axis=1).mean(axis=2)
    recent = year.shape[1] - 1 - year.argmax(axis=1) < 12
    odds = signals.peak_odds(simulated.panel, found).p_recent
    for low_odds, high_odds in ((0.0, 0.2), (0.2, 0.5), (0.5, 0.8), (0.8, 1.01)):
        given = found.known & (odds >= low_odds) & (odds < high_odds)
        words = f"peak within 12 months, given {low_odds:.0%} to {min(high_odds, 1):.0%}: it is"
        yield words, int(recent[given].sum()), int(given.sum())
    pace = 4 * (log_share[:, -1] - log_share[:, -4]) - 4 * (log_share[:, -13] - log_share[:, -16])
    for low_odds, high_odds in ((0.0, 0.5), (0.5, 0.7), (0.7, 1.01)):
        given = surely_growing(found) & (found.p_slowing >= low_odds) & (found.p_slowing < high_odds)
        words = f"growth slowed, given {low_odds:.0%} to {min(high_odds, 1):.0%}: it did"
        yield words, int((pace[given] < 0).sum()), int(given.sum())
    surely = surely_growing(found)
    yield "growing by the rule: truly by more than 10%", int((true[surely] > 0.1).sum()), int(surely.sum())


@law
def flat(topics: int, seed: int) -> Iterator[tuple[str, int, int]]:
    for dispersion in (1.3, 2.5):
        simulated = simulate(topics, seed + 20, mix={**MIX, Shape.FLAT: 0.85}, dispersion=dispersion)
        chosen = [one is Shape.FLAT for one in simulated.truth.shapes]
        kinds = [kind(one) for one, own in zip(judged(simulated.panel), chosen, strict=True) if own]
        for way in ("up", "down"):
            yield f"flat topics, dispersion {dispersion}: called {way}", kinds.count(way), len(kinds)


@law
def logistic(topics: int, seed: int) -> Iterator[tuple[str, int, int]]:
    s_curve = {"mix": {Shape.LOGISTIC: 1}, "sizes": (100, 400), "inflection": (60, 110), "spread": (6, 14)}
    planted, others = simulate(60, seed + 30, **s_curve), simulate(100, seed + 60).panel
    panel = Panel(
        (*planted.panel.topics, *(f"z-{topic}" for topic in others.topics)),
        others.first,
        np.vstack([planted.panel.papers, others.papers]),
        np.vstack([planted.panel.exposure, others.exposure]),
        np.vstack([planted.panel.usable, others.usable]),
    )
    right = said = asked = 0
    for column in (MONTHS - 37, MONTHS - 1):
        growth, since = planted.truth.growth(column), column - planted.truth.inflection
        kinds = [kind(one) for one in judged(panel.until(panel.months[column]))[:60]]
        for true, months, own in zip(growth, since, kinds, strict=True):
            if months >= 12:
                asked += 1
                said += own not in SILENT
                right += own in ({"up"} if true > 0.2 else {"level"} if true < 0.05 else {"up", "level"})
    yield "large logistic, 12+ months after its inflection: says something", said, asked
    yield "  of these right", right, said


@law
def lost(topics: int, seed: int) -> Iterator[tuple[str, int, int]]:
    sound = simulate(topics, seed + 10, months=MONTHS).panel
    before = judged(sound, with_flips=True)
    firm = [one.flips is not None and one.flips <= FIRM for one in before]
    yield "labels that are firm", sum(firm), len(firm)
    for since, words in ((0, "the record"), (MONTHS - 12, "its last year")):
        kept = np.where(np.arange(MONTHS) < since, 1.0, 0.8)
        evenly = judged(replace(sound, papers=sound.papers * kept, exposure=np.rint(sound.exposure * kept)))
        yield f"a fifth of {words} lost, evenly: label stays", _same(before, evenly), topics
        after = judged(coverage_loss(sound, since, seed=seed))
        yield f"a fifth of {words} lost by chance: label stays", _same(before, after), topics
        yield "  firm labels: stay", _same(before, after, firm), sum(firm)
        pairs = [{kind(one), kind(other)} for one, other in zip(before, after, strict=True)]
        yield "  says another thing", sum(len(pair) == 2 and not pair & SILENT for pair in pairs), topics
        yield "  up for down, or down for up", pairs.count({"up", "down"}), topics


@law
def outages(topics: int, seed: int) -> Iterator[tuple[str, int, int]]:
    sound = simulate(topics, seed + 10, months=MONTHS).panel
    before = judged(sound)
    for days, back in ((14, 1), (30, 6)):
        for known in (True, False):
            after = judged(outage(sound, MONTHS - back, days, known=known, seed=seed))
            fallen = [
                kind(one)
                for one, other in zip(before, after, strict=True)
                if Stage.DECLINING is other.stage is not one.stage
            ]
            words = f"{days} days lost {back} months back, {'known' if known else 'unknown'}"
            yield f"{words}: newly declining", len(fallen), topics
            yield "  of these up before", fallen.count("up"), len(fallen)


@law
def giants(topics: int, seed: int) -> Iterator[tuple[str, int, int]]:
    sound = simulate(topics, seed + 10, months=MONTHS).panel
    before = judged(sound)
    counts = np.zeros(5, dtype=int)
    for back in range(1, 25):
        some = np.arange(topics) % 25 == (seed + back) % 25
        giant, rows = giant_month(sound, MONTHS - back), some[:, None]
        spoilt = replace(
            sound,
            papers=np.where(rows, giant.papers, sound.papers),
            exposure=np.where(rows, giant.exposure, sound.exposure),
        )
        pairs = [(kind(one), kind(other)) for one, other in zip(before, judged(spoilt), strict=True)]
        own = [pair for pair, chosen in zip(pairs, some, strict=True) if chosen]
        rest = [pair for pair, chosen in zip(pairs, some, strict=True) if not chosen]
        counts += [
            len(own),
            sum(a != b == "up" for a, b in own),
            sum(a != b == "down" for a, b in own),
            len(rest),
            sum(a == b for a, b in rest),
        ]
    yield "one giant month: newly up", counts[1], counts[0]
    yield "one giant month: newly down", counts[2], counts[0]
    yield "one giant month: the other topics say the same", counts[4], counts[3]


def _same(before: Sequence[Verdict], after: Sequence[Verdict], chosen: Sequence[bool] | None = None) -> int:
    picked = chosen or [True] * len(before)
    return sum(one.stage is other.stage for one, other, own in zip(before, after, picked, strict=True) if own)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seeds", type=int, default=3)
    parser.add_argument("--topics", type=int, default=200)
    arguments = parser.parse_args()
    for measure in LAWS:
        runs = [list(measure(arguments.topics, seed)) for seed in range(1, arguments.seeds + 1)]
        for lines in zip(*runs, strict=True):
            came, of = (sum(line[place] for line in lines) for place in (1, 2))
            print(f"{lines[0][0]:62}{came:6} of {of:5}{came / of if of else 0:8.1%}", flush=True)


if __name__ == "__main__":
    main()
