"""Rows in a file: what is written comes back, whichever rows are asked for, and numpy reads the file too."""

import pickle
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from workbench.data.row_file import RowFile, RowWriter


@pytest.fixture(scope="module")
def rows(tmp_path_factory: pytest.TempPathFactory) -> tuple[np.ndarray, RowFile]:
    values = np.random.default_rng(0).standard_normal((1000, 3)).astype(np.float32)
    path = tmp_path_factory.mktemp("rows") / "inputs.npy"
    with RowWriter(path, np.float32, (3,)) as writer:
        for begin in range(0, 1000, 300):
            writer.append(values[begin : begin + 300])
    return values, RowFile(path)


def test_numpy_reads_what_was_written(rows: tuple[np.ndarray, RowFile]) -> None:
    values, file = rows
    assert np.array_equal(np.load(file.path), values)
    assert (file.shape, file.dtype, len(file)) == ((1000, 3), np.float32, 1000)


@given(wanted=st.lists(st.integers(-1000, 999), max_size=40))
def test_any_rows_come_in_the_order_asked_for(rows: tuple[np.ndarray, RowFile], wanted: list[int]) -> None:
    values, file = rows
    assert np.array_equal(file[np.array(wanted, np.int64)], values[np.array(wanted, np.int64)])


def test_slices_single_rows_and_dense_rows(rows: tuple[np.ndarray, RowFile]) -> None:
    values, file = rows
    for part in (slice(10, 20), slice(None), slice(990, 2000), slice(5, 5), slice(100, 10, -7)):
        assert np.array_equal(file[part], values[part])
    assert np.array_equal(file[7], values[7])
    some = np.array([[5, 8], [6, 900]])
    assert np.array_equal(file[some], values[some])
    with pytest.raises(IndexError, match="1000 rows"):
        file[np.array([1000])]


def test_a_file_can_be_handed_to_another_process(rows: tuple[np.ndarray, RowFile]) -> None:
    values, file = rows
    assert np.array_equal(pickle.loads(pickle.dumps(file))[3:5], values[3:5])


def test_a_file_that_was_cut_off_is_noticed(rows: tuple[np.ndarray, RowFile], tmp_path: Path) -> None:
    cut = tmp_path / "cut.npy"
    cut.write_bytes(rows[1].path.read_bytes()[:-100])
    with pytest.raises(OSError, match="ends too early"):
        RowFile(cut)[990:]
