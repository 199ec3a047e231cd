from typing import Any

import pytest
import torch

from tests.training.runs import small_recipe
from workbench.core.errors import UserError
from workbench.core.events import Event, Preparing
from workbench.engine import ask
from workbench.recipe import recipe_from
from workbench.training import measuring
from workbench.training.measuring import measure
from workbench.training.stepping import take_step
from workbench.training.trainee import Trainee


def test_a_recipe_is_measured_by_training_it() -> None:
    seen: list[Event] = []
    cost = measure(recipe_from(small_recipe()), seen.append)
    assert cost.seconds_per_step > 0
    assert abs(cost.seconds_per_epoch - 6 * cost.seconds_per_step) < 1e-9
    assert cost.memory >= 0
    assert cost.device == "cpu"
    assert (cost.fits, cost.batch_size) == (True, 32)
    assert any(isinstance(event, Preparing) for event in seen)


def test_the_engine_answers_with_plain_values() -> None:
    answer = ask("model.measure", {"recipe": small_recipe()})
    assert set(answer) == {
        "memory", "seconds_per_step", "seconds_per_epoch", "samples_per_second", "device", "batch_size", "fits", "free",
    }  # fmt: skip


def test_t3_what_does_not_fit_is_measured_at_the_batch_that_does(monkeypatch: pytest.MonkeyPatch) -> None:
    """Memory is short from 20 samples on: 2 and 8 are tried, 32 fails, and no other step of that size is tried."""
    tried: list[int] = []

    def limited(trainee: Trainee, parts: list[Any], *rest: Any) -> Any:
        tried.append(len(parts[0][0]))
        if tried[-1] > 20:
            raise torch.OutOfMemoryError("CUDA out of memory")
        return take_step(trainee, parts, *rest)

    monkeypatch.setattr(measuring, "take_step", limited)
    cost = measure(recipe_from(small_recipe()), lambda event: None)
    assert (cost.fits, cost.batch_size) == (False, 8)
    assert tried == [2, 8, 32, 8, 8]
    assert cost.seconds_per_epoch > cost.seconds_per_step


def test_t3_a_step_that_would_not_fit_is_not_even_tried(monkeypatch: pytest.MonkeyPatch) -> None:
    """On a CPU the system would end the process: each sample takes 1 MB of the 24 MB that may be taken."""
    tried: list[int] = []

    def counted(trainee: Trainee, parts: list[Any], *rest: Any) -> Any:
        tried.append(len(parts[0][0]))
        return take_step(trainee, parts, *rest)

    monkeypatch.setattr(measuring, "take_step", counted)
    monkeypatch.setattr(measuring, "free_memory", lambda device: 24e6 / 0.9)
    monkeypatch.setattr(measuring, "_memory", lambda trainee, before: max(tried) * 1e6)
    cost = measure(recipe_from(small_recipe()), lambda event: None)
    assert max(tried) == 24
    assert (cost.fits, cost.batch_size, cost.memory) == (False, 24, 24e6)


def test_t3_not_even_a_small_step_fits(monkeypatch: pytest.MonkeyPatch) -> None:
    def short(*arguments: Any) -> Any:
        raise MemoryError

    monkeypatch.setattr(measuring, "take_step", short)
    with pytest.raises(UserError, match="The memory is not enough for this training"):
        ask("model.measure", {"recipe": small_recipe()})
