"""Pruning: what is zero stays zero, the rest goes on, and units that are gone leave a smaller network."""

from pathlib import Path
from typing import Any

import pytest
import torch
from torch import nn

from tests.architectures.test_architectures import EXAMPLES, FIRST, made
from tests.training.runs import Seen, make_run, trained
from workbench.architectures import architectures, build
from workbench.core.errors import UserError
from workbench.core.events import Failed, Finished, ModelSaved
from workbench.core.run_folder import RunFolder
from workbench.core.signature import Inputs
from workbench.hyperparameters.pruning import Pruning
from workbench.inference.model_folder import model_of, read_model
from workbench.networks.narrowing import without_zeros
from workbench.recipe import recipe_from
from workbench.training.checkpoint import newest_sound
from workbench.training.pruning import Pruner, due_share, removable
from workbench.training.verifying import verify_resume
from workbench.training.worker import train_run

HALF = ("training.pruning.share=0.5", "training.epochs=4")
UNITS = (*HALF, "training.pruning.structure=structured")


def zeros_of(run: RunFolder) -> dict[str, float]:
    """Return the share of zeros in each matrix of the run's best model."""
    state = read_model(model_of(run)).network.state_dict()
    return {name: float(tensor.eq(0).float().mean()) for name, tensor in state.items() if tensor.dim() > 1}


def test_the_share_grows_with_the_third_power_and_then_stays() -> None:
    chosen = Pruning(share=0.8, begin=0.2, end=0.6)
    due = [due_share(chosen, step, 100) for step in range(101)]
    assert due[19] == 0
    assert due[40] == pytest.approx(0.8 * (1 - 0.5**3))
    assert due[60:] == [0.8] * 41
    assert due == sorted(due)
    assert due_share(Pruning(share=0.8, begin=0, end=0), 1, 100) == 0.8


def test_single_weights_of_every_layer_and_the_least_of_them(tmp_path: Path) -> None:
    folder, ending = trained(tmp_path, *HALF, "training.ema=0.9", "training.optimizer.learning_rate=0.02")
    assert isinstance(ending, Finished)
    zeros = zeros_of(folder)
    assert len(zeros) == 4
    assert all(share == pytest.approx(0.5, abs=0.02) for share in zeros.values()), "the average holds them too"
    assert read_model(model_of(folder)).description["pruned"] == 0.5
    assert ending.metrics["training_accuracy"] > 0.2, "the rest learns on"


@pytest.mark.parametrize("optimizer", ["adamw", "sgd"])
def test_it_is_resumed_to_the_last_bit_before_and_after_the_share_is_reached(tmp_path: Path, optimizer: str) -> None:
    folder, _ = trained(tmp_path, *HALF, "training.pruning.end=1.0", f"training.optimizer.kind={optimizer}")
    verified: Any = verify_resume(folder, lambda *_: None, 4)
    assert verified.identical
    loaded, _ = newest_sound(folder)
    assert loaded is not None
    assert loaded.extra["pruned"] == 0.5
    for name, mask in loaded.masks.items():
        assert bool(loaded.weights[name][mask].eq(0).all())


def test_a_run_that_is_stopped_half_way_goes_on_as_if_it_had_not_been(tmp_path: Path) -> None:
    whole, _ = trained(tmp_path, *HALF)
    folder = make_run(tmp_path, *HALF)
    seen = Seen(ModelSaved, lambda _: folder.write_wish("stop"))
    train_run(folder, on_event=seen)
    assert isinstance(train_run(folder), Finished)
    assert len(folder.attempts()) == 2
    ends = [newest_sound(run)[0] for run in (whole, folder)]
    assert ends[0] is not None
    assert ends[1] is not None
    assert all(torch.equal(tensor, ends[1].weights[name]) for name, tensor in ends[0].weights.items())


def test_the_best_model_is_one_that_was_pruned(tmp_path: Path) -> None:
    choice = (*HALF, "training.pruning.end=0.9", "training.patience=1", "training.target_metric=accuracy")
    folder = make_run(tmp_path, *choice, "training.target_value=0.01")
    seen = Seen()
    assert isinstance(train_run(folder, on_event=seen), Finished)
    saved = [event for event in seen.of(ModelSaved) if event.best]
    assert saved[-1].epoch == 4, "no epoch before the whole share was pruned was the best, or the last"
    assert all(share >= 0.48 for share in zeros_of(folder).values())


@pytest.mark.parametrize(
    ("architecture", "widths"),
    [
        (
            {"kind": "convnet", "widths": [4, 8], "hidden": [16], "normalization": "batch"},
            {"widths": [2, 4], "hidden": [8]},
        ),
        ({"kind": "mlp", "hidden": [20, 11], "normalization": "batch"}, {"hidden": [10, 6]}),
    ],
)
def test_units_leave_a_smaller_network_that_tells_the_same(
    tmp_path: Path, architecture: dict[str, Any], widths: dict[str, list[int]]
) -> None:
    folder, ending = trained(tmp_path, *UNITS, architecture=architecture)
    assert isinstance(ending, Finished)
    model = read_model(model_of(folder))
    kept = {name: model.description["architecture"][name] for name in widths}
    assert kept == widths
    loaded, _ = newest_sound(folder)
    assert loaded is not None
    settings: Any = architectures[architecture["kind"]].settings.model_validate(architecture)
    whole = build(settings, model.inputs, model.outputs)
    whole.load_state_dict(loaded.weights)
    images = torch.randn(5, *model.inputs.shape)
    small, widened = without_zeros(whole, loaded.weights)
    assert sum(widened) < sum(sum(width) for width in widths.values()) * 1.01
    made_small = build(settings.model_validate({**architecture, **widths}), model.inputs, model.outputs)
    made_small.load_state_dict(small)
    with torch.inference_mode():
        torch.testing.assert_close(made_small.eval()(images), whole.eval()(images), atol=1e-5, rtol=1e-5)


@pytest.mark.parametrize("structure", ["unstructured", "structured"])
@pytest.mark.parametrize("case", FIRST, ids=lambda case: "-".join(case))
def test_every_architecture_is_pruned_and_computes(case: tuple[str, str, str], structure: Any) -> None:
    network, inputs = made(*case)
    entry = architectures[case[0]]
    settings: Any = entry.settings.model_validate(dict(entry.tiny))
    chosen = Pruning(share=0.5, structure=structure)
    layers = [module for module in network.modules() if isinstance(module, nn.Linear | nn.Conv1d | nn.Conv2d)]
    if structure == "structured" and len(layers) <= 1:
        with pytest.raises(UserError, match="nothing to prune"):
            Pruner(network, settings, chosen)
        return
    pruner = Pruner(network, settings, chosen)
    pruner.after_step(1, 1)
    state = dict(network.named_parameters())
    assert pruner.masks
    for name, mask in pruner.masks.items():
        assert 0.2 < float(mask.float().mean()) <= 0.5, name
        assert bool(state[name].detach()[mask].eq(0).all())
    with torch.inference_mode():
        before = network.eval()(inputs)
    assert bool(torch.isfinite(before).all())
    if structure == "structured" and removable(network, settings):
        plain = {"architecture": settings.model_dump()}
        left, described = pruner.as_kept(network.state_dict(), plain)
        smaller = build(entry.settings.model_validate(described["architecture"]), EXAMPLES[case[1]], before.shape[-1])
        smaller.load_state_dict(left)
        assert sum(part.numel() for part in smaller.parameters()) < 0.8 * sum(part.numel() for part in state.values())
        with torch.inference_mode():
            torch.testing.assert_close(smaller.eval()(inputs), before, atol=1e-5, rtol=1e-5)


def test_what_cannot_be_pruned_is_said(tmp_path: Path) -> None:
    folder, ending = trained(tmp_path, *UNITS, architecture={"kind": "softmax"})
    assert isinstance(ending, Failed)
    assert "nothing to prune" in str(UserError.from_plain(dict(ending.error)))
    assert folder.best_model() is None
    with pytest.raises(UserError, match=r"would end at 0\.1 of the run, before it begins at 0\.5"):
        recipe_from({"data": {"kind": "samples"}, "training": {"pruning": {"begin": 0.5, "end": 0.1}}})


def test_one_unit_is_always_left() -> None:
    settings: Any = architectures["mlp"].settings.model_validate({"hidden": [1, 3]})
    network = build(settings, Inputs("table", (4,)), 2)
    pruner = Pruner(network, settings, Pruning(share=0.95, structure="structured"))
    pruner.after_step(1, 1)
    _, widths = without_zeros(network, network.state_dict())
    assert widths == [1, 1]


@pytest.mark.parametrize(
    ("kind", "normalization"),
    [*(("convnet", norm) for norm in ("none", "batch", "group")), *(("mlp", norm) for norm in ("layer", "group"))],
)
def test_units_of_every_normalization_leave_a_model_that_can_be_used(
    tmp_path: Path, kind: str, normalization: str
) -> None:
    folder, ending = trained(tmp_path, *UNITS, architecture={"kind": kind, "normalization": normalization})
    assert isinstance(ending, Finished), ending
    assert read_model(model_of(folder)).description["pruned"] == 0.5
