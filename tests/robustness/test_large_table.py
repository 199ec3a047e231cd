"""What a table takes in memory does not grow with it."""

from pathlib import Path

import pytest

from tests.robustness.large_table import trained_below, write_parts

_LIMIT = 800 * 2**20  # bytes


@pytest.mark.slow
def test_a_larger_table_takes_no_more_memory(tmp_path: Path):
    found = []
    for parts in (2, 8):
        size = write_parts(tmp_path / f"table{parts}", parts)
        trained = trained_below(_LIMIT, tmp_path / f"table{parts}", tmp_path / "runs", tmp_path / "cache")
        assert trained.said.get("outcome") == "finished", trained
        found.append((size, trained.peak))
    (small, little), (large, much) = found
    assert large > 3 * small
    assert much - little < (large - small) // 8  # what there is of each row: its place, and its turn in an epoch
