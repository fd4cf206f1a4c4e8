"""Settings to real ports: the one place that knows which source, model and clock a command gets."""

from __future__ import annotations

import difflib
import importlib.util
import math
import os
import re
import sys
import time
import tomllib
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass, replace
from datetime import UTC, date, datetime
from pathlib import Path
from types import ModuleType
from typing import TYPE_CHECKING, Any

from littriage import channels, resources
from littriage.channels import Plan
from littriage.directions import load_catalogue
from littriage.errors import SettingsError
from littriage.llm.addresses import ANTHROPIC, FAMILIES, OPENAI, is_own, place_of, same_server, server_address
from littriage.model import Catalogue
from littriage.pipeline import Tiers
from littriage.ports import Embedder, Llm, Progress
from littriage.progress import Quiet
from littriage.run import Run, Step, straight
from littriage.trends import month_after
from littriage.warehouse import Warehouse, derived

if TYPE_CHECKING:
    from littriage.asking import Assistant
    from littriage.sources.arxiv_api import ArxivApi
    from littriage.sources.oai_pmh import OaiPmh

SOURCE_NAME = channels.SOURCES[channels.API]
"""The source whose counts go with its harvests."""
HARVEST_MONTHS = 60
"""How far back a harvest goes by default: growth looks at 48 months, and the peak at all that there is."""
READ_LIMIT_CPU = 500
"""On a CPU the transformer reads the papers of directions with at most this many hits; the fast tier reads the rest."""


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
    read_limit: int | None = None
    """None: no limit on a GPU, READ_LIMIT_CPU on a CPU."""
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
_OTHER_STATE = "set XDG_STATE_HOME to another one"
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
    "read_limit": int,
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

_VENDOR_KEYS = {OPENAI: "OPENAI_API_KEY", ANTHROPIC: "ANTHROPIC_API_KEY"}
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
    vendors = _VENDOR_KEYS[settings.llm_family]
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


@contextmanager
def llm(settings: Settings) -> Iterator[Llm | None]:
    """The language model of these settings; None where none is set. Nothing is asked.

    Raises SettingsError where it cannot be asked: the extra `llm` is not installed, or a vendor's key is missing.
    """
    if not settings.llm_model:
        yield None
        return
    from littriage.llm.client import LanguageModel, Prices

    key = llm_key(os.environ, settings)
    address = server_address(settings.llm_url, settings.llm_family)
    if not key and is_own(address, settings.llm_family):
        raise SettingsError(
            f"{place_of(address)} wants a key: set LITTRIAGE_LLM_KEY or {_VENDOR_KEYS[settings.llm_family]}, or "
            "LITTRIAGE_LLM_URL to a server of yours"
        )
    priced = settings.llm_price_in is not None and settings.llm_price_out is not None
    model = LanguageModel(
        settings.llm_model,
        clock=SystemClock(),
        family=settings.llm_family,
        url=settings.llm_url,
        key=key,
        timeout_s=settings.llm_timeout_s,
        prices=Prices(settings.llm_price_in or 0.0, settings.llm_price_out or 0.0) if priced else None,
    )
    try:
        yield model
    finally:
        model.close()


@contextmanager
def assistant(settings: Settings) -> Iterator[Assistant | None]:
    """The language model with the budget of a run; None where no model is set.

    Raises SettingsError for a budget in money where the price is not known.
    """
    with llm(settings) as model:
        if model is None:
            yield None
            return
        from littriage.asking import Assistant, Budget

        if settings.llm_usd is not None and model.price(1_000, 1_000) is None:
            raise SettingsError(
                f"llm_usd is set, and the price of {model.model} at {model.place} is not known: set "
                "LITTRIAGE_LLM_PRICE_IN and LITTRIAGE_LLM_PRICE_OUT (US dollars per million tokens), or limit "
                "LITTRIAGE_LLM_TOKENS instead"
            )
        budget = Budget(settings.llm_calls, settings.llm_tokens, settings.llm_usd)
        yield Assistant(model, budget, settings.llm_at_once, languages(settings))


# --- time and runs ----------------------------------------------------------------------------------------------


class SystemClock:
    """The machine's time."""

    def today(self) -> date:
        return datetime.now(UTC).date()

    def now(self) -> datetime:
        """UTC, without a zone."""
        return datetime.now(UTC).replace(tzinfo=None)

    def monotonic(self) -> float:
        return time.monotonic()

    def sleep(self, seconds: float) -> None:
        time.sleep(seconds)


def catalogue(settings: Settings) -> Catalogue:
    """The directions that are asked about."""
    return load_catalogue(settings.queries or resources.folder("queries"))


@contextmanager
def opened_run(
    settings: Settings, progress: Progress, as_of: date | None = None, *, create: bool = True
) -> Iterator[Run]:
    """A run on the open warehouse of these settings.

    Raises SettingsError for a day that has not come yet, NoWarehouse where there is none and not `create`.
    """
    clock = SystemClock()
    if as_of and as_of > clock.today():
        raise SettingsError(
            f"--as-of {as_of} has not come yet: today is {clock.today()} (UTC); take that or a day before it",
            as_of=str(as_of),
        )
    with Warehouse.open(settings.warehouse, create=create) as warehouse:
        if settings.notice:
            derived.stamp(warehouse, "notice", settings.notice)
        yield Run(
            warehouse=warehouse,
            catalogue=catalogue(settings),
            today=clock.today(),
            now=clock.now,
            progress=progress,
            as_of=as_of,
            notice=derived.stamped(warehouse, "notice") or "",  # simulated papers stay simulated in later runs
            settings=settings.as_parameters(),
        )


@contextmanager
def planning_run(settings: Settings) -> Iterator[Run]:
    """A run to plan with, on the warehouse of these settings or on an empty one in memory: none is made."""
    clock = SystemClock()
    exists = (settings.warehouse / resources.WORKING).exists()
    with Warehouse.open(settings.warehouse, create=False) if exists else Warehouse.in_memory() as warehouse:
        yield Run(warehouse, catalogue(settings), clock.today(), clock.now, Quiet())


@contextmanager
def arxiv_source(settings: Settings) -> Iterator[ArxivApi]:
    """arXiv's API at the configured address; the pace is kept for all processes of this user.

    Raises SettingsError where it cannot be kept.
    """
    from littriage.sources.arxiv_api import ArxivApi

    source = ArxivApi(address=settings.arxiv, **_asking(settings))
    try:
        yield source
    finally:
        source.close()


@contextmanager
def record_source(settings: Settings) -> Iterator[OaiPmh]:
    """arXiv's OAI-PMH service at the configured address, at the same pace as the API where both are arXiv's.

    Raises SettingsError where the pace cannot be kept.
    """
    from littriage.sources.oai_pmh import OaiPmh

    source = OaiPmh(address=settings.oai, redirect_hosts=host_names(settings.redirects), **_asking(settings))
    try:
        yield source
    finally:
        source.close()


def _asking(settings: Settings) -> dict[str, Any]:
    """What both sources are told."""
    return {
        "clock": SystemClock(),
        "state_folder": resources.writable_folder(state_folder(), _OTHER_STATE),
        "contact": settings.contact,
        "interval_s": settings.interval_s,
    }


# --- the harvest ------------------------------------------------------------------------------------------------


def harvest_plan(run: Run, settings: Settings, only: Sequence[str] | None = None) -> Plan:
    """What a harvest would ask now, of the channel that it would take and of the other. Asks nothing.

    Raises SettingsError for an address that is not http(s).
    """
    from littriage.sources.politeness import Politeness
    from littriage.sources.transport import checked_address

    paces = {
        channel: Politeness(address, state_folder(), SystemClock(), settings.interval_s).interval_s
        for channel, address in (
            (channels.OAI, checked_address(settings.oai, Settings().oai)),
            (channels.API, checked_address(settings.arxiv, Settings().arxiv)),
        )
    }
    return channels.planned(
        run,
        channels.needed_sets(channels.chosen_directions(run, only)),
        first_day(settings, run.today),
        wanted=settings.channel,
        interval_s=paces,
        only=only,
    )


def harvest(run: Run, settings: Settings, plan: Plan, step: Step = straight, only: Sequence[str] | None = None) -> None:
    """Ask what the plan says, by its channel. What fails is kept in the run, and asked again by the next one."""
    if plan.channel == channels.OAI:
        with record_source(settings) as records:
            channels.harvest_field(run, records, plan.sets, step)
    else:
        with arxiv_source(settings) as source:
            channels.harvest_directions(run, source, first_day(settings, run.today), step, only)


# --- places and models ------------------------------------------------------------------------------------------


def state_folder() -> Path:
    """Where this user's processes keep the pace of requests (XDG Base Directory Specification)."""
    return Path(os.environ.get("XDG_STATE_HOME") or Path.home() / ".local" / "state") / "littriage"


def model_folder() -> Path:
    """Where distilled models are kept (XDG Base Directory Specification)."""
    return Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "littriage"


@contextmanager
def tiers(settings: Settings) -> Iterator[Tiers]:
    """The embedders of this machine: the transformer for everything on a GPU, two tiers on a CPU."""
    from littriage.embed import load_fast, load_transformer, on_accelerator
    from littriage.membership import has_rule

    transformer = load_transformer(settings.model, settings.device)
    if on_accelerator(transformer) and settings.read_limit is None and has_rule(transformer.model):
        yield Tiers(None, transformer)
    else:
        limit = READ_LIMIT_CPU if settings.read_limit is None else settings.read_limit
        yield Tiers(load_fast(model_folder()), transformer, limit)


def embedder(settings: Settings, tier: str) -> Embedder:
    """The embedder of one tier, `fast` or `transformer`. Raises SettingsError for another."""
    from littriage.embed import load_fast, load_transformer

    if tier == "fast":
        return load_fast(model_folder())
    if tier == "transformer":
        return load_transformer(settings.model, settings.device)
    raise SettingsError(f"there is no tier {tier!r}: take transformer or fast", tier=tier)


def first_day(settings: Settings, today: date) -> date:
    """From which day a harvest asks: the first of the month so many months ago."""
    return month_after(today.replace(day=1), -settings.harvest_months)


def load_flow(name: str) -> ModuleType:
    """The module of `flows/<name>.py`. Most of them import Prefect: seconds."""
    path = resources.folder("flows") / f"{name}.py"
    spec = importlib.util.spec_from_file_location(f"littriage_flow_{name}", path)
    assert spec
    assert spec.loader, f"{path} is a Python file"
    module = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = module  # Prefect looks a flow's module up by name
    spec.loader.exec_module(module)
    return module


def prepare_prefect() -> None:
    """Set what Prefect reads when it is first imported: no telemetry, its own folder, time for its slow first start.

    It is told to keep its log to itself: what went wrong is an error or a part of the summary, and is printed once.
    A variable that the user has set stays as it is. Raises SettingsError where nothing can be written there.
    """
    home = resources.writable_folder(state_folder() / "prefect", _OTHER_STATE)
    for name, value in {
        "DO_NOT_TRACK": "1",
        "PREFECT_SERVER_ANALYTICS_ENABLED": "false",
        "PREFECT_SERVER_EPHEMERAL_STARTUP_TIMEOUT_SECONDS": "180",
        "PREFECT_HOME": str(home),
        "PREFECT_LOGGING_LEVEL": "CRITICAL",
        "PREFECT_CLI_PROMPT": "false",
    }.items():
        os.environ.setdefault(name, value)
