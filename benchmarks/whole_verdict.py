"""How long state, verdict, ceiling and outlook take for 163 directions and 3,000 more topics, given counts and papers.

    python benchmarks/whole_verdict.py WAREHOUSE [--categories cs.CL] [--topics 3163]

The topics are the phrases of the field with the most papers: like clusters they have papers of their own. Reading the
papers is not counted. Signs beside the counts are timed by `benchmarks/crowding.py`.
"""

from __future__ import annotations

import argparse
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np

from littriage import wiring
from littriage.configuration import Settings
from littriage.fields import Fields
from littriage.model import MonthStatus, TrendPoint
from littriage.outlook.features import features, phrase_topics
from littriage.outlook.model import outlooks, shipped
from littriage.panel import Panel
from littriage.scurve import ceilings
from littriage.signals import peak_odds
from littriage.trends import REPORTING_DELAY_DAYS, month_after
from littriage.verdicts import judge
from littriage.warehouse.shelf import load


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("warehouse", type=Path)
    parser.add_argument("--categories", default="cs.CL")
    parser.add_argument("--topics", type=int, default=3163)
    wanted = parser.parse_args()
    with wiring.reading_run(Settings(warehouse=wanted.warehouse)) as run:
        field = " ".join(sorted(wanted.categories.split()))
        usable = Fields(run, wiring.SOURCE_NAME).usable(field, run.today)
        shelf = load(run.warehouse, field, max(usable), usable)
    papers = np.asarray(shelf.phrases.texts[shelf.inside].sum(axis=0)).ravel()
    places = np.sort(np.argsort(-papers, kind="stable")[: wanted.topics])
    total = 0.0

    def timed(what: str, work: Callable[[], Any]) -> Any:
        nonlocal total
        start = time.perf_counter()
        found = work()
        seconds = time.perf_counter() - start
        total += seconds
        print(f"{what:<45}{seconds:>6.1f} s")
        return found

    print(f"{len(places):,} topics, {shelf.months} months, {int(shelf.inside.sum()):,} papers of {field}")
    topics = timed("counts and state", lambda: phrase_topics(shelf, places))
    timed("where the peak lies", lambda: peak_odds(topics.panel, topics.state))
    timed("ceilings", lambda: ceilings(topics.panel))
    as_of = month_after(topics.panel.last).replace(day=REPORTING_DELAY_DAYS + 1)
    points = _points(topics.panel)
    timed("verdicts", lambda: judge(points, as_of, brief=True))
    near = timed("phrase topics of the field", lambda: phrase_topics(shelf))
    known = timed("features", lambda: features(shelf, topics, near))
    timed("outlooks", lambda: outlooks(shipped(), topics.panel, known, as_of, topics.panel.last, {}))
    print(f"{'together':<45}{total:>6.1f} s")


def _points(panel: Panel) -> dict[str, list[TrendPoint]]:
    return {
        topic: [
            TrendPoint(topic, month, float(papers), round(float(papers)), int(exposure), MonthStatus.COMPLETE)
            for month, papers, exposure in zip(panel.months, own, field, strict=True)
        ]
        for topic, own, field in zip(panel.topics, panel.papers, panel.exposure, strict=True)
    }


if __name__ == "__main__":
    main()
