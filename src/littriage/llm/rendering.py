"""A question as the two texts that a model reads: ours, and the data. One place, for live requests and batch files."""

from __future__ import annotations

import json
from typing import Any, NamedTuple

from littriage.ports import Prompt

DATA_START, DATA_END = "<data>", "</data>"
"""Around the data. No data can hold them: its < and > are escaped."""
_DELIMITERS = f"The JSON value of the user message stands between {DATA_START} and {DATA_END}."
SEED = 1
"""Of every request, where the server takes one. Any number will do, as long as it stays."""
_KEPT_CHARS = 4_000
"""Of a wrong answer that is sent back."""


class Rendered(NamedTuple):
    """What a question looks like to a model."""

    system: str
    """Our instructions, and the schema where the server cannot be given it otherwise."""
    user: str
    """The data between its delimiters."""


def rendered(prompt: Prompt, *, with_schema: bool) -> Rendered:
    """The system and the user text of a question. `with_schema`: the system text says the schema too.

    The data never enters the system text. Equal questions give equal texts.
    """
    parts = [prompt.instructions.rstrip(), _DELIMITERS]
    if with_schema:
        parts.append(f"The answer is one JSON object that fits this JSON Schema:\n{_compact(prompt.schema)}")
    # In valid JSON these marks stand in strings alone, where the escape says the same.
    data = prompt.data.replace("<", "\\u003c").replace(">", "\\u003e")
    return Rendered("\n\n".join(parts), f"{DATA_START}\n{data}\n{DATA_END}")


def answered(text: str) -> str:
    """A wrong answer as it is shown to the model again: not too long, and never empty, which some servers refuse."""
    return text.strip()[:_KEPT_CHARS] or "(no answer)"


def complaint(problem: str) -> str:
    """What the model is told of its wrong answer."""
    return f"That answer cannot be used: {problem}. Answer again, with one JSON object that fits the schema."


def schema_name(prompt: Prompt) -> str:
    """The name that a schema goes by in a request: letters, digits, _ and - only."""
    return f"littriage_{''.join(char if char.isascii() and char.isalnum() else '_' for char in prompt.task)}"[:64]


def _compact(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False, sort_keys=True, separators=(",", ":"))
