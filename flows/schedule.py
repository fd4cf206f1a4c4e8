"""The weekly flow by the clock: Prefect's `serve`, with a server for it to be served by.

`serve` asks a server when the next run is due, and without one it waits for ever without a word. So one is started on
this machine, on loopback, unless PREFECT_API_URL names another.
"""

from __future__ import annotations

import os
import socket
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any

from littriage import wiring
from littriage.errors import SourceUnavailable

wiring.prepare_prefect()

STARTUP_S = 180
"""The server's first start took 21 to 41 seconds on two slow cores; it creates its database then."""


@contextmanager
def server() -> Iterator[str]:
    """The address of a Prefect server: the one that PREFECT_API_URL names, else one started here, until the end.

    Raises SourceUnavailable when a server that was started does not answer in time.
    """
    if address := os.environ.get("PREFECT_API_URL"):
        yield address
        return
    port = _free_port()
    command = [
        sys.executable,
        "-m",
        "prefect",
        "server",
        "start",
        "--no-ui",
        "--host",
        "127.0.0.1",
        "--port",
        str(port),
    ]
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL)
    address = f"http://127.0.0.1:{port}/api"
    try:
        _wait_for(process, address)
        os.environ["PREFECT_API_URL"] = address
        yield address
    finally:
        os.environ.pop("PREFECT_API_URL", None)
        process.terminate()
        process.wait(timeout=30)


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def _wait_for(process: subprocess.Popen[bytes], address: str) -> None:
    import httpx

    until = time.monotonic() + STARTUP_S
    while time.monotonic() < until and process.poll() is None:
        try:
            if httpx.get(f"{address}/health", timeout=2).is_success:
                return
        except httpx.HTTPError:
            time.sleep(1)
    raise SourceUnavailable(
        f"Prefect's server did not answer at {address}: start one with `prefect server start` and set PREFECT_API_URL, "
        "or let cron run `littriage run` (docs/scheduling.md)"
    )


def serve(settings: Mapping[str, Any], cron: str) -> None:
    """Run the weekly flow whenever `cron` says, until interrupted; one run at a time."""
    from prefect.client.schemas.objects import ConcurrencyLimitConfig, ConcurrencyLimitStrategy

    wiring.load_flow("weekly").weekly.serve(
        name="littriage-weekly",
        cron=cron,
        parameters={"settings": dict(settings)},
        global_limit=ConcurrencyLimitConfig(limit=1, collision_strategy=ConcurrencyLimitStrategy.CANCEL_NEW),
        pause_on_shutdown=False,
        print_starting_message=False,
    )
