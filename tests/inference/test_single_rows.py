"""Weights laid out anew: the same values in the same layers, once."""

import torch
from torch import nn

from workbench.inference.single_rows import lay_out_for_single_rows


def network() -> nn.Module:
    torch.manual_seed(0)
    made = nn.Sequential(nn.Embedding(1300, 1024), nn.Linear(1024, 1300), nn.ReLU(), nn.Linear(1300, 500))
    made[1].weight = made[0].weight  # shared
    return made.requires_grad_(False)


def test_values_and_what_is_shared_stay_as_they_were() -> None:
    plain, laid = network(), network()
    ids = torch.arange(0, 1300, 7)
    lay_out_for_single_rows(laid)
    for (name, before), (_, after) in zip(plain.state_dict().items(), laid.state_dict().items(), strict=True):
        assert torch.equal(before, after), name
    assert laid[1].weight is laid[0].weight  # type: ignore[index]
    torch.testing.assert_close(laid(ids), plain(ids))


def test_the_longer_side_lies_along_the_memory() -> None:
    laid = network()
    lay_out_for_single_rows(laid)
    strides = [laid[place].weight.stride() for place in (1, 3)]  # type: ignore[index]
    assert strides == [(1, 1300), (1300, 1)]


def test_what_is_laid_out_stays_where_it_is() -> None:
    laid = network()
    lay_out_for_single_rows(laid)
    places = [parameter.data_ptr() for parameter in laid.parameters()]
    lay_out_for_single_rows(laid)
    assert [parameter.data_ptr() for parameter in laid.parameters()] == places


def test_small_networks_and_those_that_learn_are_left_alone() -> None:
    for left in (nn.Linear(8, 16).requires_grad_(False), network().requires_grad_(True)):
        places = [parameter.data_ptr() for parameter in left.parameters()]
        lay_out_for_single_rows(left)
        assert [parameter.data_ptr() for parameter in left.parameters()] == places
