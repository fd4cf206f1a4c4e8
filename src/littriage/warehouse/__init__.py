"""The DuckDB file that the pipeline works in, and the one that it publishes.

`file` opens, locks, migrates and runs SQL; `imports` takes in files, `papers` what a harvest brings; `derived` holds
what is computed from papers; `publishing` writes the file that readers open.
"""

from littriage.warehouse.file import Warehouse

__all__ = ["Warehouse"]
