"""Rotary positions: products of queries and keys know how far apart they are, and nothing else of where they stand."""

import math

import torch

from workbench.networks.rotary import turned, turns


def some(*shape: int) -> torch.Tensor:
    return torch.randn(shape, generator=torch.Generator().manual_seed(0))


def test_lengths_stay() -> None:
    values = some(5, 8)
    torch.testing.assert_close(turned(values, turns(torch.arange(5), 8)).norm(dim=1), values.norm(dim=1))


def test_products_depend_on_the_distance_alone() -> None:
    query, key = some(2, 16)
    near = turns(torch.tensor([3, 10]), 16)
    far = turns(torch.tensor([903, 910]), 16)
    products = []
    for by in (near, far):
        first, second = turned(torch.stack([query, key]), by)
        products.append(first @ second)
    torch.testing.assert_close(products[0], products[1], atol=1e-3, rtol=1e-3)


def test_the_first_pair_turns_by_one_each_place_and_others_slower() -> None:
    cosines, sines = turns(torch.arange(4), 4)
    torch.testing.assert_close(cosines[:, 0], torch.arange(4.0).cos())
    torch.testing.assert_close(sines[:, 1], (torch.arange(4.0) / math.sqrt(10_000)).sin())


def test_a_place_is_turned_as_complex_numbers_are() -> None:
    values = some(6)
    angles = 7 * 10_000.0 ** (-torch.arange(0, 6, 2) / 6)
    expected = torch.complex(values[:3], values[3:]) * torch.polar(torch.ones(3), angles)
    found = turned(values[None], turns(torch.tensor([7]), 6))[0]
    torch.testing.assert_close(found, torch.cat([expected.real, expected.imag]))
