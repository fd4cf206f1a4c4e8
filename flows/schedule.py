"""The weekly flow by the clock: Prefect's `serve`, which asks a Prefect server when the next run is due."""

from __future__ import annotations

import os
from collections.abc import Mapping
from typing import Any

from littriage import wiring
from littriage.errors import SettingsError

os.environ.setdefault("PREFECT_LOGGING_LEVEL", "INFO")  # nobody reads what a scheduled run returns: its log must tell
start = wiring.load_flow("server").start


def serve(settings: Mapping[str, Any], cron: str) -> None:
    """Run the weekly flow whenever `cron` says, in UTC, until interrupted; one run at a time.

    Raises SettingsError for an expression that is none.
    """
    import cloudpickle
    from prefect.client.schemas.objects import ConcurrencyLimitConfig, ConcurrencyLimitStrategy
    from prefect.client.schemas.schedules import CronSchedule

    try:
        CronSchedule(cron=cron)
    except ValueError as error:
        raise SettingsError(
            f"--cron {cron!r} is no cron expression: see crontab(5) for what its five fields may hold", cron=cron
        ) from error
    flow = wiring.load_flow("weekly")
    cloudpickle.register_pickle_by_value(flow)  # each run is a process of its own, which cannot import a file's flow
    flow.weekly.serve(
        name="littriage-weekly",
        cron=cron,
        parameters={"settings": dict(settings)},
        global_limit=ConcurrencyLimitConfig(limit=1, collision_strategy=ConcurrencyLimitStrategy.CANCEL_NEW),
        pause_on_shutdown=False,
        print_starting_message=False,
    )
