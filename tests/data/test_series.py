"""Series: windows in the order of time, gaps, labelled sequences of any length, and what is refused with its reason."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import polars
import pytest

from workbench.core.errors import UserError
from workbench.data import Dataset, open_data, recognise
from workbench.data.checks import require_trainable
from workbench.data.series import SeriesSettings
from workbench.data.series_gaps import filled, longest
from workbench.data.series_preprocessing import SeriesPreprocessing
from workbench.recipe import recipe_from, task_of


def csv(folder: Path, rows: int = 100, name: str = "long.csv", head: str = "month,a,b") -> Path:
    lines = [f"{1950 + row // 12}-{1 + row % 12:02},{row},{-row}" for row in range(rows)]
    path = folder / name
    path.write_text("\n".join([head, *lines]) + "\n", encoding="utf-8")
    return path


def opened(path: Path, **settings: Any) -> Dataset:
    return open_data(SeriesSettings(path=str(path), **settings))


def words(dataset: Dataset) -> str:
    return " ".join(str(problem.words) for problem in dataset.problems)


def message(error: pytest.ExceptionInfo[UserError]) -> str:
    return str(error.value)


def test_windows_lie_in_the_order_of_time_and_straddle_no_border(tmp_path: Path) -> None:
    dataset = opened(csv(tmp_path), window=6, horizon=2, validation=0.2, test=0.2, targets="b")
    assert dataset.task == "forecasting"
    assert dataset.facts["time"] == "month"
    assert dataset.facts["columns"] == ["a", "b"]
    for split, (begin, end) in {"training": (0, 60), "validation": (60, 80), "test": (80, 100)}.items():
        part = dataset.splits[split]
        assert part.index.tolist() == list(range(begin, end - 8 + 1))
        assert part.rows()[0, :, 0].tolist() == list(range(begin, begin + 6))
        assert part.ahead()[-1].tolist() == [[-(end - 2)], [-(end - 1)]]
    assert dataset.outputs == 2
    assert dataset.target is not None
    assert dataset.target.names == ("b",)
    assert dataset.target.mean[0] == pytest.approx(-29.5)
    assert dataset.test.names[0] == f"{1950 + 86 // 12}-{1 + 86 % 12:02}"
    assert recognise(tmp_path / "long.csv").kind == "series"


def test_a_stride_leaves_windows_out(tmp_path: Path) -> None:
    dataset = opened(csv(tmp_path), window=6, horizon=2, stride=5)
    assert np.diff(dataset.training.index).tolist() == [5] * (len(dataset.training) - 1)


def test_parquet_with_dates_and_chinese_gb18030(tmp_path: Path) -> None:
    days = polars.date_range(polars.date(2020, 1, 1), polars.date(2020, 3, 1), eager=True)
    frame = polars.DataFrame({"when": days, "x": np.arange(len(days)), "note": ["text"] * len(days)})
    frame.write_parquet(tmp_path / "days.parquet")
    dataset = opened(tmp_path / "days.parquet", window=4, horizon=1)
    assert dataset.facts["time"] == "when"
    assert dataset.training.names[0] == "2020-01-05"
    assert "Left out, because they hold no numbers: note" in words(dataset)
    lines = ["时间,气温", *(f"2020年{row % 12 + 1}月,{row}" for row in range(40))]
    (tmp_path / "chinese.csv").write_bytes("\n".join(lines).encode("gb18030"))
    dataset = opened(tmp_path / "chinese.csv", window=4, horizon=1)
    assert dataset.facts["columns"] == ["气温"]
    assert "do not always rise" in words(dataset)


def test_a_series_shorter_than_its_window_is_refused_before_training(tmp_path: Path) -> None:
    path = csv(tmp_path, 20)
    with pytest.raises(UserError) as error:
        opened(path, window=24, horizon=6)
    assert message(error).startswith("long.csv has 20 rows, but a window of 24 and a horizon of 6 need 30.")
    with pytest.raises(UserError) as error:
        opened(path, window=12, horizon=6, validation=0.2, test=0.2)
    assert "The first 12 rows of long.csv are for training, fewer than a window and its horizon, 18." in message(error)
    dataset = opened(path, window=4, horizon=2)
    assert "Test: 2 rows are fewer than a window and its horizon, 6." in words(dataset)
    require_trainable(dataset)


def test_gaps_are_filled_as_wished_and_told_of(tmp_path: Path) -> None:
    path = tmp_path / "gaps.csv"
    cells = [str(row) for row in range(60)]
    cells[10] = cells[11] = cells[30] = ""
    path.write_text(
        "date,x\n" + "\n".join(f"2020-01-01 {row // 60:02}:{row:02},{cell}" for row, cell in enumerate(cells))
    )
    told = opened(path, window=4, horizon=1)
    assert "3 numbers of gaps.csv are missing and were filled in; the longest gap has 2 rows." in words(told)
    assert np.asarray(told.training.inputs)[9:13, 0].tolist() == [9, 9, 9, 12]
    between = opened(path, window=4, horizon=1, missing="interpolate")
    assert np.asarray(between.training.inputs)[9:13, 0].tolist() == [9, 10, 11, 12]
    with pytest.raises(UserError, match=r"x has no number in 3 of 60 rows of gaps\.csv, at first in row 11"):
        opened(path, missing="refuse")


def test_gaps_at_the_ends_take_the_nearest_number() -> None:
    values = np.array([[np.nan], [1], [np.nan], [3], [np.nan]], np.float32)
    assert filled(values, "previous").ravel().tolist() == [1, 1, 1, 3, 3]
    assert filled(values, "interpolate").ravel().tolist() == [1, 1, 2, 3, 3]
    assert longest(np.isnan(values)) == 1


def test_times_that_jump_are_told_of(tmp_path: Path) -> None:
    days = [day for day in range(1, 29) if day not in (9, 10, 20)]
    (tmp_path / "jumps.csv").write_text("day,x\n" + "\n".join(f"2021-02-{day:02},{day}" for day in days))
    dataset = opened(tmp_path / "jumps.csv", window=3, horizon=1)
    assert "The times in day of jumps.csv jump 2 times" in words(dataset)
    assert next(problem.items for problem in dataset.problems if problem.items) == ("2021-02-08", "2021-02-19")


def test_rows_that_are_only_counted_make_a_table(tmp_path: Path) -> None:
    path = tmp_path / "numbered.csv"
    path.write_text("id,x,y\n" + "\n".join(f"{row},{row % 7},{row % 5}.5" for row in range(40)))
    assert recognise(path).kind == "table"
    assert opened(path, window=4, horizon=1).facts["columns"] == ["x", "y"]


@pytest.mark.parametrize(
    ("content", "settings", "said"),
    [
        ("date,x\n2020-01-01,a\n2020-01-02,b\n", {}, "has no column of numbers"),
        ("date,x,t\n2020-01-01,1,a\n2020-01-02,2,b\n", {"columns": "t"}, "The column t of bad.csv holds no numbers"),
        ("date,x\n2020-01-01,1\n2020-01-02,2\n", {"targets": "z"}, "bad.csv has no column z"),
        (
            "date,x,y\n2020-01-01,1,\n2020-01-02,2,\n",
            {"columns": ("x", "y")},
            "The column y of bad.csv holds no numbers",
        ),
        ("date,x\n2020-01-01,1\n2020-01-02,2\n", {"task": "classification"}, "do not pose the task classification"),
        ("date,x\n", {}, "bad.csv"),
    ],
)
def test_what_cannot_be_a_series_is_refused(tmp_path: Path, content: str, settings: dict[str, Any], said: str) -> None:
    (tmp_path / "bad.csv").write_text(content)
    with pytest.raises(UserError, match=said):
        opened(tmp_path / "bad.csv", **settings)


def test_a_line_of_a_hundred_megabytes_is_refused(tmp_path: Path) -> None:
    with (tmp_path / "endless.csv").open("wb") as file:
        file.write(b"date,x\n2020-01-01,1\n2020-01-02,")
        file.seek(100_000_000)
        file.write(b"1\n")
    with pytest.raises(UserError, match=r"Line 3 of endless\.csv is longer than"):
        opened(tmp_path / "endless.csv")


def folder_of(place: Path, lengths: Sequence[int]) -> Path:
    for number, length in enumerate(lengths):
        folder = place / "kinds" / "ab"[number % 2]
        folder.mkdir(parents=True, exist_ok=True)
        rows = "\n".join(f"{number},{step}" for step in range(length))
        (folder / f"{number}.csv").write_text(f"x,y\n{rows}\n")
    return place / "kinds"


def test_sequences_of_mixed_lengths_are_padded_or_refused(tmp_path: Path) -> None:
    path = folder_of(tmp_path, [5 + number % 3 for number in range(30)])
    dataset = opened(path)
    assert dataset.classes == ("a", "b")
    assert dataset.inputs.shape == (7, 2)
    assert "The sequences have 5 to 7 steps, 6 in the middle; shorter ones are padded." in words(dataset)
    short = next(row for row in dataset.training.rows() if np.isnan(row[-1]).all())
    assert not np.isnan(short[:5]).any()
    with pytest.raises(UserError, match=r"The sequences in kinds have 5 to 7 steps\."):
        opened(path, lengths="refuse")


def test_files_that_cannot_be_read_are_skipped_with_the_reason(tmp_path: Path) -> None:
    path = folder_of(tmp_path, [6] * 20)
    (path / "a" / "empty.csv").write_text("")
    (path / "b" / "other.csv").write_text("x,z\n1,2\n3,4\n")
    dataset = opened(path)
    assert len(dataset) == 20
    reasons = {item.name: str(item.reason) for item in dataset.skipped}
    assert reasons["a/empty.csv"] == "empty.csv is empty."
    assert reasons["b/other.csv"] == "other.csv has no column y."


def save(folder: Path, **arrays: Any) -> Path:
    np.savez(folder / "arrays.npz", **arrays)
    return folder / "arrays.npz"


def test_arrays_pose_classes_or_numbers_by_their_answers(tmp_path: Path) -> None:
    inputs = np.random.default_rng(0).normal(size=(40, 7, 2))
    inputs[3] = np.nan
    classes = opened(save(tmp_path, X=inputs, y=np.arange(40) % 3))
    assert (classes.task, classes.classes, classes.inputs.shape) == ("classification", ("0", "1", "2"), (7, 2))
    assert [(item.name, str(item.reason)) for item in classes.skipped] == [("X[3]", "It holds no numbers.")]
    answers = np.linspace(0, 1, 40)
    answers[5] = np.nan
    numbers = opened(save(tmp_path, X=inputs, y=answers))
    assert numbers.task == "regression"
    assert numbers.target is not None
    assert {item.name: str(item.reason) for item in numbers.skipped}["X[5]"] == "It has no target."
    assert SeriesSettings(path=str(tmp_path / "arrays.npz")).tasks(()) == ("regression", "reconstruction")
    words_ = opened(save(tmp_path, x=inputs[:, :, 0], Y=np.array(["up", "down"] * 20)))
    assert (words_.classes, words_.inputs.shape) == (("down", "up"), (7, 1))
    asked = opened(save(tmp_path, X=inputs, y=np.arange(40) % 3), task="regression")
    assert asked.task == "regression"


@pytest.mark.parametrize(
    ("arrays", "said"),
    [
        ({"X": np.zeros((3, 4))}, "has no array called y"),
        ({"X": np.zeros((3, 4, 2, 2)), "y": np.zeros(3)}, "X in arrays.npz has the shape 3 × 4 × 2 × 2"),
        ({"X": np.ones((3, 4)), "y": np.zeros(5)}, "holds 3 sequences, but 5 answers"),
        ({"X": np.array([[1, 2], [3]], dtype=object), "y": np.zeros(2)}, "could not be read as arrays"),
        ({"X": np.ones((1200, 2)), "y": np.array([f"n{row}" for row in range(1200)])}, "more than 1,000 classes"),
        ({"X": np.full((3, 2), np.nan), "y": np.zeros(3)}, "No sequence in arrays.npz has numbers and an answer"),
    ],
)
def test_arrays_that_do_not_fit_are_refused(tmp_path: Path, arrays: dict[str, Any], said: str) -> None:
    with pytest.raises(UserError, match=said):
        opened(save(tmp_path, **arrays))


def test_preprocessing_knows_the_training_rows_alone(tmp_path: Path) -> None:
    torch = pytest.importorskip("torch")
    dataset = opened(csv(tmp_path), window=6, horizon=2, validation=0.2, test=0.2, forecast="values")
    fitted = SeriesPreprocessing.fitted(dataset)
    assert fitted.mean == pytest.approx((29.5, -29.5))
    assert fitted.std == pytest.approx((np.arange(60).std(),) * 2)
    assert SeriesPreprocessing.from_plain(fitted.to_plain()) == fitted
    batch = torch.from_numpy(dataset.test.rows(np.array([0, 1])))
    expected = (batch.numpy() - np.array(fitted.mean)) / np.array(fitted.std)
    np.testing.assert_allclose(fitted.tensor(batch).numpy(), expected, rtol=1e-5)
    assert fitted.encode(tmp_path / "long.csv")[-1].tolist() == [99, -99]
    with pytest.raises(UserError, match=r"long.csv has 5 rows, but the model reads 6."):
        fitted.encode(csv(tmp_path, 5))
    (tmp_path / "one.csv").write_text("a\n1\n2\n")
    with pytest.raises(UserError, match="lacks these columns of numbers: b"):
        fitted.encode(tmp_path / "one.csv")


def test_padding_stays_visible_only_for_networks_that_look_for_it(tmp_path: Path) -> None:
    torch = pytest.importorskip("torch")
    dataset = opened(folder_of(tmp_path, [5 + number % 3 for number in range(30)]))
    blind = SeriesPreprocessing.fitted(dataset)
    seeing = SeriesPreprocessing.fitted(dataset, type("Settings", (), {"sees_padding": True}))
    batch = torch.from_numpy(blind.encode(np.ones((4, 2), np.float32)))[None]
    assert blind.tensor(batch)[0, 4:].tolist() == [[0, 0]] * 3
    assert seeing.tensor(batch)[0, 4:].isnan().all()
    assert not seeing.tensor(batch)[0, :4].isnan().any()


def test_a_recipe_takes_the_recurrent_network_and_poses_forecasting(tmp_path: Path) -> None:
    recipe = recipe_from({"data": {"kind": "series", "path": str(csv(tmp_path))}})
    assert getattr(recipe.architecture, "kind", "") == "rnn"
    assert task_of(recipe) == "forecasting"
