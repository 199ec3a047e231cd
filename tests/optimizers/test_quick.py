"""The kernel called directly gives what the optimizer's own step gives, to the last bit."""

from typing import Any

import pytest
import torch
from torch import nn

from workbench import optimizers
from workbench.optimizers.quick import quick_step


def network() -> nn.Module:
    torch.manual_seed(0)
    return nn.Sequential(nn.Conv2d(1, 4, 3), nn.Flatten(), nn.Linear(4 * 36, 8), nn.ReLU(), nn.Linear(8, 3))


def optimizer_for(made: nn.Module, kind: str) -> Any:
    settings = optimizers.optimizers[kind].settings.model_validate({"weight_decay": 0.1})
    return optimizers.build(settings, made.named_parameters(), fused=True)


def gradients(made: nn.Module, step: int) -> None:
    chance = torch.Generator().manual_seed(step)
    loss = made(torch.randn(5, 1, 8, 8, generator=chance)).square().sum()
    made.zero_grad()
    loss.backward()


def test_groups_stepped_together_part_when_their_rates_do() -> None:
    first, second = network(), network()
    own, other = optimizer_for(first, "adam"), optimizer_for(second, "adam")
    quick = quick_step(other)
    assert quick is not None
    for step in range(5):
        for made, optimizer, take in ((first, own, own.step), (second, other, quick)):
            for number, group in enumerate(optimizer.param_groups):
                group["weight_decay"], group["lr"] = 0.0, 0.01 if step < 3 else 0.01 / (number + 1)
            gradients(made, step)
            take()
    assert all(torch.equal(one, two) for one, two in zip(first.parameters(), second.parameters(), strict=True))


@pytest.mark.parametrize("kind", ["adam", "adamw"])
@pytest.mark.parametrize("layout", [torch.contiguous_format, torch.channels_last])
def test_the_weights_are_the_same_to_the_last_bit(kind: str, layout: torch.memory_format) -> None:
    first, second = network().to(memory_format=layout), network().to(memory_format=layout)  # pyright: ignore[reportCallIssue]
    own, other = optimizer_for(first, kind), optimizer_for(second, kind)
    quick = quick_step(other)
    assert quick is not None
    for step in range(6):
        for made, optimizer, take in ((first, own, own.step), (second, other, quick)):
            for group in optimizer.param_groups:
                group["lr"] = 0.01 / (step + 1)
            gradients(made, step)
            take()
        if step == 3:  # as when a checkpoint is loaded: the state is other tensors from now on
            other.load_state_dict(other.state_dict())
            own.load_state_dict(own.state_dict())
    for one, two in zip(first.parameters(), second.parameters(), strict=True):
        assert torch.equal(one, two)
        assert all(torch.equal(value, other.state[two][name]) for name, value in own.state[one].items())


def test_weights_without_a_gradient_are_left_as_the_optimizer_leaves_them() -> None:
    made = network()
    optimizer = optimizer_for(made, "adamw")
    quick = quick_step(optimizer)
    assert quick is not None
    for step in range(2):
        gradients(made, step)
        quick()
    before = made[0].weight.detach().clone()  # pyright: ignore[reportIndexIssue]
    gradients(made, 2)
    made[0].weight.grad = None  # pyright: ignore[reportIndexIssue]
    quick()
    assert torch.equal(made[0].weight, before)  # pyright: ignore[reportIndexIssue]


def test_others_step_by_themselves() -> None:
    made = network()
    for kind in ("sgd", "rmsprop", "muon"):
        assert quick_step(optimizer_for(made, kind)) is None
    assert quick_step(torch.optim.AdamW(made.parameters(), amsgrad=True, fused=True)) is None
