"""Muon: which parameters it turns, and that it turns them as it should."""

import pytest
import torch
from torch import nn

from workbench.architectures import architectures
from workbench.core.signature import Inputs
from workbench.optimizers import optimizers
from workbench.optimizers.muon import MuonSettings, orthogonal


def turned(model: nn.Module) -> set[str]:
    optimizer = optimizers["muon"].build(MuonSettings(), model.named_parameters())
    found = {id(p) for group in optimizer.param_groups if group["orthogonal"] for p in group["params"]}
    return {name for name, parameter in model.named_parameters() if id(parameter) in found}


def test_hidden_matrices_are_turned_and_the_rest_is_not() -> None:
    image, text = Inputs("image", (1, 28, 28)), Inputs("text", (20,), 50)
    convnet = architectures["convnet"].build(architectures["convnet"].settings(), image, 10)
    assert turned(convnet) == {"features.0.weight", "features.3.weight", "classifier.1.weight"}
    textcnn = architectures["textcnn"].build(architectures["textcnn"].settings(), text, 2)
    assert turned(textcnn) == {"windows.0.weight", "windows.1.weight", "windows.2.weight"}


@pytest.mark.parametrize("shape", [(8, 8), (5, 20), (20, 5)])
def test_singular_values_come_close_to_one(shape: tuple[int, int]) -> None:
    torch.manual_seed(0)
    values = torch.linalg.svdvals(orthogonal(torch.randn(shape)))
    assert values.min() > 0.6
    assert values.max() < 1.25


def test_a_matrix_of_zeros_stays_one() -> None:
    assert not orthogonal(torch.zeros(3, 4)).any()


def test_a_step_is_pytorchs() -> None:
    torch.manual_seed(0)
    hidden = nn.Linear(12, 9, bias=False)
    ours = nn.Sequential(hidden, nn.Linear(9, 2, bias=False))
    weight = nn.Parameter(hidden.weight.detach().clone())
    settings = MuonSettings(learning_rate=0.1, weight_decay=0.05)
    optimizer = optimizers["muon"].build(settings, ours.named_parameters())
    theirs = torch.optim.Muon(
        [weight], lr=0.1, weight_decay=0.05, momentum=settings.momentum, adjust_lr_fn="match_rms_adamw"
    )
    start = weight.detach().clone()
    for _ in range(5):
        gradient = torch.randn(9, 12)
        hidden.weight.grad = gradient.clone()
        weight.grad = gradient.clone()
        optimizer.step()
        theirs.step()
    moved = (weight - start).norm()
    assert (hidden.weight - weight).norm() < 0.02 * moved  # theirs is worked out in bfloat16


@pytest.mark.parametrize("together", [1, 100, 2**23])
def test_matrices_of_one_shape_turn_together_as_they_do_alone(monkeypatch: pytest.MonkeyPatch, together: int) -> None:
    monkeypatch.setattr("workbench.optimizers.muon._TOGETHER", together)
    torch.manual_seed(0)
    layers = [*(nn.Linear(6, 6, bias=False) for _ in range(3)), nn.Linear(6, 9), nn.Linear(9, 2)]
    ours = nn.Sequential(*layers)
    before = [layer.weight.detach().clone() for layer in layers]
    settings = MuonSettings(learning_rate=1.0, weight_decay=0.0)
    optimizer = optimizers["muon"].build(settings, ours.named_parameters())
    ours(torch.randn(5, 6)).square().sum().backward()
    optimizer.step()
    for layer, weight in zip(layers[:4], before[:4], strict=True):
        gradient = layer.weight.grad
        assert gradient is not None
        step = 0.2 * max(weight.shape) ** 0.5 * orthogonal(gradient)
        torch.testing.assert_close(layer.weight.detach(), weight - step, atol=1e-4, rtol=1e-4)


def test_the_rest_is_adamws() -> None:
    torch.manual_seed(0)
    ours, theirs = nn.Linear(6, 3), nn.Linear(6, 3)
    theirs.load_state_dict(ours.state_dict())
    muon = optimizers["muon"].build(MuonSettings(learning_rate=0.01), ours.named_parameters())
    adamw = optimizers["adamw"].build(
        optimizers["adamw"].settings(learning_rate=0.01, weight_decay=0.01), theirs.named_parameters()
    )
    for _ in range(3):
        for model, optimizer in ((ours, muon), (theirs, adamw)):
            optimizer.zero_grad()
            model(torch.ones(2, 6)).square().sum().backward()
            optimizer.step()
    assert torch.equal(ours.weight, theirs.weight)
    assert torch.equal(ours.bias, theirs.bias)


def test_a_filter_is_one_row() -> None:
    torch.manual_seed(0)
    filters = nn.Conv2d(2, 4, 3, bias=False)
    model = nn.Sequential(filters, nn.Flatten(), nn.Linear(4, 8))
    before = filters.weight.detach().clone()
    optimizer = optimizers["muon"].build(MuonSettings(learning_rate=1.0, weight_decay=0.0), model.named_parameters())
    model(torch.randn(5, 2, 3, 3)).square().sum().backward()
    optimizer.step()
    step = (filters.weight.detach() - before).flatten(1) / (0.2 * 18**0.5)
    values = torch.linalg.svdvals(step)
    assert values.min() > 0.6
    assert values.max() < 1.25
