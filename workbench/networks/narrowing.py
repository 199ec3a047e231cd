"""Units whose weights are all zero, taken out of a network whose layers follow each other."""

from collections.abc import Mapping
from dataclasses import dataclass

import torch
from torch import Tensor, nn

_NORMS = (nn.BatchNorm1d, nn.BatchNorm2d, nn.InstanceNorm2d)  # those that look at every unit for itself


@dataclass(frozen=True)
class Layer:
    """A layer of units, and the normalization that follows it, by their names; norm is empty where there is none."""

    name: str
    norm: str
    units: int


def layers_of(network: nn.Module) -> list[Layer]:
    """Return the linear layers and convolutions of a network in their order, each with its normalization."""
    found: list[Layer] = []
    for name, module in network.named_modules():
        if isinstance(module, nn.Linear):
            found.append(Layer(name, "", module.out_features))
        elif isinstance(module, nn.Conv2d):
            found.append(Layer(name, "", module.out_channels))
        elif isinstance(module, _NORMS) and found and module.num_features == found[-1].units:
            found[-1] = Layer(found[-1].name, name, found[-1].units)
    return found


def is_chain(network: nn.Module) -> bool:
    """Return whether a unit that is zero stays zero up to the next layer, so that it can be taken out.

    network: one whose layers follow each other. A sigmoid makes one half of nothing, and normalization over layers or
    groups looks at several units at once.
    """
    return not any(isinstance(module, nn.Sigmoid | nn.LayerNorm | nn.GroupNorm) for module in network.modules())


def without_zeros(network: nn.Module, weights: Mapping[str, Tensor]) -> tuple[dict[str, Tensor], list[int]]:
    """Return the weights without the units that are zero, and how many units each layer but the last has left.

    network: one that `is_chain`, with these weights. Every layer keeps at least one unit.
    """
    left, widths = dict(weights), []
    kept = torch.ones(0, dtype=torch.bool)  # of the units of the layer before
    layers = layers_of(network)
    for place, layer in enumerate(layers):
        names = [f"{owner}.{what}" for owner in (layer.name, layer.norm) if owner for what in ("weight", "bias")]
        of_units = [weights[name] for name in names if name in weights]
        here = torch.stack([part.detach().reshape(layer.units, -1).ne(0).any(1).cpu() for part in of_units]).any(0)
        if place == len(layers) - 1:
            here[:] = True
        else:
            here[0] |= not here.any()
            widths.append(int(here.sum()))
        for name in [*names, *(f"{layer.norm}.running_{what}" for what in ("mean", "var"))]:
            if name in weights:
                left[name] = weights[name][here.to(weights[name].device)]
        matrix = left[f"{layer.name}.weight"]
        if place:
            each = matrix.shape[1] // len(kept)  # inputs that come from one unit: the places of a map, if flattened
            left[f"{layer.name}.weight"] = matrix[:, kept.repeat_interleave(each).to(matrix.device)]
        kept = here
    return left, widths
