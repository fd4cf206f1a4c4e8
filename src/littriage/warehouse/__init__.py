"""The DuckDB file that the pipeline works in, and the one that it publishes.

`file` opens, locks, migrates and runs SQL; `papers` takes papers in and counts them; `derived` holds what is computed
from papers; `publishing` writes the file that readers open.
"""

from littriage.warehouse.file import Warehouse

__all__ = ["Warehouse"]
