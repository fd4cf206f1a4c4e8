"""Addresses of language models' servers: which can be used, and which are a vendor's own."""

from __future__ import annotations

from collections.abc import Mapping
from urllib.parse import SplitResult, urlsplit

from littriage.errors import SettingsError

OPENAI, ANTHROPIC = "openai", "anthropic"
FAMILIES = (OPENAI, ANTHROPIC)
"""The protocols: OpenAI's chat completions, which most servers speak, and Anthropic's messages."""
OWN_ADDRESS: Mapping[str, str] = {OPENAI: "https://api.openai.com/v1", ANTHROPIC: "https://api.anthropic.com"}
"""Of each family's own service."""


def server_address(url: str, family: str) -> str:
    """The address to ask: `url` without a slash at its end, or the family's own where it is empty.

    Raises SettingsError for anything but http(s), and for an address with a password or a query in it: those would be
    stored and printed with it.
    """
    if not url:
        return OWN_ADDRESS[family]
    try:
        parts = urlsplit(url)
        sound = parts.scheme in ("http", "https") and parts.hostname and parts.port != 0
    except ValueError:
        sound = False
    if not sound:
        raise SettingsError(
            f"llm_url: {_shown(url)!r} is no http address: take one such as http://localhost:11434/v1, or leave it out "
            f"for {OWN_ADDRESS[family]}"
        )
    if parts.username is not None or parts.password is not None or parts.query or parts.fragment:
        raise SettingsError(
            f"llm_url: {_shown(url)!r} comes with a name, a password or a query: give the key as LITTRIAGE_LLM_KEY"
        )
    address = url.rstrip("/")
    # Anthropic's library adds the version itself.
    return address.removesuffix("/v1") if family == ANTHROPIC else address


def place_of(address: str) -> str:
    """Host and path of an address, as messages and the ledger name a server."""
    parts = urlsplit(address)
    return f"{parts.netloc.rpartition('@')[2]}{parts.path}"


def is_own(address: str, family: str) -> bool:
    """The address is that of the family's own service, by https."""
    return same_server(address, OWN_ADDRESS[family])


def same_server(one: str, other: str) -> bool:
    """Scheme, host and port agree."""
    return _server(urlsplit(one)) == _server(urlsplit(other))


def proxy_for(address: str) -> str | None:
    """The proxy that this machine's settings name for an address."""
    from urllib.request import getproxies, proxy_bypass  # brings all of http.client

    parts = urlsplit(address)
    host = parts.hostname or ""
    # A proxy from the environment cannot reach this machine's own loopback interface.
    if host in ("localhost", "::1") or host.startswith("127.") or proxy_bypass(host):
        return None
    proxies = getproxies()
    return proxies.get(parts.scheme) or proxies.get("all")


def _server(parts: SplitResult) -> tuple[str, str | None, int | None]:
    return parts.scheme, parts.hostname, parts.port or {"http": 80, "https": 443}.get(parts.scheme)


def _shown(url: str) -> str:
    """The address without what may be a secret in it."""
    bare = url.partition("?")[0].partition("#")[0]
    scheme, mark, rest = bare.rpartition("://")
    return f"{scheme}{mark}{rest.rpartition('@')[2]}"
