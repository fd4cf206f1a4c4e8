"""Batch files: questions for a model that is asked elsewhere, and the answers that come back.

The format is that of OpenAI's Batch API (https://platform.openai.com/docs/guides/batch), which other services and
`vllm run-batch` take too: one JSON object a line, with a `custom_id` that the answer repeats. Ours is the question's
own hash. Nothing here asks anyone.
"""

from __future__ import annotations

import codecs
import errno
import json
import os
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass
from io import BufferedReader
from pathlib import Path
from typing import Any

from littriage.errors import DiskFull, ImportRefused, MalformedReply, SettingsError
from littriage.llm.answers import checked_answer
from littriage.llm.rendering import SEED, rendered, schema_name
from littriage.model import Drop
from littriage.ports import Prompt
from littriage.prompts import quoted

MOST_REQUESTS = 50_000
MOST_BYTES = 200_000_000
"""Of one file: the limits of OpenAI's service."""
UNNAMED = "unnamed"
"""The model of an answer that does not say whose it is."""
LONGEST_LINE = 16 << 20
_EXAMPLES = 3
_MODEL_CHARS = 200
_CHARS_A_TOKEN = 4
"""Of English; other scripts are counted as one token a character (https://platform.openai.com/tokenizer)."""
_REQUEST_TOKENS = 20
"""Roles and marks around the two messages."""
_BREAKS = str.maketrans({"\x85": "\\u0085", "\u2028": "\\u2028", "\u2029": "\\u2029"})
"""Signs that end a line for some readers; within JSON they can only stand in strings."""


# --- questions --------------------------------------------------------------------------------------------------


def request_line(prompt: Prompt, model: str) -> bytes:
    """The question as one line of a batch file, with its end; `model` empty: the line names none.

    The texts are those of a live request to a server that nothing is known of: they say the schema too, because some
    services do not take it from `response_format`, and others do not show it to the model. It binds no more than that
    (OpenAI's `strict` allows only a part of JSON Schema): an answer is checked when it is imported.
    """
    texts = rendered(prompt, with_schema=True)
    body: dict[str, Any] = {"model": model} if model else {}
    body |= {
        "messages": [{"role": "system", "content": texts.system}, {"role": "user", "content": texts.user}],
        "response_format": {
            "type": "json_schema",
            "json_schema": {"name": schema_name(prompt), "schema": prompt.schema},
        },
        "max_completion_tokens": prompt.max_tokens,
        "temperature": 0,
        "seed": SEED,
    }
    request = {"custom_id": prompt.question, "method": "POST", "url": "/v1/chat/completions", "body": body}
    return (json.dumps(request, ensure_ascii=False).translate(_BREAKS) + "\n").encode()


def estimated_tokens(prompt: Prompt) -> int:
    """About how many tokens the question has: a quarter of its ASCII characters, and all others."""
    texts = rendered(prompt, with_schema=True)
    text = f"{texts.system}{texts.user}{json.dumps(prompt.schema, ensure_ascii=False)}"
    plain = len(text.encode("ascii", "ignore"))
    return -(-plain // _CHARS_A_TOKEN) + len(text) - plain + _REQUEST_TOKENS


@dataclass(slots=True)
class Exported:
    """What an export has written."""

    files: tuple[Path, ...] = ()
    """Empty: to a stream."""
    questions: int = 0
    size_bytes: int = 0
    tokens_in: int = 0
    """Estimated."""
    tokens_out: int = 0
    """At most."""

    def add(self, prompt: Prompt, line: bytes) -> None:
        """One more question."""
        self.questions += 1
        self.size_bytes += len(line)
        self.tokens_in += estimated_tokens(prompt)
        self.tokens_out += prompt.max_tokens


def write_stream(prompts: Iterable[Prompt], model: str, write: Callable[[bytes], object]) -> Exported:
    """The questions as lines, one after another."""
    done = Exported()
    for prompt in prompts:
        line = request_line(prompt, model)
        write(line)
        done.add(prompt, line)
    return done


def write_files(
    prompts: Iterable[Prompt],
    model: str,
    target: Path,
    *,
    most_requests: int = MOST_REQUESTS,
    most_bytes: int = MOST_BYTES,
) -> Exported:
    """The questions in one file, or in several where one would be too large: `NAME.1.jsonl`, `NAME.2.jsonl`, ...

    Files take their places once all are written; without a question none is. Raises SettingsError where the file
    cannot be written, and DiskFull.
    """
    done = Exported()
    building: list[Path] = []
    lines = size = 0
    file = None
    try:
        for prompt in prompts:
            line = request_line(prompt, model)
            if file is None or lines == most_requests or size + len(line) > most_bytes:
                if file is not None:
                    file.close()
                building.append(target.with_name(f".{target.name}.{os.getpid()}.{len(building) + 1}"))
                file = building[-1].open("wb")
                lines = size = 0
            file.write(line)
            done.add(prompt, line)
            lines, size = lines + 1, size + len(line)
        if file is not None:
            file.close()
        done.files = _names(target, len(building))
        for part, name in zip(building, done.files, strict=True):
            part.replace(name)
    except OSError as error:
        if error.errno == errno.ENOSPC:
            raise DiskFull(f"no room left for {target}: free some space and run the same command again") from error
        raise SettingsError(f"cannot write {target}: {error.strerror or error}: name another file") from error
    finally:
        if file is not None:
            with suppress(OSError):
                file.close()
        for part in building:
            part.unlink(missing_ok=True)
    return done


def _names(target: Path, parts: int) -> tuple[Path, ...]:
    if parts <= 1:
        return (target,) * parts
    return tuple(target.with_name(f"{target.stem}.{part}{target.suffix or '.jsonl'}") for part in range(1, parts + 1))


# --- answers ----------------------------------------------------------------------------------------------------


Known = Mapping[str, tuple[str, Mapping[str, Any]]]
"""Question -> its task, and the schema that its answer must fit."""


@dataclass(frozen=True, slots=True)
class Brought:
    """An answer that fits its question."""

    question: str
    task: str
    model: str
    value: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class AnswerFile:
    """What a file of answers holds: lines = answers + again + the drops' rows."""

    lines: int
    answers: tuple[Brought, ...]
    """The last of each question, in the order of the file."""
    again: int
    """Answers that a later line replaces."""
    drops: tuple[Drop, ...]
    """Lines that are of no use, by reason, with line numbers; the most common first."""
    tokens_in: int | None
    """What the lines tell that their answers took; None: none does."""
    tokens_out: int | None


def read_answers(path: Path, known: Known, answered: Collection[str] = (), *, model: str = "") -> AnswerFile:
    """The usable answers of a file, and why the other lines are not.

    Takes the output of OpenAI's Batch API, and plain lines {"custom_id": ..., "answer": {...}}; an answer may be text
    with a fence or thoughts around the object, as a live one. `model` names who answered, in place of what the lines
    say. `answered` are questions that have an answer and are open no more.

    Raises ImportRefused for a file that is not there, or holds no line that could be an answer.
    """
    if not path.is_file():
        what = "it is a folder: name a file in it" if path.is_dir() else "check the path"
        raise ImportRefused(f"no file at {path}: {what}", path=str(path))
    reading = _Reading(known, answered, quoted(model, _MODEL_CHARS))
    try:
        with path.open("rb") as file:
            for number, line in _lines(file):
                reading.take(number, line)
    except OSError as error:
        raise ImportRefused(f"cannot read {path}: {error.strerror or error}", path=str(path)) from error
    reading.refuse_what_is_no_file_of_answers(path)
    return reading.result()


def _lines(file: BufferedReader) -> Iterator[tuple[int, bytes | None]]:
    """Number and content of each line that is not blank; None for one that is too long."""
    number = 0
    while line := file.readline(LONGEST_LINE + 1):
        number += 1
        if len(line) > LONGEST_LINE:
            while (rest := file.readline(LONGEST_LINE)) and not rest.endswith(b"\n"):
                pass
            yield number, None
        elif bare := (line.removeprefix(codecs.BOM_UTF8) if number == 1 else line).strip():
            yield number, bare


class _Unusable(Exception):
    """A line that is of no use: why, and what it was."""

    def __init__(self, reason: str, detail: str = "") -> None:
        super().__init__(reason)
        self.reason = reason
        self.detail = detail


_NO_OBJECT = "not a JSON object"
_NO_ID = "no custom_id"
_NO_TEXT = "not UTF-8"
_TOO_LONG = f"longer than {LONGEST_LINE >> 20} MiB"
_A_QUESTION = "a question, not an answer"


class _Reading:
    """One file, line by line."""

    def __init__(self, known: Known, answered: Collection[str], model: str) -> None:
        self.known = known
        self.answered = answered
        self.model = model
        self.lines = 0
        self.again = 0
        self.found: dict[str, Brought] = {}
        self.drops: dict[str, list[str]] = {}
        self.rows: dict[str, int] = {}
        self.tokens: list[tuple[int, int]] = []

    def take(self, number: int, line: bytes | None) -> None:
        """One line more: an answer, or a drop with its reason."""
        self.lines += 1
        try:
            brought = self._answer(line)
        except _Unusable as why:
            self.rows[why.reason] = self.rows.get(why.reason, 0) + 1
            if self.rows[why.reason] <= _EXAMPLES:
                detail = f": {quoted(why.detail, 200)}" if why.detail else ""
                self.drops.setdefault(why.reason, []).append(f"line {number}{detail}")
        else:
            self.again += self.found.pop(brought.question, None) is not None
            self.found[brought.question] = brought

    def _answer(self, line: bytes | None) -> Brought:
        row = _object(line)
        question = row.get("custom_id")
        if not isinstance(question, str) or not question:
            raise _Unusable(_NO_ID)
        if "response" not in row and "answer" not in row and "error" not in row and "body" in row:
            raise _Unusable(_A_QUESTION, question)
        if question not in self.known:
            if question in self.answered:
                raise _Unusable("answered before, and asked no more", question)
            raise _Unusable("no question of this warehouse", question)
        task, schema = self.known[question]
        try:
            said, whose = _plain(row) if "answer" in row else self._completion(row)
            value = checked_answer(said, schema)
        except RecursionError:
            raise _Unusable("the answer is nested too deeply", question) from None
        except MalformedReply as error:
            if problems := error.parts.get("problems"):
                raise _Unusable("the answer does not fit its schema", f"{question}: {'; '.join(problems)}") from None
            raise _Unusable(error.message, question) from None
        name = self.model or (quoted(whose, _MODEL_CHARS) if isinstance(whose, str) else "")
        return Brought(question, task, name or UNNAMED, value)

    def _completion(self, row: Mapping[str, Any]) -> tuple[str, Any]:
        """Text and model of a line of OpenAI's output."""
        response = row.get("response")
        if not isinstance(response, dict):
            error = row.get("error")
            raise _Unusable("the service answered with an error", _words(error) if error else "no response")
        body = response.get("body")
        if (status := response.get("status_code", 200)) != 200:
            raise _Unusable(f"the service answered with status {quoted(str(status), 10)}", _words(body))
        if not isinstance(body, dict):
            raise _Unusable("the response has no body")
        self._note_tokens(body.get("usage"))
        choices = body.get("choices")
        choice = choices[0] if isinstance(choices, list) and choices and isinstance(choices[0], dict) else {}
        message = choice.get("message")
        if not isinstance(message, dict):
            raise _Unusable("the response holds no message")
        if refusal := message.get("refusal"):
            raise _Unusable("the model refused to answer", _words(refusal))
        if (why := _CUT.get(str(choice.get("finish_reason")))) is not None:
            raise _Unusable(why)
        content = message.get("content")
        if isinstance(content, list):
            content = "".join(str(part.get("text") or "") for part in content if isinstance(part, dict))
        if not isinstance(content, str) or not content.strip():
            raise _Unusable("the response holds no text")
        return content, body.get("model")

    def _note_tokens(self, usage: Any) -> None:
        if isinstance(usage, dict):
            tokens_in, tokens_out = usage.get("prompt_tokens"), usage.get("completion_tokens")
            if isinstance(tokens_in, int) and isinstance(tokens_out, int) and tokens_in >= 0 and tokens_out >= 0:
                self.tokens.append((tokens_in, tokens_out))

    def refuse_what_is_no_file_of_answers(self, path: Path) -> None:
        """Raises ImportRefused where no line could be an answer."""
        if not self.lines:
            raise ImportRefused(f"{path} is empty", path=str(path))
        if self.rows.get(_A_QUESTION) == self.lines:
            raise ImportRefused(
                f"{path} holds questions, as littriage llm export writes them: import the file that came back",
                path=str(path),
            )
        if sum(self.rows.get(reason, 0) for reason in (_NO_OBJECT, _NO_ID, _NO_TEXT, _TOO_LONG)) == self.lines:
            raise ImportRefused(
                f"{path} is no file of answers: none of its {self.lines:,} lines is a JSON object with a custom_id. "
                'Expected the output of OpenAI\'s Batch API, or lines {"custom_id": ..., "answer": {...}}; '
                f"jq -c '.[]' {path.name} writes the lines of a JSON array",
                path=str(path),
            )

    def result(self) -> AnswerFile:
        """The whole file."""
        by_count = sorted(self.rows.items(), key=lambda one: (-one[1], one[0]))
        return AnswerFile(
            lines=self.lines,
            answers=tuple(self.found.values()),
            again=self.again,
            drops=tuple(Drop(reason, rows, tuple(self.drops[reason])) for reason, rows in by_count),
            tokens_in=sum(one for one, _ in self.tokens) if self.tokens else None,
            tokens_out=sum(one for _, one in self.tokens) if self.tokens else None,
        )


_CUT = {"length": "the answer was cut at its longest", "content_filter": "the answer was cut by a filter"}


def _object(line: bytes | None) -> dict[str, Any]:
    if line is None:
        raise _Unusable(_TOO_LONG)
    try:
        row = json.loads(line.decode())
    except UnicodeDecodeError:
        raise _Unusable(_NO_TEXT) from None
    except (ValueError, RecursionError):
        raise _Unusable(_NO_OBJECT) from None
    if not isinstance(row, dict):
        raise _Unusable(_NO_OBJECT)
    return row


def _plain(row: Mapping[str, Any]) -> tuple[str, Any]:
    """Text and model of a plain line."""
    answer = row["answer"]
    return answer if isinstance(answer, str) else json.dumps(answer, ensure_ascii=False), row.get("model")


def _words(value: Any) -> str:
    """What an error says, whatever its form."""
    while isinstance(value, dict):
        value = value.get("error") or value.get("message") or value.get("code") or ""
    return str(value)
