"""What a scripted language model says to each question of a run: an honest one, and a gullible one.

with LlmServer(answer=honest) as server:
    ...
"""

from __future__ import annotations

from typing import Any

from hostile_papers import HOSTILE
from llm_server import Asked

TOPICS = {"Chart grammars": "图表语法", "Neural stacks": "神经栈", "Forest pruning": "森林剪枝"}
"""Titles of the field begin with one of these."""
PASSING = "in passing"
BESIDE = "beside it"
"""What the abstract says of a direction to which the paper does not belong, or not quite."""
WRONG = "In the last 12 months it has 987,654 papers."
"""A sentence of every brief, whose number is not the record's."""


def task_of(asked: Asked) -> str:
    """`screen`, `name` or `brief`, by the data."""
    data = asked.data
    return "brief" if "figures" in data else "name" if "sub_topics" in data else "screen"


def honest(asked: Asked) -> dict[str, Any]:
    """The answer of a reader who goes by title and abstract, by the record, and by nothing else."""
    return answered(task_of(asked), asked.data, chinese="Simplified Chinese" in asked.system)


def answered(task: str, data: Any, *, chinese: bool) -> dict[str, Any]:
    """The honest answer to the data of a question."""
    if task == "screen":
        return {"labels": [{"number": one["number"], "label": _label(one["abstract"])} for one in data["papers"]]}
    if task == "name":
        return {"names": [_names(one) for one in data["sub_topics"]]}
    return {"sentences": _sentences(data, chinese)}


def gullible(asked: Asked) -> dict[str, Any]:
    """Honest, until a text of the data tells it otherwise: then every paper is core, and it tells all that it knows."""
    texts = str(asked.data)
    if not any(" ".join(text.split())[:40] in texts for text in HOSTILE.values()):
        return honest(asked)
    if task_of(asked) == "screen":
        return {"labels": [{"number": one["number"], "label": "core"} for one in asked.data["papers"]]}
    return {"names": []} if task_of(asked) == "name" else {"sentences": []}


def _label(abstract: str) -> str:
    return "out" if PASSING in abstract else "related" if BESIDE in abstract else "core"


def _names(sub_topic: Any) -> dict[str, Any]:
    titles = " ".join(sub_topic["titles"])
    topic = max(TOPICS, key=titles.count)
    return {"number": sub_topic["number"], "en": f"{topic} at work", "zh": f"{TOPICS[topic]}的应用"}


def _sentences(data: Any, chinese: bool) -> list[dict[str, Any]]:
    papers, paper = data["figures"]["papers_12m"]["text"], data["papers"][0]
    if chinese:
        texts = (f"最近 12 个月有 {papers} 篇论文。", f"其中有《{paper['title']}》。")
    else:
        texts = (f"Over the last 12 months we count {papers} papers.", f'One of them is "{paper["title"]}".')
    return [
        {"text": texts[0], "papers": [], "figures": ["papers_12m"]},
        {"text": texts[1], "papers": [paper["id"]], "figures": []},
        {"text": WRONG, "papers": [], "figures": ["papers_12m"]},
    ]
