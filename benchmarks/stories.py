"""Ten well-known stories of cs.CL, forecast each January with what was known then, beside what happened.

    littriage import PAPERS... ; littriage import-coverage coverage.csv
    python benchmarks/stories.py WAREHOUSE [--categories cs.CL] [--from 2016] [--to 2025]

The stories were chosen with hindsight and enter no score. Each is a family of phrases in title or abstract; its stage
is judged among the phrase topics of the day, its outlook comes from a model fitted to phrase topics whose outcomes
were known by then. Prints Markdown.
"""

from __future__ import annotations

import argparse
from collections.abc import Mapping, Sequence
from datetime import date
from pathlib import Path

import numpy as np
from scipy.sparse import csr_matrix, hstack

from littriage import wiring
from littriage.backtest.walk import Told, other_origin, phrase_origin, walk
from littriage.configuration import Settings
from littriage.fields import Fields
from littriage.model import MonthStatus, TrendPoint
from littriage.outlook.features import phrase_topics
from littriage.outlook.shelf import Shelf
from littriage.panel import Panel
from littriage.trends import REPORTING_DELAY_DAYS, month_after, months_between
from littriage.verdicts import judge
from littriage.warehouse.shelf import load

STORIES: Mapping[str, Sequence[str]] = {
    "statistical machine translation": ("statistical machine translation", "phrase-based", "smt"),
    "LSTM": ("lstm", "long short-term memory"),
    "word embeddings": ("word embedding", "word2vec", "glove"),
    "sequence to sequence": ("sequence-to-sequence", "seq2seq", "encoder-decoder"),
    "attention": ("attention mechanism", "self-attention"),
    "BERT-like models": ("bert", "roberta", "pre-trained language model"),
    "adversarial training": ("adversarial training", "adversarial example", "adversarial attack"),
    "knowledge graphs": ("knowledge graph",),
    "prompting": ("prompt", "prompting", "in-context learning"),
    "retrieval augmentation": ("retrieval-augmented", "retrieval augmented", "rag"),
}
HORIZON = 12
LATER = 24


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("warehouse", type=Path)
    parser.add_argument("--categories", default="cs.CL")
    parser.add_argument("--from", dest="first", type=int, default=2016)
    parser.add_argument("--to", dest="last", type=int, default=2025)
    wanted = parser.parse_args()
    with wiring.reading_run(Settings(warehouse=wanted.warehouse)) as run:
        field = " ".join(sorted(wanted.categories.split()))
        usable = Fields(run, wiring.SOURCE_NAME).usable(field, run.today)
        shelf = load(run.warehouse, field, max(usable), usable)
    names, papers, titles = _stories(shelf)
    years = range(wanted.first, wanted.last + 1)
    months = sorted({m for m in range(23, shelf.months) if (m + 1) % 3 == 0})
    phrases = [one for month in months if (one := phrase_origin(shelf, month)) is not None]
    asked = [months_between(shelf.first, date(year, 1, 1)) - 1 for year in years]
    given = [one for month in asked if (one := other_origin(shelf, month, papers, titles, names)) is not None]
    told = {one.origin.month: one for one in walk(phrases, HORIZON, given)}
    _print(shelf, names, papers, asked, told)


def _stories(shelf: Shelf) -> tuple[tuple[str, ...], csr_matrix, csr_matrix]:
    place = {name: number for number, name in enumerate(shelf.phrases.names)}

    def of(matrix: csr_matrix) -> csr_matrix:
        columns = []
        for family in STORIES.values():
            known = [place[phrase] for phrase in family if phrase in place]
            columns.append((matrix[:, known].sum(axis=1) > 0).astype(np.float64))
        return csr_matrix(hstack([csr_matrix(column) for column in columns]))

    return tuple(STORIES), of(shelf.phrases.texts), of(shelf.phrases.titles)


def _points(panel: Panel) -> dict[str, list[TrendPoint]]:
    return {
        topic: [
            TrendPoint(topic, month, float(papers), round(float(papers)), int(exposure), MonthStatus.COMPLETE)
            for month, papers, exposure, known in zip(panel.months, *columns, strict=True)
            if known
        ]
        for topic, *columns in zip(panel.topics, panel.papers, panel.exposure, panel.usable, strict=True)
    }


def _print(
    shelf: Shelf, names: tuple[str, ...], papers: csr_matrix, asked: Sequence[int], told: Mapping[int, Told]
) -> None:
    whole = shelf.panel(papers, names)
    yearly, exposure, _ = whole.windows(12)
    shares = yearly / np.maximum(exposure, 1.0)
    rows: dict[str, list[str]] = {name: [] for name in names}
    hits: list[tuple[float, bool]] = []
    for month in asked:
        then = shelf.until(month)
        population = phrase_topics(then).panel
        points = _points(population) | _points(then.panel(papers[: len(then.ids)], names))
        settled = month_after(shelf.first, month + 1).replace(day=REPORTING_DELAY_DAYS + 1)
        stages = {one.direction: one.stage.value for one in judge(points, settled) if one.direction in rows}
        for row, name in enumerate(names):
            n = yearly[row, month]
            came = _came(shares[row], month, HORIZON), _came(shares[row], month, LATER)
            p = None
            one = told.get(month)
            if one is not None and name in one.origin.names:
                p = float(one.forecast.p_rise[one.origin.names.index(name)])
                if came[0] is not None:
                    hits.append((p, came[0] > 1.2))
            year = month_after(shelf.first, month + 1).year
            rows[name].append(
                f"| {year} | {n:.0f} | {100 * shares[row, month]:.2f}% | {stages.get(name, '')} | "
                f"{'' if p is None else f'{100 * p:.0f}%'} | {_change(came[0])} | {_change(came[1])} |"
            )
    for name, lines in rows.items():
        print(f"\n**{name}** ({', '.join(STORIES[name])})\n")
        print(
            "| January | papers in 12 months | share | stage | P(+20%, 12 months) | 12 months later | 24 months later |"
        )
        print("|---|---|---|---|---|---|---|")
        print("\n".join(lines))
    p, rose = np.array([one for one, _ in hits]), np.array([one for _, one in hits])
    print(
        f"\n{len(hits)} forecasts: {int(rose.sum())} rose by more than 20% ({p.sum():.1f} expected); given 50% or "
        f"more, {int(rose[p >= 0.5].sum())} of {int((p >= 0.5).sum())} rose; given less, {int(rose[p < 0.5].sum())} of "
        f"{int((p < 0.5).sum())}."
    )


def _came(shares: np.ndarray[tuple[int], np.dtype[np.float64]], month: int, horizon: int) -> float | None:
    if month + horizon >= len(shares) or shares[month] <= 0:
        return None
    return float(shares[month + horizon] / shares[month])


def _change(ratio: float | None) -> str:
    return "" if ratio is None else f"{100 * (ratio - 1):+.0f}%"


if __name__ == "__main__":
    main()
