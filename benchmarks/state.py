"""Times the state of a whole catalogue and of all clusters beside one topic after another.

    python benchmarks/state.py

Simulated panels of 168 months. For 163 directions and for 3,000 clusters: seconds of processor time for the state
(curve, population, trends, probabilities), for the odds of the peak from 500 draws, and the same trends asked of one
topic after another, with the same code on one row at a time (timed on 60 topics). Processor time, since the machine
may have other work; with more than one thread set OMP_NUM_THREADS=1 to compare.
"""

from __future__ import annotations

import time
from collections.abc import Callable

from littriage import signals, smoothing
from littriage.simulate import simulate

MONTHS = 168
ALONE = 60


def seconds(work: Callable[[], object]) -> float:
    """Processor time of the faster of two calls."""
    taken = []
    for _ in range(2):
        start = time.process_time()
        work()
        taken.append(time.process_time() - start)
    return min(taken)


def main() -> None:
    print("topics  state (s)  of it the fit (s)  peak odds (s)  one by one (s)  state / one by one")
    for topics in (163, 3000):
        panel = simulate(topics, seed=1, months=MONTHS).panel
        counts = smoothing.quarters(panel)
        found = signals.state(panel)
        population = found.trends.population

        def one_by_one(counts: smoothing.Quarters = counts, population: smoothing.Population = population) -> None:
            for row in range(ALONE):
                smoothing.trends(counts.rows(slice(row, row + 1)), population)

        state = seconds(lambda panel=panel: signals.state(panel))
        fit = seconds(lambda counts=counts: smoothing.fitted(counts.last(smoothing.WINDOW)))
        peak = seconds(lambda panel=panel, found=found: signals.peak_odds(panel, found))
        plain = seconds(one_by_one) * topics / ALONE
        print(f"{topics:6}  {state:9.2f}  {fit:17.2f}  {peak:13.2f}  {plain:14.1f}  {state / plain:18.3f}")


if __name__ == "__main__":
    main()
