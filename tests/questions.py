"""Questions for a language model, small or hostile, that several modules of tests ask."""

from __future__ import annotations

from typing import Any

from littriage.asking import Question
from littriage.ports import Prompt

SCHEMA: dict[str, Any] = {
    "type": "object",
    "properties": {"label": {"enum": ["core", "related", "out"]}},
    "required": ["label"],
    "additionalProperties": False,
}
CORE = {"label": "core"}


def prompt(data: str = "{}", *, task: str = "screen", instructions: str = "Judge.", max_tokens: int = 20) -> Prompt:
    """A question with a closed schema."""
    return Prompt(task, "v1", instructions, data, SCHEMA, max_tokens)


def questions(count: int, *, task: str = "screen", max_tokens: int = 20) -> list[Question]:
    """So many, each on a paper of its own."""
    return [
        Question(prompt(f'{{"paper":{number}}}', task=task, max_tokens=max_tokens), f"demo 2401.{number:05}")
        for number in range(1, count + 1)
    ]
