"""Whitening: patches come out uncorrelated and with variance one, in both signs; nothing is left to chance."""

import torch
from torch import Tensor, nn

from workbench.networks.whitening import Whitening


def pictures(count: int = 400, channels: int = 3, side: int = 9) -> Tensor:
    """Return noise that is smooth, so that neighbours look alike, as in pictures."""
    noise = torch.randn((count, channels, side + 4, side + 4), generator=torch.Generator().manual_seed(3))
    return nn.functional.avg_pool2d(noise, 5, stride=1) * 5


def test_what_comes_out_is_uncorrelated_with_variance_one() -> None:
    layer, images = Whitening(3, 2), pictures()
    layer.fit(images)
    found = layer(images).detach()[:, :12].transpose(0, 1).flatten(1)
    torch.testing.assert_close(torch.cov(found), torch.eye(12), atol=0.05, rtol=0)


def test_every_direction_is_there_in_both_signs() -> None:
    layer = Whitening(1, 3, stride=2)
    layer.fit(pictures(channels=1))
    assert layer(pictures(channels=1)).shape[1:] == (18, 4, 4)
    assert torch.equal(layer.weight[:9], -layer.weight[9:])


def test_its_filters_are_kept_but_not_learned() -> None:
    layer = Whitening(3, 2)
    assert [name for name, _ in layer.named_parameters()] == ["bias"]
    assert set(layer.state_dict()) == {"weight", "bias"}
    assert not layer.bias.any()  # pyright: ignore[reportOptionalMemberAccess]


def test_pictures_of_one_colour_blow_nothing_up() -> None:
    layer = Whitening(1, 2)
    layer.fit(torch.zeros(10, 1, 6, 6))
    assert layer.weight.isfinite().all()
    assert layer.weight.abs().max() < 50


def test_the_same_pictures_give_the_same_filters() -> None:
    first, second = Whitening(3, 2), Whitening(3, 2)
    for layer in (first, second):
        layer.fit(
            pictures().contiguous(memory_format=torch.channels_last if layer is first else torch.contiguous_format)
        )
    assert torch.equal(first.weight, second.weight)
