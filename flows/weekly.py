"""The weekly run as a Prefect flow: one task for each stage, and for each direction or set while harvesting.

Prefect adds retries, logs, run names and the table of results as an artifact; each task is a plain function of
`littriage.pipeline` that works without it. Caching is the warehouse's: a stage asks it what is missing, so tasks cache
nothing by themselves (a cached harvest would hide a second week).

    littriage run                        # once: harvests by itself, and starts the flow where there is something to do
    littriage run --runner dask          # its shards are done by the workers of a cluster (docs/scale.md)
    littriage schedule --cron "..."      # every week
"""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping
from datetime import date
from typing import Any

from littriage import configuration, wiring

if __name__ == "__main__":
    wiring.load_flow("server").start()  # Prefect reads its address when it is first imported
wiring.prepare_prefect()

from prefect import flow, get_run_logger, task
from prefect.artifacts import create_table_artifact
from prefect.cache_policies import NO_CACHE
from prefect.states import State

from littriage import pipeline
from littriage.errors import WillNotPass
from littriage.progress import progress_bars
from littriage.run import Counts


def _may_pass(task: object, task_run: object, state: State[Any]) -> bool:
    return not isinstance(state.result(raise_on_failure=False), WillNotPass)


# A request is repeated where it is made, as the source asks; a task is retried for what broke around it.
@task(
    name="stage",
    task_run_name="{name}",
    cache_policy=NO_CACHE,
    persist_result=False,
    retries=1,
    retry_delay_seconds=5,
    retry_condition_fn=_may_pass,
)
def stage(name: str, work: Callable[[], Counts]) -> Counts:
    """Do one stage; Prefect sees its name, its duration and its outcome."""
    return work()


@flow(name="littriage-weekly", persist_result=False, validate_parameters=False)
def weekly(
    settings: Mapping[str, Any],
    harvest: bool = True,
    as_of: str | None = None,
    only: list[str] | None = None,
    harvested: Mapping[str, Any] | None = None,
) -> dict[str, Any]:
    """Harvest every direction, or `only` some, then bring everything up to date and publish it.

    `settings` are those of `configuration.Settings.as_parameters`; `harvested` is the `Run.summary` of a harvest that
    was done before, whose failures are this run's. One direction's failure is recorded and reported, and does not stop
    the others. Where the harvest brought nothing new, the published answers stand. What comes back is `Run.summary`.
    """
    chosen = configuration.Settings.of_parameters(settings)
    until = date.fromisoformat(as_of) if as_of else None
    with (
        wiring.opened_run(chosen, progress_bars(), until, create=harvest) as run,
        wiring.assistant(chosen) as assistant,  # a model that cannot be asked is refused before the harvest
        wiring.load_flow("runners").opened(chosen) as run.workers,  # and so is a scheduler that does not answer
    ):
        if harvested:
            run.go_on_from(harvested)
        if harvest:
            wiring.harvest(run, chosen, wiring.harvest_plan(run, chosen, only), stage, only)
            if pipeline.nothing_new(run):
                get_run_logger().info("nothing new: the answers of %s stand", run.as_of)
                return run.summary()
        with wiring.tiers(chosen) as tiers:
            pipeline.bring_up_to_date(run, tiers, wiring.SOURCE_NAME, stage, assistant=assistant)
        for what, subject, reason in run.failures:
            get_run_logger().warning("%s, %s: %s", what, subject, reason)
        create_table_artifact(
            pipeline.result_table(run), key="littriage-verdicts", description=f"Verdicts as of {run.as_of}"
        )
        return run.summary()


def print_stages(summary: Mapping[str, Any]) -> None:
    """A line for each stage, and one for each failure."""
    for one in summary["stages"]:
        counts = ", ".join(f"{name} {value}" for name, value in one["counts"].items())
        print(f"{one['name']}: {one['seconds']:.1f} s, {one['peak_mib']:.0f} MiB; {counts}")
    for failure in summary["failures"]:
        print(f"! {failure['stage']}, {failure['subject']}: {failure['reason']}")


if __name__ == "__main__":
    options = wiring.load_flow("runners").options(__doc__).parse_args()
    print_stages(weekly(configuration.settings_from(os.environ, **vars(options)).as_parameters()))
