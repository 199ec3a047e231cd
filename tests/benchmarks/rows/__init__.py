"""One row of the table a file: what is measured, against what, and the figure to reach."""

import importlib
import pkgutil
from collections.abc import Iterator

from tests.benchmarks.measuring import Row


def all_rows() -> Iterator[Row]:
    """Yield the ROW of each file here, by number."""
    names = [module.name for module in pkgutil.iter_modules(__path__)]
    yield from sorted((importlib.import_module(f"{__name__}.{name}").ROW for name in names), key=lambda row: row.number)
