"""Settings: what a user can set by option, environment variable or file, checked before anything is done with it."""

from __future__ import annotations

import difflib
import math
import os
import re
import tomllib
from collections.abc import Mapping
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

from littriage import channels, workers
from littriage.errors import SettingsError
from littriage.llm.addresses import ANTHROPIC, FAMILIES, OPENAI, is_own, same_server, server_address

HARVEST_MONTHS = 60
"""How far back a harvest goes by default: growth looks at 48 months, and the peak at all that there is."""


COUNTS = ("core", "related")
PRECISIONS = ("auto", "float32", "bf16", "fp16", "int8")
VECTORS = ("float32", "float16")


@dataclass(frozen=True, slots=True)
class Settings:
    """What a user can set, by option, environment variable or file (docs/settings.md).

    Keys are no part of it: settings are stored with every run.
    """

    warehouse: Path = Path("warehouse")
    queries: Path | None = None
    """None: the catalogue that comes with littriage."""
    arxiv: str = "https://export.arxiv.org/api/query"
    """Address of the query API."""
    oai: str = "https://oaipmh.arxiv.org/oai"
    """Address of the OAI-PMH service."""
    channel: str = channels.AUTO
    """Of the harvest: oai, api, or auto, which takes OAI-PMH once the field is held."""
    redirects: str = ""
    """Hosts that a redirect of the OAI-PMH service may lead to, with commas between them."""
    contact: str = ""
    """Address under which arXiv's operators can reach the user."""
    interval_s: float = 3.0
    harvest_months: int = HARVEST_MONTHS
    model: str = "minilm"
    device: str = "auto"
    """Of the embedding model: a torch device, several with commas between them, or auto."""
    precision: str = "auto"
    """Of the embedding model: float32, bf16, fp16, int8, or auto, which is as fast as the device can be."""
    read_limit: int | None = None
    """None: no limit on a GPU, READ_LIMIT_CPU on a CPU."""
    count: str = "core"
    """Which papers a trend counts: core, or related, which adds those to which the direction is an ingredient."""
    vectors: str = ""
    """Numbers that vectors are kept in: float32, or float16, which takes half the room; empty: as those that are there,
    float32 where there are none."""
    runner: str = workers.LOCAL
    """Who does the shards of a run: local, threads, dask or ray."""
    scheduler: str = ""
    """Address of a Dask or Ray scheduler; empty: workers are started on this machine, where the runner needs any."""
    notice: str = ""
    llm_model: str = ""
    """Name of a language model, as its server knows it; empty: none is asked."""
    llm_url: str = ""
    """Address of its server; empty: the family's own service."""
    llm_family: str = OPENAI
    """The protocol that the server speaks: openai or anthropic."""
    llm_calls: int | None = None
    """Requests of a run, at most; None: no limit."""
    llm_tokens: int = 2_000_000
    """Tokens of a run, in and out, at most."""
    llm_usd: float | None = None
    """US dollars of a run, at most; None: no limit."""
    llm_at_once: int = 4
    """Questions that are under way together, at most."""
    llm_timeout_s: float = 120.0
    """For an answer."""
    llm_price_in: float | None = None
    """US dollars per million tokens of questions; None: as genai-prices knows it."""
    llm_price_out: float | None = None
    """The same of answers."""
    llm_languages: str = "en,zh"
    """Of names and briefs, with commas between them."""

    def as_parameters(self) -> dict[str, Any]:
        """Plain values, for a Prefect flow."""
        return {name: str(value) if isinstance(value, Path) else value for name, value in asdict(self).items()}

    @classmethod
    def of_parameters(cls, parameters: Mapping[str, Any]) -> Settings:
        """The settings that `as_parameters` gave."""
        queries = parameters.get("queries")
        return cls(
            **{**parameters, "warehouse": Path(parameters["warehouse"]), "queries": Path(queries) if queries else None}
        )


def settings_from(environment: Mapping[str, str], **options: Any) -> Settings:
    """Settings from the settings file, over it LITTRIAGE_* variables, over them the options that are not None.

    Raises SettingsError for a value that cannot be used.
    """
    found = _file_of(environment).settings
    for name, kind in _VARIABLES.items():
        text = environment.get(f"LITTRIAGE_{name.upper()}")
        if text:
            try:
                found[name] = kind(text)
            except ValueError as error:
                raise SettingsError(
                    f"LITTRIAGE_{name.upper()}={text!r}: expected {_EXPECTED[kind]}", variable=name, value=text
                ) from error
    found.update({name: value for name, value in options.items() if value is not None})
    settings = replace(Settings(), **found)
    if settings.harvest_months < 1:
        raise SettingsError(f"harvest_months is {settings.harvest_months}: expected at least 1")
    if settings.channel not in channels.CHANNELS:
        raise SettingsError(
            f"there is no channel {settings.channel!r}: take {', '.join(channels.CHANNELS[:-1])} or "
            f"{channels.CHANNELS[-1]}",
            channel=settings.channel,
        )
    if settings.count not in COUNTS:
        raise SettingsError(f"there is no count {settings.count!r}: take {' or '.join(COUNTS)}", count=settings.count)
    if settings.precision not in PRECISIONS:
        raise SettingsError(
            f"there is no precision {settings.precision!r}: take {', '.join(PRECISIONS[:-1])} or {PRECISIONS[-1]}",
            precision=settings.precision,
        )
    if settings.vectors not in ("", *VECTORS):
        raise SettingsError(
            f"vectors cannot be kept in {settings.vectors!r}: take {' or '.join(VECTORS)}", vectors=settings.vectors
        )
    workers.check_names(settings.runner, settings.scheduler)
    host_names(settings.redirects)
    _check_llm(settings)
    return settings


def host_names(text: str) -> tuple[str, ...]:
    """The hosts of a list with commas. Raises SettingsError for what cannot be the name of a host."""
    hosts = tuple(host.strip().lower() for host in text.split(",") if host.strip())
    if bad := [host for host in hosts if not _HOST.fullmatch(host)]:
        raise SettingsError(
            f"redirects: {bad[0]!r} is no host: give names such as export.arxiv.org, with commas between them",
            host=bad[0],
        )
    return hosts


_HOST = re.compile(r"[a-z0-9]([a-z0-9.-]*[a-z0-9])?(:[0-9]+)?")
_VARIABLES: dict[str, Any] = {
    "warehouse": Path,
    "queries": Path,
    "arxiv": str,
    "oai": str,
    "channel": str,
    "redirects": str,
    "contact": str,
    "interval_s": float,
    "harvest_months": int,
    "model": str,
    "device": str,
    "precision": str,
    "read_limit": int,
    "count": str,
    "vectors": str,
    "runner": str,
    "scheduler": str,
    "llm_model": str,
    "llm_url": str,
    "llm_family": str,
    "llm_calls": int,
    "llm_tokens": int,
    "llm_usd": float,
    "llm_at_once": int,
    "llm_timeout_s": float,
    "llm_price_in": float,
    "llm_price_out": float,
    "llm_languages": str,
}
_EXPECTED: dict[Any, str] = {float: "a number", int: "a whole number", Path: "a path", str: "a text"}


# --- the settings file ------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class _File:
    """What the settings file says; nothing where there is none."""

    settings: dict[str, Any]
    key: str = ""
    """Of the language model's server. In no message, and in no repr."""

    def __repr__(self) -> str:
        return f"_File({self.settings})"


def settings_file(environment: Mapping[str, str]) -> Path | None:
    """Where the settings file would be (XDG Base Directory Specification); None where there is no home."""
    home = environment.get("HOME") or environment.get("USERPROFILE")
    folder = environment.get("XDG_CONFIG_HOME") or (str(Path(home) / ".config") if home else "")
    return Path(folder) / "littriage" / "settings.toml" if folder else None


def _file_of(environment: Mapping[str, str]) -> _File:
    """What the settings file of this environment says.

    Raises SettingsError, with the file and what is wrong in it, for a file that cannot be read, names that are no
    settings, values of another kind, and a key that other users of the machine can read.
    """
    path = settings_file(environment)
    if path is None:
        return _File({})
    try:
        with path.open("rb") as opened:
            mode = os.fstat(opened.fileno()).st_mode
            found = tomllib.load(opened)
    except (FileNotFoundError, NotADirectoryError):
        return _File({})
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        reason = error.strerror if isinstance(error, OSError) else f"it is no TOML: {error}"
        raise SettingsError(f"{path} cannot be read: {reason}", file=str(path)) from None
    key = found.pop("llm_key", "")
    if not isinstance(key, str):
        raise SettingsError(f"{path}: llm_key: expected a text", file=str(path), key="llm_key")
    if key and os.name == "posix" and mode & 0o077:
        raise SettingsError(f'{path} holds a key that others can read: run "chmod 600 {path}"', file=str(path))
    return _File({name: _file_value(path, name, value) for name, value in found.items()}, key.strip())


def _file_value(path: Path, name: str, value: Any) -> Any:
    """A value of the settings file, as the setting of that name holds it. Raises SettingsError."""
    kind = _VARIABLES.get(name)
    if kind is Path:
        raise SettingsError(
            f"{path}: {name} cannot be set here, because commands that only read do not look here: set "
            f"LITTRIAGE_{name.upper()} or pass --{name}",
            file=str(path),
            key=name,
        )
    if kind is None:
        known = [name for name, kind in _VARIABLES.items() if kind is not Path] + ["llm_key"]
        near = difflib.get_close_matches(name, known, 1)
        hint = f"do you mean {near[0]}?" if near else f"take one of {', '.join(known)}"
        raise SettingsError(f"{path}: there is no setting {name!r}: {hint}", file=str(path), key=name)
    if kind is float and type(value) is int:
        return float(value)
    if type(value) is not kind:
        raise SettingsError(f"{path}: {name} = {value!r}: expected {_EXPECTED[kind]}", file=str(path), key=name)
    return value


# --- a language model -------------------------------------------------------------------------------------------

VENDOR_KEYS = {OPENAI: "OPENAI_API_KEY", ANTHROPIC: "ANTHROPIC_API_KEY"}
_LANGUAGES = ("en", "zh")


def _check_llm(settings: Settings) -> None:
    """Raises SettingsError for a setting of the language model that cannot be used."""
    if settings.llm_family not in FAMILIES:
        raise SettingsError(f"there is no llm_family {settings.llm_family!r}: take {' or '.join(FAMILIES)}")
    server_address(settings.llm_url, settings.llm_family)
    for name, least in (
        ("llm_calls", 0), ("llm_tokens", 0), ("llm_usd", 0), ("llm_at_once", 1), ("llm_price_in", 0),
        ("llm_price_out", 0),
    ):  # fmt: skip
        value = getattr(settings, name)
        if value is not None and not (math.isfinite(value) and value >= least):
            raise SettingsError(f"{name} is {value}: expected at least {least}", setting=name)
    if not (math.isfinite(settings.llm_timeout_s) and settings.llm_timeout_s > 0):
        raise SettingsError(f"llm_timeout_s is {settings.llm_timeout_s}: expected seconds above 0")
    if (settings.llm_price_in is None) != (settings.llm_price_out is None):
        raise SettingsError("llm_price_in and llm_price_out go together: set both, or neither")
    languages(settings)


def languages(settings: Settings) -> tuple[str, ...]:
    """The languages of names and briefs. Raises SettingsError for others than en and zh, and for none."""
    found = tuple(dict.fromkeys(name.strip() for name in settings.llm_languages.split(",") if name.strip()))
    if not found or not set(found) <= set(_LANGUAGES):
        raise SettingsError(f"llm_languages is {settings.llm_languages!r}: expected en, zh, or en,zh")
    return found


def llm_key(environment: Mapping[str, str], settings: Settings) -> str:
    """The key for the language model's server; empty where there is none.

    LITTRIAGE_LLM_KEY is for whatever server is set. A vendor's own variable is for the vendor's own service alone, and
    `llm_key` of the settings file for the server that the file itself names. Raises SettingsError for a key that no
    header can hold; its message does not show it.
    """
    address = server_address(settings.llm_url, settings.llm_family)
    vendors = VENDOR_KEYS[settings.llm_family]
    if key := environment.get("LITTRIAGE_LLM_KEY", "").strip():
        place = "LITTRIAGE_LLM_KEY"
    elif is_own(address, settings.llm_family) and (key := environment.get(vendors, "").strip()):
        place = vendors
    else:
        file = _file_of(environment)
        named = file.settings.get("llm_url", ""), file.settings.get("llm_family", OPENAI)
        key = file.key if file.key and same_server(address, server_address(*named)) else ""
        place = f"llm_key of {settings_file(environment)}"
    if not (key.isascii() and key.isprintable() and " " not in key):
        raise SettingsError(f"{place} holds characters that no key has: copy it again")
    return key
