"""Settings to real ports: the one place that knows which source, model and clock a command gets."""

from __future__ import annotations

import importlib.util
import os
import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import UTC, date, datetime
from pathlib import Path
from types import ModuleType
from typing import TYPE_CHECKING, Any

from littriage import channels, resources
from littriage.channels import Plan
from littriage.configuration import VENDOR_KEYS, Settings, host_names, languages, llm_key
from littriage.directions import load_catalogue
from littriage.errors import SettingsError
from littriage.llm.addresses import is_own, place_of, server_address
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
READ_LIMIT_CPU = 500
"""On a CPU the transformer reads the papers of directions with at most this many hits; the fast tier reads the rest."""


_OTHER_STATE = "set XDG_STATE_HOME to another one"


# --- a language model -------------------------------------------------------------------------------------------


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
            f"{place_of(address)} wants a key: set LITTRIAGE_LLM_KEY or {VENDOR_KEYS[settings.llm_family]}, or "
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
            count_related=settings.count == "related",
        )


@contextmanager
def reading_run(settings: Settings, as_of: date | None = None) -> Iterator[Run]:
    """A run to look at the warehouse of these settings with, as it stands: nothing is written, and no stage can run.

    Raises NoWarehouse where there is none, WarehouseBusy, and LittriageError where an older littriage made it.
    """
    clock = SystemClock()
    with Warehouse.read_only(settings.warehouse) as warehouse:
        yield Run(
            warehouse=warehouse,
            catalogue=catalogue(settings),
            today=clock.today(),
            now=clock.now,
            progress=Quiet(),
            as_of=as_of,
            count_related=settings.count == "related",
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
    from littriage.embedding import DeviceWorkers, device_names, load_fast, on_accelerator
    from littriage.membership import has_rule

    names = device_names(settings.device)
    transformer = _transformer(settings, names[0])
    several = DeviceWorkers(names) if len(names) > 1 else None
    if on_accelerator(transformer) and settings.read_limit is None and has_rule(transformer.model):
        yield Tiers(None, transformer, devices=several)
    else:
        limit = READ_LIMIT_CPU if settings.read_limit is None else settings.read_limit
        yield Tiers(load_fast(model_folder()), transformer, limit, several)


def embedder(settings: Settings, tier: str) -> Embedder:
    """The embedder of one tier, `fast` or `transformer`. Raises SettingsError for another."""
    from littriage.embedding import device_names, load_fast

    if tier == "fast":
        return load_fast(model_folder())
    if tier == "transformer":
        return _transformer(settings, device_names(settings.device)[0])
    raise SettingsError(f"there is no tier {tier!r}: take transformer or fast", tier=tier)


def _transformer(settings: Settings, device: str) -> Embedder:
    from littriage.embedding import load_transformer

    return load_transformer(settings.model, device, settings.precision, model_folder())


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
