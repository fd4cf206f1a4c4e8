"""Calls and tokens of screening 1,000 papers: some papers of one direction a call, or one paper with its directions.

    littriage run --no-harvest --warehouse DIR
    python benchmarks/screening.py DIR [--papers 1000]

Takes grey hits of the warehouse (all directions of so many random papers that have one) and builds the questions of
both ways; nothing is asked. Tokens are counted by the word pieces of the packaged MiniLM, which stand in for a chat
model's: ratios between the ways hold, absolute figures are near.
"""

from __future__ import annotations

import argparse
import random
from collections import defaultdict
from collections.abc import Mapping, Sequence
from pathlib import Path

from transformers import AutoTokenizer

from littriage import configuration, wiring
from littriage.assistance import grey_hits
from littriage.embedding import packaged_minilm
from littriage.llm.rendering import rendered
from littriage.model import Direction
from littriage.ports import Prompt
from littriage.progress import Quiet
from littriage.prompts import ABSTRACT_CHARS, DATA_RULE, TITLE_CHARS, as_data, quoted
from littriage.screening import Candidate, groups, in_asking_order, screening_prompt

LABEL_TOKENS = 12
"""Of `{"number":3,"label":"core"},`."""
CALL_TOKENS = 12
"""Around the labels of an answer, and around the messages of a question."""

_BY_PAPER = f"""You screen a paper for literature reviews of some research directions.
For each direction decide, from title and abstract alone and by the direction's scope as it reads:
core: the paper's main topic lies inside the scope;
related: the direction is a substantial ingredient of the paper, or the paper is a near neighbour by the scope;
out: neither; the direction's words only occur, or mean something else;
unsure: title and abstract do not let you decide.
Give one label for each number.
{DATA_RULE}"""


def prompt_by_paper(paper: Candidate, directions: Sequence[Direction]) -> Prompt:
    """One paper with all directions that it may belong to: the way that was not chosen."""
    like = screening_prompt(directions[0], [paper])
    data = {
        "title": quoted(paper.title, TITLE_CHARS),
        "abstract": quoted(paper.abstract or "", ABSTRACT_CHARS),
        "directions": [
            {"number": number, "name": one.name, "scope": quoted(one.scope, ABSTRACT_CHARS)}
            for number, one in enumerate(directions, 1)
        ],
    }
    return Prompt("screen", "by-paper", _BY_PAPER, as_data(data), like.schema, like.max_tokens)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("warehouse", type=Path)
    parser.add_argument("--papers", type=int, default=1000)
    arguments = parser.parse_args()

    tokenizer = AutoTokenizer.from_pretrained(packaged_minilm())

    def tokens(prompts: Sequence[Prompt]) -> int:
        texts = [text for prompt in prompts for text in rendered(prompt, with_schema=False)]
        return sum(len(tokenizer.tokenize(text)) for text in texts) + CALL_TOKENS * len(prompts)

    with wiring.opened_run(configuration.Settings(warehouse=arguments.warehouse), Quiet(), create=False) as run:
        directions: Mapping[str, Direction] = {one.slug: one for one in run.catalogue.directions}
        of_paper: dict[str, list[tuple[str, Candidate]]] = defaultdict(list)
        for slug, papers in grey_hits(run).papers.items():
            for paper in papers:
                of_paper[paper.paper_id].append((slug, paper))
    chosen = random.Random(1).sample(sorted(of_paper), min(arguments.papers, len(of_paper)))
    pairs = [pair for paper_id in chosen for pair in of_paper[paper_id]]
    print(f"{len(chosen)} papers with {len(pairs)} grey hits, of {len(of_paper)} papers with one")
    print(f"{'way':<34}{'calls':>8}{'tokens in':>12}{'tokens out':>12}{'tokens a hit':>14}")

    def show(way: str, prompts: Sequence[Prompt]) -> None:
        read, written = tokens(prompts), LABEL_TOKENS * len(pairs) + CALL_TOKENS * len(prompts)
        print(f"{way:<34}{len(prompts):>8,}{read:>12,}{written:>12,}{(read + written) / len(pairs):>14,.0f}")

    show(
        "one paper, all its directions",
        [prompt_by_paper(of_paper[one][0][1], [directions[slug] for slug, _ in of_paper[one]]) for one in chosen],
    )
    of_direction: dict[str, list[Candidate]] = defaultdict(list)
    for slug, paper in pairs:
        of_direction[slug].append(paper)
    for most in (1, 5, 10, 20):
        show(
            f"one direction, up to {most} papers",
            [
                screening_prompt(directions[slug], some)
                for slug, papers in of_direction.items()
                for some in groups(in_asking_order(papers), most)
            ],
        )


if __name__ == "__main__":
    main()
