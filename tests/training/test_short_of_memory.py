"""When memory is short in mid-run, the training goes on in smaller pieces, and comes to the same result."""

import gc
import weakref
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from torch import Tensor

from tests.training.runs import Seen, make_run, trained
from workbench.core.events import Failed, Finished, Warned
from workbench.core.run_folder import RunFolder
from workbench.core.run_reader import whole_history
from workbench.training import loop
from workbench.training.checkpoint import load_checkpoint
from workbench.training.setup import set_up
from workbench.training.trainee import Trainee
from workbench.training.worker import train_run


def limited(monkeypatch: pytest.MonkeyPatch, most: int, error: type[Exception] = torch.OutOfMemoryError) -> list[int]:
    """Let memory be short whenever more than `most` samples are computed at once; returns how many were, each time."""
    computed: list[int] = []

    def with_limit(*arguments: Any, **named: Any) -> Trainee:
        trainee = set_up(*arguments, **named)
        real = trainee.forward

        def forward(inputs: Tensor) -> Tensor:
            computed.append(len(inputs))
            if len(inputs) > most:
                raise error("[enforce fail] DefaultCPUAllocator: can't allocate memory: you tried to allocate 12 bytes")
            return real(inputs)

        trainee.forward = forward
        return trainee

    monkeypatch.setattr(loop, "set_up", with_limit)
    return computed


def losses(run: RunFolder) -> np.ndarray:
    return whole_history(run)[0].scalars["training_loss"][1]


def warnings(run: RunFolder) -> list[Warned]:
    return [event for event in whole_history(run)[0].events if isinstance(event, Warned)]


@pytest.mark.parametrize("error", [torch.OutOfMemoryError, RuntimeError, MemoryError])
def test_t3_a_step_that_does_not_fit_is_taken_in_smaller_pieces(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, error: type[Exception]
) -> None:
    usual, _ = trained(tmp_path, "training.epochs=1")
    computed = limited(monkeypatch, 10, error)
    run, ending = trained(tmp_path, "training.epochs=1")
    assert isinstance(ending, Finished)
    assert computed[:7] == [32, 16, 8, 8, 8, 8, 8]  # and not tried again at full size
    said = [str(warned.message) for warned in warnings(run)]
    assert len(said) == 2
    assert said[1].startswith("The memory was not enough at step 1: 8 samples are computed at once instead of 16, ")
    assert "still 32 for each change of the weights" in said[1]
    assert len(losses(run)) == len(losses(usual))
    assert np.allclose(losses(run), losses(usual), atol=1e-5)


def test_t3_who_resumes_goes_on_with_the_smaller_pieces(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    limited(monkeypatch, 10)
    run, _ = trained(tmp_path, "training.epochs=1")
    assert load_checkpoint(run.newest_checkpoints()[0]).extra["pieces"] == 4
    computed = limited(monkeypatch, 10)
    assert isinstance(train_run(run, ["training.epochs=2"]), Finished)
    assert max(computed) == 8


def test_t3_not_even_one_sample_fits(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    limited(monkeypatch, 0)
    run, ending = trained(tmp_path)
    assert isinstance(ending, Failed)
    assert ending.error["message"] == "Not even one sample at a time fits into the memory: {free} MB are free."
    assert "smaller network" in ending.error["hint"]
    assert run.asked.is_file()


def test_t3_any_other_error_of_a_step_ends_the_run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(inputs: Tensor) -> Tensor:
        raise RuntimeError("shapes do not match")

    def with_fault(*arguments: Any, **named: Any) -> Trainee:
        trainee = set_up(*arguments, **named)
        trainee.forward = broken
        return trainee

    monkeypatch.setattr(loop, "set_up", with_fault)
    run, ending = trained(tmp_path)
    assert isinstance(ending, Failed)
    assert "shapes do not match" in str(ending.error["values"])
    assert not warnings(run)


def test_memory_is_free_after_a_run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    networks: list[weakref.ref[Any]] = []

    def remembered(*arguments: Any, **named: Any) -> Trainee:
        trainee = set_up(*arguments, **named)
        networks.append(weakref.ref(trainee.network))
        return trainee

    monkeypatch.setattr(loop, "set_up", remembered)
    seen = Seen()
    train_run(make_run(tmp_path, "training.epochs=1"), (), seen)
    limited(monkeypatch, 0)
    trained(tmp_path)
    gc.collect()
    assert networks
    assert all(network() is None for network in networks)
