"""A small field of two directions, with papers on them: enough for the whole chain to run on in a second or two."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import date
from pathlib import Path

import pytest

from fakes import FakeEmbedder
from littriage import configuration, wiring
from littriage.cli import main
from littriage.model import Paper
from littriage.pipeline import Tiers
from littriage.trends import month_after

Run = Callable[..., tuple[int, str, str]]
"""Runs a command: exit code, stdout, stderr."""

TODAY = wiring.SystemClock().today()
PHRASES = {"parsing": "parse tree", "word-vectors": "word vector"}

_THEME = 'name = "Language"\nname_zh = "语言"\nscope = "Words."\n'
_DIRECTION = """
name = "{name}"
name_zh = "{name}"
scope = "Papers on the {phrase}."
[query]
all_of = [["{phrase}"]]
categories = ["cs.CL"]
"""


def write_queries(folder: Path) -> Path:
    """The folder, now with the direction files."""
    theme = folder / "language"
    theme.mkdir(parents=True)
    (theme / "_theme.toml").write_text(_THEME, encoding="utf-8")
    for slug, phrase in PHRASES.items():
        text = _DIRECTION.format(name=slug.title(), phrase=phrase)
        (theme / f"{slug}.toml").write_text(text, encoding="utf-8")
    return folder


def months_ago(months: int) -> date:
    """The fifth of that month."""
    return month_after(TODAY.replace(day=1), -months).replace(day=5)


def corpus(months: int = 24, each: int = 3) -> list[Paper]:
    """Up to the month before last, so many papers a month on each direction, and as many on something else."""
    found = []
    for month in range(2, months + 2):
        day = months_ago(month)
        for number in range(each * 3):
            phrase = (*PHRASES.values(), "something else")[number % 3]
            found.append(
                Paper(
                    id=f"{day:%y%m}.{number + 1:05}",
                    title=f"On the {phrase}, part {number}",
                    abstract=f"We study the {phrase} in many ways, and report what we found.",
                    authors=("Ada B.",),
                    categories=("cs.CL",),
                    published=day,
                )
            )
    return found


@contextmanager
def fake_tiers(settings: configuration.Settings) -> Iterator[Tiers]:
    """In place of `wiring.tiers`."""
    yield Tiers(FakeEmbedder(), FakeEmbedder("minilm@fake", "transformer"), read_limit=500)


def runner(tmp_path: Path, capfd: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> Run:
    """Commands on `tmp_path/warehouse` and the two directions, in this process: no waiting, no model, no state left."""
    for name in [name for name in os.environ if name.startswith("LITTRIAGE_")]:
        monkeypatch.delenv(name)
    monkeypatch.setenv("LITTRIAGE_WAREHOUSE", str(tmp_path / "warehouse"))
    monkeypatch.setenv("LITTRIAGE_QUERIES", str(write_queries(tmp_path / "queries")))
    monkeypatch.setenv("LITTRIAGE_INTERVAL_S", "0")
    monkeypatch.setenv("LITTRIAGE_OAI", "http://127.0.0.1:9/")  # an import may turn the channel: nobody answers there
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "state"))
    monkeypatch.setattr(wiring.SystemClock, "sleep", lambda clock, seconds: None)
    monkeypatch.setattr(wiring, "tiers", fake_tiers)

    def run(*arguments: str) -> tuple[int, str, str]:
        with pytest.raises(SystemExit) as ended:
            main(arguments)
        return ended.value.code or 0, *capfd.readouterr()  # type: ignore[return-value]

    return run
