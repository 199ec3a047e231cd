"""Pays in advance for what the first step of a process would wait for."""

import torch
from torch import nn

from workbench import architectures, data, optimizers, schedules
from workbench.networks.outline import outline
from workbench.networks.without_compiler import without_compiler
from workbench.optimizers import optimizers as registered


def warm_up() -> None:
    """Load every registry and let torch take a step of each kind that is slow the first time."""
    for registry in (architectures.architectures, data.kinds, schedules.schedules, registered):
        len(registry)
    with torch.device("meta"):
        outline(nn.Conv2d(1, 2, 3), torch.empty(1, 1, 8, 8))
    network = nn.Conv2d(1, 2, 3)
    settings = registered["adamw"].settings.model_validate({})
    with without_compiler():
        optimizer = optimizers.build(settings, network.named_parameters())
        network(torch.zeros(1, 1, 8, 8)).sum().backward()
        optimizer.step()
