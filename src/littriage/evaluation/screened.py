"""The step after the rule: questions on the judged hits that it leaves undecided, and what the answers make of them."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from littriage.evaluation.hits import JudgedHits
from littriage.model import Direction, Label, Paper
from littriage.ports import Prompt
from littriage.screening import Candidate, groups, in_asking_order, screened, screening_prompt

Screen = Callable[[Sequence[Prompt]], Mapping[str, Mapping[str, Any]]]
"""Takes questions, gives the answers that there are, by `Prompt.question`."""


@dataclass(frozen=True, slots=True)
class Screened:
    """Decisions on all hits, in their order, once the undecided ones were asked about."""

    core: NDArray[np.bool_]
    any: NDArray[np.bool_]
    asked: int
    """Hits between the thresholds."""
    answered: int
    """Those of them with a clear label; the rule decides the others."""
    questions: int
    questions_answered: int


def screened_hits(
    judged: JudgedHits,
    grey: NDArray[np.bool_],
    above: NDArray[np.bool_],
    core: NDArray[np.bool_],
    either: NDArray[np.bool_],
    papers: Mapping[str, Paper],
    directions: Mapping[str, Direction],
    screen: Screen,
) -> Screened:
    """What answers make of the hits; all arrays hold one element for each hit, in order.

    `grey` hits are asked about, those `above` are core without asking, the rest is not; `core` and `either` (core or
    related) are the rule's decisions, which stand where there is no clear answer.
    """
    slugs, ids = judged.directions[judged.hit], judged.paper_ids[judged.hit]
    posed: list[tuple[str, Prompt, Sequence[Candidate]]] = []
    for slug in sorted(set(slugs[grey].tolist())):
        texts = [papers[one] for one in ids[grey & (slugs == slug)].tolist()]
        for some in groups(in_asking_order([Candidate(one.id, one.title, one.abstract) for one in texts])):
            posed.append((slug, screening_prompt(directions[slug], some), some))
    answers = screen([prompt for _, prompt, _ in posed])

    labels: dict[tuple[str, str], Label] = {}
    for slug, prompt, some in posed:
        if prompt.question in answers:
            found = screened(some, answers[prompt.question]).labels
            labels |= {(slug, paper_id): label for paper_id, label in found.items()}
    said = [labels.get(pair) for pair in zip(slugs.tolist(), ids.tolist(), strict=True)]
    told = grey & np.array([label is not None for label in said])
    is_core = np.array([label is Label.CORE for label in said])
    is_any = np.array([label in (Label.CORE, Label.RELATED) for label in said])
    sure_core = np.where(grey, core, above)
    return Screened(
        core=np.where(told, is_core, sure_core),
        any=np.where(told, is_any, either | sure_core),
        asked=int(grey.sum()),
        answered=int(told.sum()),
        questions=len(posed),
        questions_answered=sum(prompt.question in answers for _, prompt, _ in posed),
    )
