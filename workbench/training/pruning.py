"""Pruning while training: masks that grow, and weights that stay at zero where they cover them."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor, nn

from workbench.architectures import architectures
from workbench.core.errors import UserError
from workbench.core.settings import Settings
from workbench.hyperparameters.pruning import Pruning
from workbench.networks.narrowing import is_chain, layers_of, without_zeros

_STAGES = 20  # in which the share grows
_WHOLE = (nn.Linear, nn.Conv1d, nn.Conv2d)  # layers that have units


@dataclass(frozen=True)
class _Piece:
    """What is pruned together: a matrix of weights, and vectors with a number for each of its rows."""

    matrix: str
    vectors: tuple[str, ...] = ()


class Pruner:
    """Masks of one network, by the names of its parameters.

    Single weights go by their size, units by the length of their row of weights (Li et al. 2017, section 3.1), in every
    layer the same share. The share grows with the third power (Zhu and Gupta 2017, equation 1).
    """

    def __init__(
        self, network: nn.Module, architecture: Settings, settings: Pruning, copies: Sequence[nn.Module] = ()
    ) -> None:
        """copies: networks of the same form that are held at zero too. Raises UserError without any layer."""
        self.settings = settings
        self.reached = 0.0
        self.masks: dict[str, Tensor] = {}  # where a parameter is pruned
        self._network, self._copies = network, copies
        self._held: list[tuple[Tensor, Tensor]] = []  # parameters with their masks, looked up once
        self._widths = removable(network, architecture)
        self._pieces = _pieces(network, settings.structure, with_norms=bool(self._widths))
        if not self._pieces:
            raise UserError(
                "There is nothing to prune: no layer before the last one is trained.",
                hint="Set the share pruned to 0, freeze less, or choose a network with more layers.",
            )

    @property
    def is_complete(self) -> bool:
        """Whether the whole share is pruned."""
        return self.reached >= self.settings.share

    def after_step(self, step: int, total_steps: int) -> None:
        """Prune what is due after so many steps, and hold at zero what was pruned before."""
        due = due_share(self.settings, step, total_steps)
        if due > self.reached:
            parameters = dict(self._network.named_parameters())
            for piece in self._pieces:
                self._grow(piece, parameters, due)
            self.reached = due
            self._look_up()
        with torch.no_grad():
            for parameter, mask in self._held:
                parameter.masked_fill_(mask, 0.0)

    def _look_up(self) -> None:
        networks = [dict(network.named_parameters()) for network in (self._network, *self._copies)]
        self._held = [(parameters[name], mask) for parameters in networks for name, mask in self.masks.items()]

    def _grow(self, piece: _Piece, parameters: Mapping[str, Tensor], share: float) -> None:
        weight = parameters[piece.matrix].detach()
        if self.settings.structure == "structured":
            sizes = weight.flatten(1).float().norm(dim=1)
            count = min(int(share * len(sizes)), len(sizes) - 1)
            before = self.masks.get(piece.matrix)
            rows = _least(sizes, None if before is None else before.flatten(1)[:, 0], count)
            self.masks[piece.matrix] = rows.view(-1, *[1] * (weight.dim() - 1)).expand(weight.shape).contiguous()
            self.masks.update(dict.fromkeys(piece.vectors, rows))
            return
        before = self.masks.get(piece.matrix)
        count = int(share * weight.numel())
        mask = _least(weight.abs().flatten(), None if before is None else before.flatten(), count)
        self.masks[piece.matrix] = mask.view(weight.shape)

    def state(self) -> dict[str, Tensor]:
        """Return the masks, for a checkpoint."""
        return dict(self.masks)

    def restore(self, masks: Mapping[str, Tensor], reached: float) -> None:
        """Go on with the masks of a checkpoint."""
        parameters = dict(self._network.named_parameters())
        self.masks = {name: mask.to(parameters[name].device) for name, mask in masks.items()}
        self.reached = reached
        self._look_up()

    def as_kept(
        self, weights: Mapping[str, Tensor], description: Mapping[str, Any]
    ) -> tuple[Mapping[str, Tensor], dict[str, Any]]:
        """Return weights and model.json of a model that is kept: without units that are zero, where that is possible.

        The smaller network is an ordinary one of its architecture, with smaller widths.
        """
        described = {**description, "pruned": self.reached, "pruned_structure": self.settings.structure}
        if self.settings.structure != "structured" or not self._widths:
            return weights, described
        left, widths = without_zeros(self._network, weights)
        plain: dict[str, Any] = dict(description["architecture"])
        for name in self._widths:
            plain[name], widths = widths[: len(plain[name])], widths[len(plain[name]) :]
        return left, {**described, "architecture": plain}


def due_share(settings: Pruning, step: int, total_steps: int) -> float:
    """Return how much is to be pruned after `step` of all steps: a pure function of these, so that resuming repeats it.

    It grows in stages, since to look for the least weights takes longer than a step.
    """
    done = step / max(total_steps, 1)
    if done < settings.begin:
        return 0.0
    if done >= settings.end:
        return settings.share
    stage = int((done - settings.begin) / (settings.end - settings.begin) * _STAGES) / _STAGES
    return settings.share * (1 - (1 - stage) ** 3)


def removable(network: nn.Module, architecture: Any) -> tuple[str, ...]:
    """Return the settings that hold the widths of the network's layers, where units can be taken out; else none."""
    return architectures[architecture.kind].widths if is_chain(network) else ()


def _least(sizes: Tensor, before: Tensor | None, count: int) -> Tensor:
    """Return where the `count` least of the sizes (n,) are, those of `before` among them."""
    if before is not None:
        sizes = sizes.masked_fill(before, -1.0)
    places = sizes.argsort(stable=True)[:count]
    mask = torch.zeros(len(sizes), dtype=torch.bool, device=sizes.device)
    mask[places] = True
    return mask


def _pieces(network: nn.Module, structure: str, *, with_norms: bool) -> list[_Piece]:
    """Return what is pruned of a network: of its trained layers, but for embeddings and, of units, the outputs."""
    trained = {name for name, parameter in network.named_parameters() if parameter.requires_grad}
    shared = {
        id(parameter)
        for module in network.modules()
        if isinstance(module, nn.Embedding)
        for parameter in module.parameters()
    }
    parameters = dict(network.named_parameters())
    if structure == "unstructured":
        owners = (*_WHOLE, nn.RNNBase, nn.MultiheadAttention)
        names = [
            f"{prefix}.{name}" if prefix else name
            for prefix, module in network.named_modules()
            if isinstance(module, owners)
            for name, parameter in module.named_parameters(recurse=False)
            if parameter.dim() > 1 and id(parameter) not in shared
        ]
        return [_Piece(name) for name in names if name in trained]
    norms = {layer.name: layer.norm for layer in layers_of(network)} if with_norms else {}
    layers = [prefix for prefix, module in network.named_modules() if isinstance(module, _WHOLE)]
    found = []
    for prefix in layers[:-1]:
        names = [f"{prefix}.bias", *(f"{norms.get(prefix)}.{what}" for what in ("weight", "bias"))]
        matrix = f"{prefix}.weight"
        if matrix in trained and id(parameters[matrix]) not in shared:
            found.append(_Piece(matrix, tuple(name for name in names if name in trained)))
    return found
