"""A loopback server that speaks the two protocols of the language model's client, with scripted answers.

OpenAI-compatible `POST /v1/chat/completions` and `GET /v1/models`
(https://platform.openai.com/docs/api-reference/chat) and Anthropic's `POST /v1/messages`
(https://docs.claude.com/en/api/messages), as far as the client uses them.

    with LlmServer(status(429, {"Retry-After": "7"}), ok({"label": "core"})) as server:
        ... ask server.url, then look at server.asked ...

    with LlmServer(answer=lambda asked: ok({"label": labels[asked.data["id"]]})) as server:
        ...
"""

from __future__ import annotations

import json
import threading
from collections import deque
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cached_property
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from types import TracebackType
from typing import Any, Self

TOKENS = (100, 20)
"""In and out, as an answer tells them where the script says nothing else."""


@dataclass(frozen=True)
class Asked:
    """One request as the server received it."""

    method: str
    path: str
    headers: Mapping[str, str]
    """Names in small letters."""
    body: bytes

    @cached_property
    def json(self) -> dict[str, Any]:
        """The body; empty for a GET."""
        found: dict[str, Any] = json.loads(self.body) if self.body else {}
        return found

    @property
    def anthropic(self) -> bool:
        """It came in Anthropic's protocol."""
        return self.path.endswith("/messages")

    @property
    def format(self) -> str:
        """What it asks the answer to be: `json_schema`, `json_object` or `text`."""
        asked = self.json
        found = asked.get("response_format") or (asked.get("output_config") or {}).get("format") or {}
        kind: str = found.get("type", "text")
        return kind

    @property
    def schema(self) -> Any:
        """The schema that came with `json_schema`."""
        if self.anthropic:
            return self.json["output_config"]["format"]["schema"]
        return self.json["response_format"]["json_schema"]["schema"]

    @property
    def system(self) -> str:
        """The system text: what the asker itself says."""
        if self.anthropic:
            return _plain(self.json.get("system", ""))
        return "\n".join(_plain(one["content"]) for one in self.json["messages"] if one["role"] == "system")

    @property
    def said(self) -> list[tuple[str, str]]:
        """Role and text of every message but the system's, in order: more than one in a repair."""
        return [(one["role"], _plain(one["content"])) for one in self.json["messages"] if one["role"] != "system"]

    @property
    def user(self) -> str:
        """The text of the first user message."""
        return next(text for role, text in self.said if role == "user")

    @property
    def data(self) -> Any:
        """The JSON value of the first user message, whatever stands around it."""
        return data_of(self.user)


def data_of(text: str) -> Any:
    """The first JSON object or list of a text. Raises ValueError where there is none."""
    for at, char in enumerate(text):
        if char in "{[":
            try:
                return json.JSONDecoder().raw_decode(text, at)[0]
            except ValueError:
                continue
    raise ValueError(f"no JSON in {text!r}")


def _plain(content: Any) -> str:
    """The text of a message, which may come in parts."""
    return content if isinstance(content, str) else "".join(part.get("text", "") for part in content)


# --- answers ----------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Wire:
    """What goes back to the client."""

    status: int = 200
    headers: tuple[tuple[str, str], ...] = ()
    body: bytes = b""
    cut: bool = False
    """The connection ends in the middle of the body."""
    held: bool = False
    """Nothing comes until `LlmServer.release` is called or the server ends."""


Answer = Callable[[Asked], Wire]


def ok(value: Any, tokens: tuple[int, int] | None = TOKENS) -> Answer:
    """The value as JSON, which is how a good answer looks; `tokens` None: the server does not tell."""
    return text(json.dumps(value, ensure_ascii=False), tokens)


def text(content: str, tokens: tuple[int, int] | None = TOKENS, *, finish: str = "stop", **message: Any) -> Answer:
    """The content as it is. `finish` is OpenAI's word for why it ends; `message` are more fields of the message."""

    def wire(asked: Asked) -> Wire:
        if asked.anthropic:
            blocks = [{"type": "text", "text": content}] if content else []
            value: dict[str, Any] = {
                "id": "msg_1", "type": "message", "role": "assistant", "model": asked.json["model"],
                "content": [*blocks, *message.get("blocks", ())], "stop_sequence": None,
                "stop_reason": {"stop": "end_turn", "length": "max_tokens", "content_filter": "refusal"}[finish],
                "usage": {"input_tokens": 0, "output_tokens": 0},
            }  # fmt: skip
            if tokens:
                value["usage"] = {"input_tokens": tokens[0], "output_tokens": tokens[1]}
        else:
            said = {"role": "assistant", "content": content, **message}
            value = {
                "id": "chatcmpl-1", "object": "chat.completion", "created": 1_700_000_000,
                "model": asked.json["model"],
                "choices": [{"index": 0, "message": said, "finish_reason": finish}],
            }  # fmt: skip
            if tokens:
                value["usage"] = {
                    "prompt_tokens": tokens[0], "completion_tokens": tokens[1], "total_tokens": sum(tokens)
                }  # fmt: skip
        return json_wire(value)

    return wire


def fenced(value: Any) -> Answer:
    """The value in a Markdown fence, with a sentence before and after."""
    return text(f"Here is the answer:\n\n```json\n{json.dumps(value, ensure_ascii=False)}\n```\nAnything else?")


def think(value: Any, thoughts: str = 'Could it be {"label": "out"}? No.') -> Answer:
    """The value after thoughts, as reasoning models write them."""
    return text(f"<think>\n{thoughts}\n</think>\n\n{json.dumps(value, ensure_ascii=False)}")


def length(content: str = '{"label": "co') -> Answer:
    """An answer that the limit of its length has cut."""
    return text(content, finish="length")


def refusal(why: str = "I cannot help with that.") -> Answer:
    """The model declines: OpenAI's field `refusal`, or Anthropic's reason to stop."""

    def wire(asked: Asked) -> Wire:
        if asked.anthropic:
            return text(why, finish="content_filter")(asked)
        return text("", refusal=why)(asked)

    return wire


def tool_call(name: str = "delete_everything", arguments: str = "{}") -> Answer:
    """A call of a tool that nobody offered, in place of an answer."""

    def wire(asked: Asked) -> Wire:
        if asked.anthropic:
            return text("", blocks=[{"type": "tool_use", "id": "t1", "name": name, "input": {}}])(asked)
        call = {"id": "t1", "type": "function", "function": {"name": name, "arguments": arguments}}
        return text("", tool_calls=[call], finish="tool_calls")(asked)

    return wire


def no_choices() -> Answer:
    """An answer without one: an empty list of choices, or of blocks."""

    def wire(asked: Asked) -> Wire:
        if asked.anthropic:
            return text("")(asked)
        value = {"id": "chatcmpl-1", "object": "chat.completion", "created": 1, "model": "m", "choices": []}
        return json_wire(value)

    return wire


def status(code: int, headers: Mapping[str, str] | None = None, body: bytes | None = None, *, why: str = "") -> Answer:
    """A status with the error body that servers send; `body` in its place, as it is."""

    def wire(asked: Asked) -> Wire:
        error = {"type": "error", "message": why or f"status {code}"}
        value = {"type": "error", "error": error} if asked.anthropic else {"error": error}
        sent = json_wire(value, code) if body is None else Wire(code, body=body)
        return Wire(code, (*sent.headers, *(headers or {}).items()), sent.body)

    return wire


def refusing(then: Answer | Mapping[str, Any], *words: str) -> Answer:
    """Status 400 to a request that asks for one of these formats or holds one of these parameters; else `then`.

    The error names what was refused, as OpenAI-compatible servers do.
    """

    def wire(asked: Asked) -> Wire:
        for word in words:
            if word == asked.format:
                name = "output_config.format" if asked.anthropic else "response_format"
                return status(400, why=f"Invalid parameter: '{name}' of type '{word}' is not supported.")(asked)
            if word in asked.json:
                return status(400, why=f"Unsupported parameter: '{word}' is not supported with this model.")(asked)
        return (then if callable(then) else ok(then))(asked)

    return wire


def cut(then: Answer | Mapping[str, Any]) -> Answer:
    """The answer, whose connection ends in the middle of the body."""

    def wire(asked: Asked) -> Wire:
        whole = (then if callable(then) else ok(then))(asked)
        return Wire(whole.status, whole.headers, whole.body, cut=True)

    return wire


def slow(then: Answer | Mapping[str, Any] | None = None) -> Answer:
    """Nothing until `LlmServer.release`, or until the server ends: the client must give up by itself."""

    def wire(asked: Asked) -> Wire:
        whole = (then if callable(then) else ok(then or {}))(asked)
        return Wire(whole.status, whole.headers, whole.body, held=True)

    return wire


def json_wire(value: Any, code: int = 200) -> Wire:
    """The value as a JSON answer."""
    body = json.dumps(value, ensure_ascii=False).encode()
    return Wire(code, (("Content-Type", "application/json"),), body)


# --- the server -------------------------------------------------------------------------------------------------


class LlmServer:
    """The server, on a free port of this machine; a context manager.

    It gives the scripted answers one by one, and then asks `answer`, which may return an Answer or a plain mapping that
    stands for `ok` of it; it is called in the thread of the request, so it may wait for others. A request beyond the
    script gets status 400; a script that was not used up fails the test at the end.
    """

    def __init__(
        self, *script: Answer | Mapping[str, Any], answer: Callable[[Asked], Answer | Mapping[str, Any]] | None = None
    ) -> None:
        self.asked: list[Asked] = []
        """Every request so far, oldest first."""
        self.most_at_once = 0
        """So many requests were open together, at most."""
        self._open = 0
        self._script = deque(script)
        self._answer = answer
        self._lock = threading.Lock()
        self._released = threading.Event()
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), _handler(self))
        self._server.daemon_threads = True
        self._thread = threading.Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True)

    @property
    def root(self) -> str:
        """The address of the server, which Anthropic's family is given."""
        return f"http://127.0.0.1:{self._server.server_port}"

    @property
    def url(self) -> str:
        """The address that OpenAI's family is given."""
        return f"{self.root}/v1"

    def release(self) -> None:
        """Lets go of every answer that is held."""
        self._released.set()

    def wire(self, asked: Asked) -> Wire:
        """What a request gets."""
        if asked.method == "GET":
            return json_wire({"object": "list", "data": [{"id": "scripted", "object": "model"}]})
        with self._lock:
            chosen = self._script.popleft() if self._script else None
        if chosen is None and self._answer is not None:
            chosen = self._answer(asked)
        if chosen is None:
            return status(400, why="the script has no answer left")(asked)
        found = (chosen if callable(chosen) else ok(chosen))(asked)
        if found.held:
            self._released.wait()
        return found

    def entered(self, asked: Asked) -> None:
        """Notes a request that begins."""
        with self._lock:
            self.asked.append(asked)
            self._open += 1
            self.most_at_once = max(self.most_at_once, self._open)

    def left(self) -> None:
        """Notes a request that is about to be answered."""
        with self._lock:
            self._open -= 1

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, kind: type[BaseException] | None, _: BaseException | None, __: TracebackType | None) -> None:
        self.release()
        self._server.shutdown()
        self._thread.join()
        self._server.server_close()
        if kind is None:
            assert not self._script, f"{len(self._script)} scripted answers were not used"


def _handler(server: LlmServer) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"
        disable_nagle_algorithm = True  # head and body go out apart, and nobody waits 40 ms for the second

        def do_GET(self) -> None:
            self._serve(b"")

        def do_POST(self) -> None:
            self._serve(self.rfile.read(int(self.headers.get("Content-Length", 0))))

        def _serve(self, body: bytes) -> None:
            asked = Asked(self.command, self.path, {k.lower(): v for k, v in self.headers.items()}, body)
            server.entered(asked)
            try:
                wire = server.wire(asked)
            except Exception as error:  # an assertion of the test's own answer must be seen there
                wire = status(400, why=f"the script failed: {error!r}")(asked)
            finally:
                server.left()
            try:
                self.send_response_only(wire.status)
                for name, value in wire.headers:
                    self.send_header(name, value)
                self.send_header("Content-Length", str(len(wire.body)))
                self.end_headers()
                self.wfile.write(wire.body[: len(wire.body) // 2] if wire.cut else wire.body)
                self.wfile.flush()
            except OSError:  # the client has given up
                self.close_connection = True
            if wire.cut:
                self.close_connection = True

        def log_message(self, format: str, *args: Any) -> None:
            """Quiet."""

    return Handler
