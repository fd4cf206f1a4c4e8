"""A Prefect server on this machine, on loopback, that ends with the process that started it.

Prefect would start one by itself for a flow, but that one stays behind for ever when the flow's process is killed, and
it has no scheduler. This one reads its standard input, a pipe whose other end only the starter holds: when the starter
ends, in whatever way, the pipe closes and the server goes.
"""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import time
from contextlib import suppress
from threading import Thread

from littriage import wiring
from littriage.errors import SourceUnavailable

_process: subprocess.Popen[bytes] | None = None
"""The server started here: its standard input stays open as long as this is held."""

STARTUP_S = 180
"""The first start took 21 to 41 seconds on two slow cores: it creates Prefect's database."""


def start(*, scheduler: bool = False) -> str:
    """The address of a Prefect server: the one that PREFECT_API_URL names, else one started here.

    To be called before Prefect is imported, for that is when Prefect reads the variable. Raises SourceUnavailable when
    a server that was started does not answer in time.
    """
    global _process
    wiring.prepare_prefect()
    if address := os.environ.get("PREFECT_API_URL"):
        return address
    port = _free_port()
    _process = subprocess.Popen(
        [sys.executable, __file__, str(port), *(["scheduler"] if scheduler else [])],
        stdin=subprocess.PIPE,
        stdout=subprocess.DEVNULL,
        start_new_session=True,  # Ctrl-C is for the starter, which still needs the server to end well
    )
    address = f"http://127.0.0.1:{port}/api"
    _wait_for(_process, address)
    os.environ["PREFECT_API_URL"] = address
    return address


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def _wait_for(process: subprocess.Popen[bytes], address: str) -> None:
    import httpx

    until = time.monotonic() + STARTUP_S
    with httpx.Client(trust_env=False) as client:  # a proxy cannot reach this machine's loopback interface
        while time.monotonic() < until and process.poll() is None:
            with suppress(httpx.HTTPError):
                if client.get(f"{address}/health", timeout=2).is_success:
                    return
            time.sleep(0.2)
    process.kill()
    raise SourceUnavailable(
        f"Prefect's server did not start at {address}: try again, set PREFECT_API_URL to a server that runs, "
        'or do without Prefect: "littriage harvest", then "littriage rank"',
        address=address,
    )


def _serve(port: int, scheduler: bool) -> None:
    import uvicorn
    from prefect.server.api.server import create_app

    Thread(target=_end_with_starter, daemon=True).start()
    app = create_app(ephemeral=not scheduler, final=True)
    uvicorn.run(app, host="127.0.0.1", port=port, log_level="error", timeout_graceful_shutdown=5)


def _end_with_starter() -> None:
    sys.stdin.buffer.read()
    os.kill(os.getpid(), signal.SIGTERM)


if __name__ == "__main__":
    wiring.prepare_prefect()
    os.environ["PREFECT_UI_ENABLED"] = "0"
    _serve(int(sys.argv[1]), "scheduler" in sys.argv[2:])
