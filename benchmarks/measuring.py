"""What the benchmarks share: time and memory of a piece of work, the machine, and a table with ratios.

Not a benchmark itself.
"""

from __future__ import annotations

import multiprocessing
import os
import platform
import resource
import time
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import date
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any


@dataclass(frozen=True, slots=True)
class Measured:
    """One piece of work."""

    name: str
    wall_s: float
    cpu_s: float
    """User and system time of the process and of the children that it has waited for: what a busy machine does not
    change much."""
    peak_mib: float
    """Of resident memory; 0 where it was not measured."""
    result: Any = None


def measured(name: str, work: Callable[[], Any]) -> Measured:
    """Time of the work in this process; no memory, which earlier work would have raised."""
    wall, cpu = time.perf_counter(), _cpu()
    result = work()
    return Measured(name, time.perf_counter() - wall, _cpu() - cpu, 0.0, result)


def measured_apart(name: str, work: Callable[[], Any]) -> Measured:
    """Time and peak memory of the work in a process of its own, which is forked from here.

    The result must be small: it is sent back. Raises RuntimeError where the process dies.
    """
    context = multiprocessing.get_context("fork")
    here, there = context.Pipe(duplex=False)
    process = context.Process(target=_report, args=(there, name, work))
    process.start()
    there.close()
    try:
        found: Measured = here.recv()
    except EOFError as error:
        process.join()
        raise RuntimeError(f"{name}: the process died with status {process.exitcode}") from error
    process.join()
    return found


def _report(there: Any, name: str, work: Callable[[], Any]) -> None:
    Path("/proc/self/clear_refs").write_text("5", encoding="ascii")  # a new peak (Linux: proc(5))
    found = measured(name, work)
    status = Path("/proc/self/status").read_text(encoding="ascii", errors="replace")
    peak = int(status.split("VmHWM:")[1].split()[0]) / 1024
    there.send(Measured(name, found.wall_s, found.cpu_s, peak, found.result))


def _cpu() -> float:
    own, children = resource.getrusage(resource.RUSAGE_SELF), resource.getrusage(resource.RUSAGE_CHILDREN)
    return own.ru_utime + own.ru_stime + children.ru_utime + children.ru_stime


def machine(*packages: str) -> str:
    """One line: day, processor, cores, and the versions of these packages."""
    named = [line.split(":")[1].strip() for line in _lines("/proc/cpuinfo") if line.startswith("model name")]
    processor = named[0] if named else platform.processor()
    found = []
    for package in packages:
        try:
            found.append(f"{package} {version(package)}")
        except PackageNotFoundError:
            found.append(f"{package} absent")
    cores = len(os.sched_getaffinity(0))
    python = f"Python {platform.python_version()}"
    return f"{date.today()}, {processor}, {cores} cores; {', '.join([python, *found])}"


def _lines(path: str) -> list[str]:
    try:
        return Path(path).read_text(encoding="utf-8", errors="replace").splitlines()
    except OSError:
        return []


def print_table(header: Sequence[str], rows: Iterable[Sequence[object]]) -> None:
    """A Markdown table, as docs/benchmarks.md holds it."""
    print("| " + " | ".join(header) + " |")
    print("|" + "---|" * len(header))
    for row in rows:
        print("| " + " | ".join(_cell(value) for value in row) + " |", flush=True)


def _cell(value: object) -> str:
    return (
        f"{value:.3g}"
        if isinstance(value, float) and abs(value) < 100
        else (f"{value:,.0f}" if isinstance(value, float) else f"{value:,}" if isinstance(value, int) else str(value))
    )
