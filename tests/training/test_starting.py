"""Weights to begin with, from a run, a file or a pickle, and layers that stay as they are."""

import pickle
from pathlib import Path
from typing import Any

import pytest
import torch
from safetensors.torch import save_file

from tests.training.runs import Seen, make_run, trained
from tests.training.test_resuming import series, stopped_after
from workbench.architectures import architectures, build
from workbench.core.errors import UserError
from workbench.core.events import Failed, Finished, Warned
from workbench.core.run_folder import RunFolder
from workbench.core.signature import Inputs
from workbench.inference.model_folder import model_of, read_model
from workbench.training import ledger
from workbench.training.pickled_weights import converted
from workbench.training.starting import freeze, source_of, start
from workbench.training.worker import train_run

DIGIT = Inputs("image", (1, 8, 8))
NET = {"kind": "convnet", "widths": [4, 8], "hidden": [16]}


def net(outputs: int = 10, **changes: Any) -> torch.nn.Module:
    return build(architectures["convnet"].settings.model_validate({**NET, **changes}), DIGIT, outputs)


def weights_of(folder: RunFolder) -> dict[str, torch.Tensor]:
    return read_model(model_of(folder)).network.state_dict()


@pytest.fixture(scope="module")
def first(tmp_path_factory: pytest.TempPathFactory) -> RunFolder:
    return trained(tmp_path_factory.mktemp("runs"), "training.epochs=2")[0]


def test_a_run_begins_where_another_ended(first: RunFolder) -> None:
    newest = first
    for wanted in (str(first.path), first.name, "convnet-digits"):
        source = newest if wanted == "convnet-digits" else first
        folder = make_run(first.path.parent, "training.steps=1", f"training.start_from={wanted}", "training.seed=5")
        seen = Seen()
        ending = train_run(folder, on_event=seen)
        assert isinstance(ending, Finished)
        assert str(seen.of(Warned)[-1].message) == f"Began with 8 of 8 tensors of {source.name}."
        assert seen.of(Warned)[-1].level == "note"
        newest = folder
    before, after = weights_of(first), weights_of(folder)
    assert all((after[name] - before[name]).abs().max() < 0.01 for name in before)


def test_another_number_of_classes_leaves_the_head_fresh(first: RunFolder) -> None:
    network = net(outputs=3)
    match = start(network, source_of(str(first.path), first.path.parent))
    assert [name for name, _ in match.fresh] == ["classifier.3.weight", "classifier.3.bias"]
    said = [str(words) for words in match.words()]
    assert said[1] == "classifier.3.weight begins fresh: It is 10×16 there and 3×16 here."
    there = weights_of(first)
    assert all(torch.equal(network.state_dict()[name], there[name]) for name in match.loaded)


def test_what_fits_nothing_is_refused(first: RunFolder) -> None:
    with pytest.raises(UserError, match="fits this network"):
        start(torch.nn.Linear(2, 2), source_of(str(first.path), first.path.parent))
    with pytest.raises(UserError, match="nothing to start from at nowhere") as caught:
        source_of("nowhere", first.path.parent)
    assert caught.value.hint


def test_files_of_weights_are_taken(tmp_path: Path) -> None:
    weights = {name: tensor + 1 for name, tensor in net().state_dict().items()}
    save_file(weights, tmp_path / "net.safetensors")
    torch.save({"state_dict": {f"module.{name}": tensor for name, tensor in weights.items()}}, tmp_path / "net.pth")
    for name in ("net.safetensors", "net.pth"):
        network = net()
        match = start(network, source_of(str(tmp_path / name), tmp_path))
        assert len(match.loaded) == len(weights)
        assert all(torch.equal(tensor, weights[key]) for key, tensor in network.state_dict().items())


class Canary:
    def __init__(self, path: str) -> None:
        self.path = path

    def __reduce__(self) -> Any:
        return (open, (self.path, "w"))


SLOW = [pytest.param(name, marks=pytest.mark.slow) for name in ("object.pth", "cut.pth", "text.pth", "number.pth")]


@pytest.mark.parametrize("name", [pytest.param("pickle.pth", marks=pytest.mark.slow), "torch.pth", *SLOW])
def test_what_is_more_than_tensors_is_refused_without_effect(tmp_path: Path, name: str) -> None:
    path, canary = tmp_path / name, tmp_path / "canary"
    match name:
        case "pickle.pth":
            path.write_bytes(pickle.dumps(Canary(str(canary))))
        case "torch.pth":
            torch.save({"weight": torch.ones(2), "more": Canary(str(canary))}, path)
        case "object.pth":
            torch.save(torch.nn.Linear(2, 2), path)
        case "cut.pth":
            torch.save({"weight": torch.ones(1000)}, path)
            path.write_bytes(path.read_bytes()[:2000])
        case "text.pth":
            path.write_text("weights")
        case "number.pth":
            torch.save(3, path)
    with pytest.raises(UserError, match=name) as caught:
        converted(path)
    assert caught.value.hint
    assert not canary.exists()


def test_a_run_says_why_it_cannot_begin(tmp_path: Path) -> None:
    ending = train_run(make_run(tmp_path, "training.start_from=nowhere"))
    assert isinstance(ending, Failed)
    assert "nothing to start from" in str(UserError.from_plain(dict(ending.error)))


def test_frozen_layers_stay_as_they_are(first: RunFolder) -> None:
    folder = make_run(
        first.path.parent, f"training.start_from={first.name}", "training.freeze=features", "training.epochs=1"
    )
    assert isinstance(train_run(folder), Finished)
    before, after = weights_of(first), weights_of(folder)
    for name, tensor in after.items():
        assert torch.equal(tensor, before[name]) == name.startswith("features"), name


def test_batch_norms_of_frozen_layers_keep_their_statistics() -> None:
    network = net(normalization="batch").train()
    names = freeze(network, "features.1")
    network.train()
    assert names == ("features.0", "features.1")
    statistics = network.state_dict()["features.1.running_mean"].clone()
    network(torch.randn(4, 1, 8, 8) + 3)
    assert torch.equal(network.state_dict()["features.1.running_mean"], statistics)
    trained_names = {name for name, parameter in network.named_parameters() if parameter.requires_grad}
    assert not any(name.startswith(("features.0.", "features.1.")) for name in trained_names)
    assert any(name.startswith("features.4.") for name in trained_names)


def test_an_unknown_layer_and_all_of_them_are_refused() -> None:
    with pytest.raises(UserError, match="no layer called featurs") as caught:
        freeze(net(), "featurs")
    assert str(caught.value.hint) == "Did you mean features?"
    with pytest.raises(UserError, match="no layer called xyz") as caught:
        freeze(net(), "xyz")
    assert "features.0" in caught.value.translated()
    with pytest.raises(UserError, match="nothing is left to train"):
        freeze(net(), "classifier.3")


def test_what_lies_around_a_frozen_layer_is_frozen_too() -> None:
    settings = architectures["vit"].settings.model_validate(dict(architectures["vit"].tiny))
    network = build(settings, Inputs("image", (1, 16, 16)), 10)
    freeze(network, "encoder.layers.encoder_layer_0")
    still = {name for name, parameter in network.named_parameters() if not parameter.requires_grad}
    assert {"class_token", "encoder.pos_embedding"} <= still
    assert not any(name.startswith(("encoder.layers.encoder_layer_1", "heads")) for name in still)


def test_positions_of_another_grid_are_stretched(tmp_path: Path) -> None:
    settings = architectures["vit"].settings.model_validate(dict(architectures["vit"].tiny))
    small, large = (build(settings, Inputs("image", (1, side, side)), 10) for side in (16, 32))
    save_file(small.state_dict(), tmp_path / "vit.safetensors")
    match = start(large, source_of(str(tmp_path / "vit.safetensors"), tmp_path))
    assert "encoder.pos_embedding" in match.loaded
    assert not match.fresh


def test_a_frozen_run_resumes_as_if_it_had_not_stopped(first: RunFolder, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ledger, "_SECONDS", 0.0)
    changes = (f"training.start_from={first.name}", "training.freeze=features.3", "training.epochs=2")
    whole, _ = trained(first.path.parent, *changes)
    parts = make_run(first.path.parent, *changes)
    stopped_after(parts, 4)
    assert isinstance(train_run(parts), Finished)
    assert series(whole, "training_loss") == series(parts, "training_loss")
    assert all(torch.equal(tensor, weights_of(parts)[name]) for name, tensor in weights_of(whole).items())


def test_a_text_is_read_with_the_tokens_of_the_run_it_starts_from(tmp_path: Path) -> None:
    texts = {"kind": "samples", "name": "reviews", "validation": 0.4, "test": 0.4}
    tiny = {"kind": "transformer", **architectures["transformer"].tiny, "length": 16}
    masked = {**texts, "task": "masked_token"}
    steps = ("training.steps=2",)
    pretrained, _ = trained(tmp_path, *steps, data={**masked, "split_seed": 3}, architecture=tiny)
    began = (*steps, f"training.start_from={pretrained.name}")
    folder, ending = trained(tmp_path, *began, data=texts, architecture=tiny)
    assert isinstance(ending, Finished)
    first, second = (read_model(model_of(run)).preprocessing for run in (pretrained, folder))
    assert first == second
    assert isinstance(train_run(folder, ["training.steps=4"]), Finished)
    assert read_model(model_of(folder)).preprocessing == first
