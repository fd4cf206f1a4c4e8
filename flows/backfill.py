"""The backfill as a Prefect flow: import files of papers, then the weekly flow without its harvest.

littriage import FILE...             # the import by itself
python flows/backfill.py [--runner dask] [--scheduler tcp://host:8786] FILE...     # both, as one flow
"""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from littriage import configuration, wiring, workers

if __name__ == "__main__":
    wiring.load_flow("server").start()  # Prefect reads its address when it is first imported
wiring.prepare_prefect()

from prefect import flow, task
from prefect.cache_policies import NO_CACHE

from littriage import pipeline
from littriage.progress import progress_bars
from littriage.run import Counts

weekly = wiring.load_flow("weekly")


@task(name="import", task_run_name="import {file}", cache_policy=NO_CACHE, persist_result=False)
def take_in(settings: Mapping[str, Any], file: str) -> Counts:
    """Import one file, in one transaction."""
    with wiring.opened_run(configuration.Settings.of_parameters(settings), progress_bars()) as run:
        return pipeline.take_in(run, Path(file))


@flow(name="littriage-backfill", persist_result=False, validate_parameters=False)
def backfill(settings: Mapping[str, Any], files: Sequence[str]) -> dict[str, Any]:
    """Import the files, then bring everything up to date and publish it. What comes back is `Run.summary`."""
    chosen = configuration.Settings.of_parameters(settings)
    workers.refuse_unusable(chosen.runner, chosen.scheduler)  # now, not after an import of hours
    for file in files:
        take_in(settings, file)
    summary: dict[str, Any] = weekly.weekly(settings, harvest=False)
    return summary


if __name__ == "__main__":
    parser = wiring.load_flow("runners").options(__doc__)
    parser.add_argument("files", nargs="*", metavar="FILE")
    options = vars(parser.parse_args())
    files = options.pop("files")
    weekly.print_stages(backfill(configuration.settings_from(os.environ, **options).as_parameters(), files))
