"""Forecasting: units, changes from the last value, errors by step of the horizon, and what is better than nothing."""

from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
import torch

from workbench.core.signature import Inputs
from workbench.data.dataset import Split, TargetScale, Window
from workbench.data.series_preprocessing import SeriesPreprocessing
from workbench.metrics import metrics
from workbench.tasks import tasks
from workbench.tasks.forecasting import Forecasting

GENERATOR = torch.Generator().manual_seed(0)
GOAL: dict[str, Any] = {
    "names": ["a", "b"],
    "mean": [10.0, 0.0],
    "std": [2.0, 1.0],
    "places": [0, 2],
    "horizon": 3,
    "changes": False,
    "spread": [1.0, 1.0],
    "loss": "auto",
}
WINDOWS = torch.randn((5, 4, 3), generator=GENERATOR)  # standardised, three columns
COMING = torch.randn((5, 3, 2), generator=GENERATOR) * 2 + 5  # in the units of the data


def task(**goal: Any) -> Forecasting:
    found = tasks["forecasting"].bound({**GOAL, **goal})
    assert isinstance(found, Forecasting)
    return found


RAW = WINDOWS * torch.tensor([2.0, 1.0, 1.0]) + torch.tensor([10.0, 0.0, 0.0])


def prepared(bound: Forecasting) -> torch.Tensor:
    steps = torch.cat((RAW[:, -1:, bound.goal["places"]], COMING), dim=1)
    inputs, targets = bound.prepare(WINDOWS, steps.flatten(1), GENERATOR, training=True)
    assert inputs is WINDOWS
    return targets


def perfect(bound: Forecasting, targets: torch.Tensor) -> torch.Tensor:
    """Return the outputs of a network that is never wrong."""
    steps = targets.unflatten(1, (4, 2))
    wanted = steps[:, 1:] - (steps[:, :1] if bound.goal["changes"] else 0)
    return (wanted / torch.tensor(bound.goal["spread"])).flatten(1)


def judged(bound: Forecasting, outputs: torch.Tensor, targets: torch.Tensor) -> dict[str, float]:
    chosen = {name: metrics[name].total for name in bound.metrics}
    totals = bound.totals(chosen, outputs, targets)
    return {name: metrics[name].value(totals[name], len(targets)) for name in chosen}


@pytest.mark.parametrize("goal", [{}, {"changes": True, "spread": [0.5, 2.0]}])
def test_a_perfect_forecast_has_no_error_and_the_last_value_has_one(goal: dict[str, Any]) -> None:
    bound = task(**goal)
    targets = prepared(bound)
    right = perfect(bound, targets)
    assert bound.loss(right, targets) < 1e-10
    assert judged(bound, right, targets) == pytest.approx({"relative_mae": 0, "mae": 0, "rmse": 0}, abs=1e-6)
    [first, *_] = bound.answers(right, RAW, (), 5, None)
    np.testing.assert_allclose(first["values"]["a"], COMING[0, :, 0], rtol=1e-5)
    np.testing.assert_allclose(first["values"]["b"], COMING[0, :, 1], rtol=1e-5)
    naive = targets.unflatten(1, (4, 2))[:, :1].expand(-1, 3, -1)
    told = torch.zeros_like(right) if bound.goal["changes"] else naive.flatten(1)
    assert judged(bound, told, targets)["relative_mae"] == pytest.approx(1)


@pytest.mark.parametrize("loss", ["auto", "mae", "huber"])
def test_the_sum_of_losses_over_parts_is_that_of_the_whole(loss: str) -> None:
    bound = task(loss=loss)
    targets, outputs = prepared(bound), torch.randn((5, 6), generator=GENERATOR)
    parts = [bound.loss(outputs[rows], targets[rows], reduction="sum") for rows in (slice(0, 2), slice(2, 5))]
    torch.testing.assert_close(bound.loss(outputs, targets), (parts[0] + parts[1]) / 5)


def test_metrics_are_in_the_units_of_the_data() -> None:
    bound = task()
    targets = prepared(bound)
    outputs = perfect(bound, targets) + 1.0  # one deviation off: 2 in the first column, 1 in the second
    found = judged(bound, outputs, targets)
    assert found["mae"] == pytest.approx(1.5, rel=1e-5)
    assert found["rmse"] == pytest.approx(2.5**0.5, rel=1e-5)


def test_an_evaluation_tells_the_error_of_every_step() -> None:
    bound = task()
    targets = prepared(bound)
    outputs = perfect(bound, targets).unflatten(1, (3, 2))
    outputs[:, 2, 0] += 0.5  # the last step of the first column is 1 off
    kept = bound.kept(outputs.flatten(1), targets)
    found = bound.details(*kept, (), [f"w{row}" for row in range(5)])
    first, second = found["horizon"]
    assert [row["step"] for row in first["steps"]] == [1, 2, 3]
    assert [row["mae"] for row in first["steps"]] == pytest.approx([0, 0, 1], abs=1e-4)
    last = WINDOWS[:, -1, 0] * 2 + 10
    assert first["steps"][1]["naive"] == pytest.approx(float((COMING[:, 1, 0] - last).abs().mean()), rel=1e-4)
    assert second["name"] == "b"
    assert [(part["name"], part["step"]) for part in found["forecasts"]] == [("a", 1), ("a", 3), ("b", 1), ("b", 3)]
    np.testing.assert_allclose(found["forecasts"][1]["predicted"], COMING[:, 2, 0] + 1, rtol=1e-5)
    assert found["forecasts"][0]["windows"] == ["w0", "w1", "w2", "w3", "w4"]
    assert len(found["worst"]) == 5


def test_one_column_gives_a_plain_list() -> None:
    bound = task(names=["a"], mean=[10.0], std=[2.0], places=[0], spread=[1.0])
    assert bound.predictions(torch.tensor([[11.0, 12.0, 13.0]]), ()) == [{"values": [11, 12, 13]}]


def dataset(series: np.ndarray, wish: str = "auto") -> Any:
    index = np.arange(len(series) - 12)
    split = Split(series[:, None].astype(np.float32), index, np.zeros((len(index), 0)), [], Window(8, 4, (0,)))
    facts = {"forecast": wish, "columns": ["x"], "borders": [len(series)], "form": "long", "missing": "previous"}
    target = TargetScale(("x",), (series.mean(),), (series.std(),))
    return SimpleNamespace(training=split, facts=facts, target=target, inputs=Inputs("series", (8, 1)))


def test_a_series_that_drifts_is_read_and_forecast_as_changes() -> None:
    drifting = np.cumsum(np.random.default_rng(0).normal(size=400))
    waving = np.sin(np.arange(400) / 2)
    for series, wish, expected in (
        (drifting, "auto", True),
        (drifting, "values", False),
        (waving, "auto", False),
        (waving, "changes", True),
    ):
        data = dataset(series, wish)
        fitted = SeriesPreprocessing.fitted(data)
        goal = Forecasting().goal_for(data, fitted, None)
        assert goal["changes"] is fitted.relative is expected
        assert (goal["spread"] == [1.0]) is not expected
        assert SeriesPreprocessing.from_plain(fitted.to_plain()) == fitted
    higher = torch.from_numpy(data.training.rows(np.array([3]))) + 1000
    torch.testing.assert_close(fitted.tensor(higher), fitted.tensor(higher - 1000), atol=1e-3, rtol=1e-3)


def test_a_constant_series_does_not_divide_by_zero() -> None:
    total = metrics["relative_mae"].total(torch.zeros(2, 3, 1), torch.zeros(2, 4, 1))
    assert metrics["relative_mae"].value(total, 2) == 1
    total = metrics["relative_mae"].total(torch.ones(2, 3, 1), torch.zeros(2, 4, 1))
    assert metrics["relative_mae"].value(total, 2) == float("inf")
