"""Every schedule: a pure, finite factor; and those that PyTorch has too follow it exactly."""

import json
import math
from collections.abc import Callable
from typing import Any

import pytest
import torch
from torch.optim import SGD, Optimizer
from torch.optim.lr_scheduler import (
    CosineAnnealingLR,
    LinearLR,
    LRScheduler,
    MultiStepLR,
    OneCycleLR,
    ReduceLROnPlateau,
    SequentialLR,
)

from workbench.core.registry import build_settings
from workbench.core.settings import Settings
from workbench.schedules import factor, reaction, schedules

TOTAL = 200


def curve(kind: str, total: int = TOTAL, **values: Any) -> list[float]:
    settings = schedules[kind].settings(**values)
    return [factor(settings, step, total) for step in range(total)]


@pytest.mark.parametrize("kind", schedules)
def test_it_says_what_it_is(kind: str) -> None:
    entry = schedules[kind]
    assert entry.title
    assert entry.summary.endswith(".")
    assert entry.settings().model_dump()["kind"] == kind
    for name, field in entry.settings.model_fields.items():
        assert name == "kind" or (field.title and field.description and field.description.endswith(".")), name


@pytest.mark.parametrize("kind", schedules)
def test_settings_survive_plain_values(kind: str) -> None:
    settings = schedules[kind].settings()
    plain = json.loads(json.dumps(settings.model_dump(mode="json")))
    assert build_settings(schedules, plain, kind, "training.schedule") == settings


@pytest.mark.parametrize("total", [1, 2, 3, 7, 1000])
@pytest.mark.parametrize("kind", schedules)
def test_the_factor_is_a_pure_function_that_moves_the_weights(kind: str, total: int) -> None:
    values = curve(kind, total)
    assert all(math.isfinite(value) and 0 <= value <= 1 for value in values)
    assert values[0] > 0, "a first step of nothing is a step for nothing"
    assert values == curve(kind, total)


@pytest.mark.parametrize("kind", [kind for kind in schedules if "warmup" in schedules[kind].settings.model_fields])
def test_the_warm_up_rises_to_the_full_rate(kind: str) -> None:
    values = curve(kind, 100, warmup=0.2)
    assert values[:20] == pytest.approx([(step + 1) / 20 for step in range(20)])
    assert values[20] == 1
    assert values[20:] == pytest.approx(curve(kind, 80, warmup=0))


def torchs(make: Callable[[Optimizer], LRScheduler], total: int = TOTAL) -> list[float]:
    """Return the factors of one of PyTorch's schedulers at a learning rate of 1."""
    optimizer = SGD([torch.zeros(1, requires_grad=True)], lr=1.0)
    scheduler = make(optimizer)
    values = []
    for _ in range(total):
        values.append(float(optimizer.param_groups[0]["lr"]))
        optimizer.step()
        scheduler.step()
    return values


def test_cosine_is_pytorchs() -> None:
    expected = torchs(lambda optimizer: CosineAnnealingLR(optimizer, T_max=TOTAL, eta_min=0.1))
    assert curve("cosine", final=0.1) == pytest.approx(expected, abs=1e-9)


def test_step_is_pytorchs() -> None:
    expected = torchs(lambda optimizer: MultiStepLR(optimizer, milestones=[80, 160], gamma=0.2))
    assert curve("step", drops=(0.4, 0.8), remaining=0.2) == pytest.approx(expected)


@pytest.mark.filterwarnings("ignore:Detected call of `lr_scheduler.step()`")
def test_one_cycle_is_pytorchs() -> None:
    def make(optimizer: Optimizer) -> LRScheduler:
        return OneCycleLR(optimizer, max_lr=1.0, total_steps=TOTAL + 1, pct_start=0.25, cycle_momentum=False)

    assert curve("one_cycle", TOTAL + 1, rise=0.25)[:-1] == pytest.approx(torchs(make), abs=1e-9)


@pytest.mark.filterwarnings("ignore:The epoch parameter in `scheduler.step()`")
def test_linear_is_pytorchs() -> None:
    def make(optimizer: Optimizer) -> LRScheduler:
        rise = LinearLR(optimizer, start_factor=1 / 20, end_factor=1.0, total_iters=19)
        fall = LinearLR(optimizer, start_factor=1.0, end_factor=0.0, total_iters=TOTAL - 20)
        return SequentialLR(optimizer, [rise, fall], milestones=[20])

    assert curve("linear_warmup_decay", warmup=0.1) == pytest.approx(torchs(make), abs=1e-9)


@pytest.mark.parametrize("better", ["lower", "higher"])
def test_plateau_is_pytorchs(better: Any) -> None:
    metrics = [1.0, 0.9, 0.9, 0.9, 0.9, 0.7, 0.71, float("nan"), 0.7, 0.69999, 0.5, 1.5, 2.0, 2.1, 2.1, 2.1, 2.1, 2.1]
    optimizer = SGD([torch.zeros(1, requires_grad=True)], lr=1.0)
    mode = "min" if better == "lower" else "max"
    expected = ReduceLROnPlateau(optimizer, mode=mode, factor=0.5, patience=2, min_lr=0.2)
    found = reaction(plateau(), better)
    assert found is not None
    for metric in metrics:
        expected.step(metric)
        assert found.observe(metric) == pytest.approx(optimizer.param_groups[0]["lr"])
    assert found.factor < 1


def plateau() -> Settings:
    return schedules["reduce_on_plateau"].settings(patience=2, remaining=0.5, final=0.2)  # type: ignore[call-arg]


def test_plateau_goes_on_from_its_state() -> None:
    first, second = reaction(plateau()), reaction(plateau())
    assert first is not None
    assert second is not None
    for metric in (1.0, 2.0, 2.0):
        first.observe(metric)
    second.restore(json.loads(json.dumps(first.state())))
    assert first.observe(2.0) == second.observe(2.0) == 0.5
    assert second.state() == first.state()


def test_a_loss_that_is_infinite_from_the_start_is_no_best() -> None:
    found = reaction(plateau())
    assert found is not None
    found.observe(float("inf"))
    assert found.state()["best"] is None
    found.observe(3.0)
    assert found.state()["best"] == 3.0


@pytest.mark.parametrize("kind", schedules)
def test_only_those_that_react_have_a_reaction(kind: str) -> None:
    assert (reaction(schedules[kind].settings()) is not None) == schedules[kind].reacts
