"""What the example of an export reads from files is what this program reads from them."""

from pathlib import Path

import numpy as np
import pytest

from workbench.core.errors import UserError
from workbench.export.raw_files import rows_of, series_of

SERIES = "month;a;b\n2024-01;1,5;3\n2024-02;?;4\n"


def test_columns_are_found_by_their_names_whatever_separates_them(tmp_path: Path):
    file = tmp_path / "series.csv"
    file.write_text(SERIES, "utf-8-sig")
    np.testing.assert_array_equal(series_of(str(file), ["b", "a"]), np.array([[3, 1.5], [4, np.nan]], np.float32))
    file.write_text(SERIES.replace(";", "\t"))
    assert rows_of(str(file), ["a"])[0] == {"month": "2024-01", "a": "1,5", "b": "3"}


def test_columns_without_names_are_numbered(tmp_path: Path):
    file = tmp_path / "series.csv"
    file.write_text("7,2.5\n3,4\n")
    np.testing.assert_array_equal(series_of(str(file), ["2"]), np.array([[2.5], [4]], np.float32))


def test_a_missing_column_is_named(tmp_path: Path):
    file = tmp_path / "series.csv"
    file.write_text(SERIES)
    with pytest.raises(UserError, match="lacks these columns of numbers: c"):
        series_of(str(file), ["a", "c"])


def test_the_first_of_many_sequences_is_read(tmp_path: Path):
    np.savez(tmp_path / "many.npz", X=np.arange(6).reshape(2, 3), y=np.zeros(2))
    np.testing.assert_array_equal(series_of(str(tmp_path / "many.npz"), ["1"]), np.array([[0], [1], [2]], np.float32))
