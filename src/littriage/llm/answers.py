"""What a model's text says: one JSON object that fits the schema of the question, or an error that says what is wrong.

Servers that take a schema answer with the object alone. The others, and models that think aloud, put text around it:
thoughts in tags, a Markdown fence, a sentence. All of that is taken away; two objects that differ are no answer.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from itertools import islice
from typing import Any

from littriage.errors import MalformedReply
from littriage.prompts import quoted

MOST_CHARS = 1 << 20
"""Of an answer."""
_PROBLEMS = 3
"""So many are named at once."""
_THOUGHTS = re.compile(r"\s*<(think|thinking|thought|reasoning)>.*?(?:</\1>|\Z)", re.DOTALL)
_THOUGHTS_END = re.compile(r"</(?:think|thinking|thought|reasoning)>")
_FENCE = re.compile(r"```[\w-]*[ \t]*\n(.*?)```", re.DOTALL)


def checked_answer(text: str, schema: Mapping[str, Any]) -> dict[str, Any]:
    """The object that the text holds, which fits the schema (JSON Schema, draft 2020-12).

    Raises MalformedReply otherwise. Its message quotes the schema and never the answer.
    """
    from jsonschema import Draft202012Validator

    value = json_object(text)
    try:
        problems = [_problem(error) for error in islice(Draft202012Validator(schema).iter_errors(value), _PROBLEMS)]
    except RecursionError:
        problems = ["the object is nested too deeply"]
    if problems:
        raise MalformedReply(f"the answer does not fit its schema: {'; '.join(problems)}", problems=tuple(problems))
    return value


def json_object(text: str) -> dict[str, Any]:
    """The one JSON object of a text, whatever stands around it.

    Raises MalformedReply where there is none, where there are several that differ, where it is broken off, where it
    names a property twice, and where it holds a number or a text that JSON does not have.
    """
    if len(text) > MOST_CHARS:
        raise MalformedReply(f"the answer has more than {MOST_CHARS} characters", limit=MOST_CHARS)
    try:
        found = _found(text)
        json.dumps(found, ensure_ascii=False, allow_nan=False).encode()
    except RecursionError:
        raise MalformedReply("the answer is nested too deeply") from None
    except UnicodeEncodeError:
        raise MalformedReply("the answer holds half a surrogate pair, which is no text") from None
    except _Twice:
        raise MalformedReply("the answer names a property twice") from None
    except ValueError:
        raise MalformedReply("the answer holds a number that JSON does not have") from None
    return found


def _found(text: str) -> dict[str, Any]:
    whole = _value(text.strip())
    if whole is not _NOTHING:
        return _object(whole)
    said = _without_thoughts(text)
    objects = [value for part in _FENCE.findall(said) if isinstance(value := _value(part.strip()), dict)]
    distinct: list[dict[str, Any]] = []
    for value in objects or _objects_in(said):
        if value not in distinct:
            distinct.append(value)
    if not distinct:
        raise MalformedReply("the answer holds no JSON object")
    if len(distinct) > 1:
        raise MalformedReply(f"the answer holds {len(distinct)} JSON objects that differ")
    return distinct[0]


def _object(value: Any) -> dict[str, Any]:
    if not isinstance(value, dict):
        kind = {list: "a list", str: "a text", type(None): "null"}.get(type(value), "a number or a truth value")
        raise MalformedReply(f"the answer is {kind}, not a JSON object")
    return value


def _without_thoughts(text: str) -> str:
    """The text after its thoughts; nothing where they never end. Some servers leave out the tag that opens them."""
    while thoughts := _THOUGHTS.match(text):
        text = text[thoughts.end() :]
    return _THOUGHTS_END.split(text)[-1]


def _objects_in(text: str) -> Iterator[dict[str, Any]]:
    """The outermost JSON objects of a text, in order. Raises MalformedReply at one that is broken."""
    at = text.find("{")
    while at >= 0:
        try:
            value, end = _DECODER.raw_decode(text, at)
        except json.JSONDecodeError as error:
            # A brace of prose, such as {label}, breaks at once; anything else began as JSON and broke off.
            if text[at + 1 : error.pos].strip():
                raise MalformedReply("the answer holds a broken JSON object") from None
            end = at + 1
        else:
            yield value
        at = text.find("{", end)


def _value(text: str) -> Any:
    """The JSON value that the whole text is, or _NOTHING. Raises ValueError for numbers that JSON does not have."""
    try:
        return json.loads(text, object_pairs_hook=_once, parse_constant=_no_number)
    except json.JSONDecodeError:
        return _NOTHING


class _Twice(ValueError):
    """A property that an object names twice."""


def _once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) < len(pairs):
        raise _Twice
    return found


def _no_number(name: str) -> Any:
    raise ValueError(name)


_NOTHING = object()
_DECODER = json.JSONDecoder(object_pairs_hook=_once, parse_constant=_no_number)


def _problem(error: Any) -> str:
    """Where an answer does not fit and what the schema says there, in our words: nothing of the answer but names."""
    place = "".join(f"[{step}]" if isinstance(step, int) else f".{step}" for step in error.absolute_path)
    where = quoted(place.removeprefix(".") or "the object", 60)
    rule, wanted = str(error.validator), error.validator_value
    if rule == "required":
        return f"{where} lacks {quoted(', '.join(name for name in wanted if name not in error.instance), 80)}"
    if rule == "additionalProperties":
        return f"{where} has properties that the schema does not know"
    return f"{where} breaks the rule {rule}: {quoted(json.dumps(wanted, ensure_ascii=False), 100)}"
