"""The line to a language model's server: pydantic-ai over HTTP, kept to one request a call, one host and one size.

The library speaks the protocols. What it must not do is done below it, in the transport, which sees every request: the
key is put in here and is known to no other part, a redirect is not followed, an answer is read up to a length, and
headers that tell of this machine are left out.
"""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Collection, Coroutine, Mapping, Sequence
from contextvars import ContextVar
from typing import TYPE_CHECKING, Any, TypeVar

import httpx2

from littriage.llm.addresses import ANTHROPIC, OPENAI, is_own, proxy_for
from littriage.llm.failures import MOST_BYTES, Exchange
from littriage.llm.ladder import Rung
from littriage.llm.rendering import SEED, Rendered, schema_name
from littriage.ports import Prompt

if TYPE_CHECKING:
    from pydantic_ai.messages import ModelMessage, ModelResponse
    from pydantic_ai.models import Model

CONNECT_S = 10.0
_NO_KEY = "littriage-placeholder"
_HEADERS = {
    *("host", "connection", "content-type", "content-length", "accept", "accept-encoding", "user-agent"),
    *("authorization", "x-api-key", "anthropic-version", "anthropic-beta"),
}
"""Those that are sent. What the libraries add of this machine, or from variables of other programs, stays here."""

T = TypeVar("T")
_EXCHANGE: ContextVar[Exchange] = ContextVar("exchange")


class _Guarded(httpx2.AsyncBaseTransport):
    """A transport that notes the exchange, puts the key in and refuses what is too long."""

    def __init__(self, inner: httpx2.AsyncBaseTransport, key: str) -> None:
        self._inner = inner
        self._key = key

    async def handle_async_request(self, request: httpx2.Request) -> httpx2.Response:
        exchange = _EXCHANGE.get()
        exchange.sent = True
        # A request of our own: the library's keeps its placeholder, so that no error or log can show the key.
        headers = [
            (name, value.replace(_NO_KEY, self._key))
            for name, value in request.headers.multi_items()
            if name.lower() in _HEADERS and (self._key or _NO_KEY not in value)
        ]
        response = await self._inner.handle_async_request(
            httpx2.Request(
                request.method, request.url, headers=headers, stream=request.stream, extensions=request.extensions
            )
        )
        exchange.status = response.status_code
        exchange.headers = {name.lower(): value for name, value in response.headers.items()}
        body = bytearray()
        try:
            async for chunk in response.aiter_bytes():
                body += chunk
                if len(body) > MOST_BYTES:
                    exchange.too_long = True
                    raise httpx2.ReadError("the answer is too long", request=request)
        finally:
            await response.aclose()
        exchange.body, exchange.complete = bytes(body), True
        kind = {"content-type": exchange.headers.get("content-type", "")}
        return httpx2.Response(response.status_code, headers=kind, content=exchange.body, request=request)

    async def aclose(self) -> None:
        await self._inner.aclose()


class Line:
    """A server and a model, asked from one thread of its own; `ask` may be called from any other.

    An event loop in each asking thread would need a pool of connections of its own and leave them open behind it.
    """

    def __init__(self, family: str, address: str, model: str, key: str, timeout_s: float) -> None:
        self._family, self._address, self._model = family, address, model
        self._timeout_s = timeout_s
        inner = httpx2.AsyncHTTPTransport(
            proxy=proxy_for(address), limits=httpx2.Limits(max_connections=None, max_keepalive_connections=16)
        )
        self._client = httpx2.AsyncClient(transport=_Guarded(inner, key), trust_env=False, follow_redirects=False)
        self._sdk: Mapping[str, Any] = {
            "base_url": address,
            "api_key": _NO_KEY,
            "http_client": self._client,
            "timeout": httpx2.Timeout(timeout_s, connect=CONNECT_S, pool=None),
            "max_retries": 0,  # every request is counted by the client, so no library may repeat one
        }
        self._models: dict[str, Model[Any]] = {}
        self._built("max_tokens")  # imports take seconds, which must not count as a server's
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, name="littriage-llm", daemon=True)
        self._thread.start()

    def ask(
        self,
        prompt: Prompt,
        texts: Rendered,
        turns: Sequence[tuple[str, str]],
        rung: Rung,
        parameters: Collection[str],
    ) -> tuple[Exchange, ModelResponse | None]:
        """At most one request: what went over the wire, and the answer where the library can read it.

        `turns` are wrong answers, each with our complaint; `parameters` are the names of those that are sent. Raises
        RuntimeError after `close`.
        """
        from pydantic_ai.exceptions import AgentRunError, UserError

        if self._loop.is_closed():
            raise RuntimeError("the line to the language model is closed")
        exchange = Exchange()
        try:
            return exchange, self._run(self._request(exchange, prompt, texts, turns, rung, parameters))
        except Exception as error:
            if not exchange.sent and not isinstance(error, AgentRunError | UserError | TimeoutError):
                raise
            exchange.timed_out = isinstance(error, TimeoutError) or "Timeout" in type(error).__name__
            return exchange, None

    def close(self) -> None:
        """Ends the connections and the thread."""
        if self._loop.is_closed():
            return
        self._run(self._client.aclose())
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join()
        self._loop.close()

    def _run(self, work: Coroutine[Any, Any, T]) -> T:
        future = asyncio.run_coroutine_threadsafe(work, self._loop)
        try:
            return future.result()
        except BaseException:
            future.cancel()  # an interrupt in the asking thread ends the request too
            raise

    async def _request(
        self,
        exchange: Exchange,
        prompt: Prompt,
        texts: Rendered,
        turns: Sequence[tuple[str, str]],
        rung: Rung,
        parameters: Collection[str],
    ) -> ModelResponse:
        from pydantic_ai.direct import model_request
        from pydantic_ai.models import ModelRequestParameters
        from pydantic_ai.output import OutputObjectDefinition
        from pydantic_ai.settings import ModelSettings

        _EXCHANGE.set(exchange)
        settings = ModelSettings(max_tokens=prompt.max_tokens)
        if "temperature" in parameters:
            settings["temperature"] = 0.0
        if "seed" in parameters:
            settings["seed"] = SEED
        form = OutputObjectDefinition(json_schema=dict(prompt.schema), name=schema_name(prompt))
        wanted = {
            Rung.JSON_SCHEMA: ModelRequestParameters(output_mode="native", output_object=form),
            # Our own text says the schema, so that live requests and batch files say the same.
            Rung.JSON_OBJECT: ModelRequestParameters(
                output_mode="prompted", output_object=form, prompted_output_template=False
            ),
            Rung.PROMPT: ModelRequestParameters(),
        }
        limit = "max_tokens" if "max_tokens" in parameters else "max_completion_tokens"
        async with asyncio.timeout(CONNECT_S + self._timeout_s):  # a server that drips is ended too
            return await model_request(
                self._built(limit),
                _messages(texts, turns),
                model_settings=settings,
                model_request_parameters=wanted[rung],
                instrument=False,
            )

    def _built(self, limit: str) -> Model[Any]:
        """The library's model, which sends the limit of an answer by that name."""
        if limit not in self._models:
            self._models[limit] = (
                _anthropic_model(self._model, self._sdk)
                if self._family == ANTHROPIC
                else _openai_model(self._model, self._sdk, is_own(self._address, OPENAI), limit)
            )
        return self._models[limit]


def _messages(texts: Rendered, turns: Sequence[tuple[str, str]]) -> list[ModelMessage]:
    from pydantic_ai.messages import ModelRequest, ModelResponse, SystemPromptPart, TextPart, UserPromptPart

    found: list[ModelMessage] = [ModelRequest(parts=[SystemPromptPart(texts.system), UserPromptPart(texts.user)])]
    for answer, complaint in turns:
        found += [ModelResponse(parts=[TextPart(answer)]), ModelRequest(parts=[UserPromptPart(complaint)])]
    return found


def _openai_model(name: str, sdk: Mapping[str, Any], own: bool, limit: str) -> Model[Any]:
    from openai import AsyncOpenAI
    from pydantic_ai.models.openai import OpenAIChatModel
    from pydantic_ai.profiles.openai import OpenAIModelProfile
    from pydantic_ai.providers.openai import OpenAIProvider
    from pydantic_ai.providers.openai_compatible import OpenAICompatibleProvider

    client = AsyncOpenAI(**sdk)
    return OpenAIChatModel(
        name,
        provider=OpenAIProvider(openai_client=client) if own else OpenAICompatibleProvider("llm", openai_client=client),
        # What the server takes is found out by asking it, not from the name of the model.
        profile=OpenAIModelProfile(
            supports_json_schema_output=True,
            supports_json_object_output=True,
            openai_supports_reasoning=False,
            openai_chat_supports_max_completion_tokens=limit == "max_completion_tokens",
            # Thoughts are taken away by our own reader: the library's makes an answer of those that never end.
            thinking_tags=("\0<think>", "\0</think>"),
        ),
    )


def _anthropic_model(name: str, sdk: Mapping[str, Any]) -> Model[Any]:
    from anthropic import AsyncAnthropic
    from pydantic_ai.models.anthropic import AnthropicModel
    from pydantic_ai.profiles.anthropic import AnthropicModelProfile
    from pydantic_ai.providers.anthropic import AnthropicProvider

    return AnthropicModel(
        name,
        provider=AnthropicProvider(anthropic_client=AsyncAnthropic(**sdk)),
        profile=AnthropicModelProfile(supports_json_schema_output=True, anthropic_disallows_sampling_settings=False),
    )
