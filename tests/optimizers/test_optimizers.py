"""Every optimizer: it learns, goes on exactly from its state, and keeps nothing that cannot be saved."""

import copy
import json
from typing import Any

import pytest
import torch
from safetensors.torch import load, save
from torch import Tensor, nn
from torch.nn.functional import cross_entropy
from torch.optim import Optimizer

from workbench.core.registry import build_settings
from workbench.optimizers import build, optimizers

FUSED = pytest.mark.parametrize("fused", [False, True])


def network() -> nn.Sequential:
    torch.manual_seed(0)
    return nn.Sequential(
        *(nn.Conv2d(1, 4, 3), nn.BatchNorm2d(4), nn.ReLU(), nn.Flatten()),
        *(nn.Linear(4 * 36, 16), nn.ReLU(), nn.Linear(16, 3)),
    )


def problem() -> tuple[Tensor, Tensor]:
    generator = torch.Generator().manual_seed(1)
    targets = torch.arange(24) % 3
    return torch.randn(24, 1, 8, 8, generator=generator) + targets.view(-1, 1, 1, 1), targets


def made(kind: str, model: nn.Module, *, fused: bool = False, **values: Any) -> Optimizer:
    return build(optimizers[kind].settings(**values), model.named_parameters(), fused=fused)


def step(model: nn.Module, optimizer: Optimizer) -> float:
    images, targets = problem()
    optimizer.zero_grad()
    loss = cross_entropy(model(images), targets)
    loss.backward()
    optimizer.step()
    return loss.item()


@pytest.mark.parametrize("kind", optimizers)
def test_it_says_what_it_is(kind: str) -> None:
    entry = optimizers[kind]
    settings = entry.settings()  # type: ignore[call-arg]
    assert entry.title
    assert entry.summary.endswith(".")
    assert settings.model_dump()["kind"] == kind
    assert settings.learning_rate > 0
    for name, field in entry.settings.model_fields.items():
        assert name == "kind" or (field.title and field.description and field.description.endswith(".")), name


@pytest.mark.parametrize("kind", optimizers)
def test_settings_survive_plain_values(kind: str) -> None:
    settings = optimizers[kind].settings()  # type: ignore[call-arg]
    plain = json.loads(json.dumps(settings.model_dump(mode="json")))
    assert build_settings(optimizers, plain, kind, "training.optimizer") == settings


@FUSED
@pytest.mark.parametrize("kind", optimizers)
def test_its_own_learning_rate_makes_the_loss_small(kind: str, fused: bool) -> None:
    model = network()
    optimizer = made(kind, model, fused=fused)
    first = step(model, optimizer)
    for _ in range(30):
        last = step(model, optimizer)
    assert last < 0.5 * first


@FUSED
@pytest.mark.parametrize("layout", [torch.contiguous_format, torch.channels_last])
@pytest.mark.parametrize("kind", optimizers)
def test_it_goes_on_exactly_where_it_was(kind: str, layout: torch.memory_format, fused: bool) -> None:
    model = network()
    model.to(memory_format=layout)  # type: ignore[call-overload]
    optimizer = made(kind, model, fused=fused)
    for _ in range(3):
        step(model, optimizer)
    other = copy.deepcopy(model)
    resumed = made(kind, other, fused=fused)
    resumed.load_state_dict(copy.deepcopy(optimizer.state_dict()))
    for _ in range(3):
        assert step(other, resumed) == step(model, optimizer)
    for ours, theirs in zip(model.parameters(), other.parameters(), strict=True):
        assert torch.equal(ours, theirs)


@FUSED
@pytest.mark.parametrize("kind", optimizers)
def test_its_state_is_tensors_and_numbers(kind: str, fused: bool) -> None:
    model = network()
    optimizer = made(kind, model, fused=fused)
    step(model, optimizer)
    state = optimizer.state_dict()
    tensors = {f"{number}.{name}": value for number, values in state["state"].items() for name, value in values.items()}
    assert tensors.keys() == load(save({name: tensor.contiguous() for name, tensor in tensors.items()})).keys()
    json.dumps(state["param_groups"], allow_nan=False)


@pytest.mark.parametrize("kind", optimizers)
def test_the_learning_rate_of_every_group_can_be_scheduled(kind: str) -> None:
    model = network()
    optimizer = made(kind, model, learning_rate=0.5)
    assert {group["lr"] for group in optimizer.param_groups} == {0.5}
    for group in optimizer.param_groups:
        group["lr"] = 0.0
    before = copy.deepcopy(list(model.parameters()))
    step(model, optimizer)
    assert all(torch.equal(old, new) for old, new in zip(before, model.parameters(), strict=True))


@pytest.mark.parametrize("kind", optimizers)
def test_weight_decay_spares_biases_and_normalizations(kind: str) -> None:
    model = network()
    optimizer = made(kind, model, weight_decay=0.25)
    decays = {id(p): group["weight_decay"] for group in optimizer.param_groups for p in group["params"]}
    assert decays == {id(p): 0.25 if p.ndim > 1 else 0.0 for p in model.parameters()}
    everything = made(kind, model, weight_decay=0.25, decayed="everything")
    assert {group["weight_decay"] for group in everything.param_groups} == {0.25}


@pytest.mark.parametrize("kind", optimizers)
def test_weight_decay_makes_weights_smaller(kind: str) -> None:
    sizes = []
    for decay in (0.0, 0.5):
        model = network()
        optimizer = made(kind, model, weight_decay=decay)
        for _ in range(20):
            step(model, optimizer)
        sizes.append(sum(p.square().sum().item() for p in model.parameters() if p.ndim > 1))
    assert sizes[1] < sizes[0]


@pytest.mark.parametrize("kind", optimizers)
def test_frozen_parameters_are_left_alone(kind: str) -> None:
    model = network()
    model[0].requires_grad_(False)
    trained = [id(p) for group in made(kind, model).param_groups for p in group["params"]]
    assert sorted(trained) == sorted(id(p) for p in model.parameters() if p.requires_grad)


@pytest.mark.parametrize("kind", optimizers)
def test_a_network_of_one_layer_learns(kind: str) -> None:
    torch.manual_seed(0)
    model = nn.Sequential(nn.Flatten(), nn.Linear(64, 3))
    optimizer = made(kind, model)
    first = step(model, optimizer)
    for _ in range(20):
        last = step(model, optimizer)
    assert last < first
