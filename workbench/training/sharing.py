"""A network that several processes train together: each computes its part of a batch, and gradients are exchanged.

Either every process holds all weights (DDP, Li et al. 2020), or only a part of each (FSDP, Zhao et al. 2023). What is
saved is the same in both cases, so that a run can go on with another number of processes, or with one.
"""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn.parallel import DistributedDataParallel

from workbench.training.distributed import Group


def shared(network: nn.Module, group: Group, device: torch.device, sharding: str) -> nn.Module:
    """Return what computes in place of a network whose weights are the same in all processes.

    sharding: "none", or "weights", which changes the network itself; its optimizer is made afterwards.
    """
    if sharding == "weights":
        from torch.distributed.device_mesh import init_device_mesh
        from torch.distributed.fsdp import fully_shard  # takes a second to import

        mesh = init_device_mesh(device.type, (group.size,))
        for part in network.modules():
            if isinstance(part, nn.ModuleList):  # the blocks of a deep network: one at a time is put together
                for block in part:
                    fully_shard(block, mesh=mesh)
        fully_shard(network, mesh=mesh)
        return network
    here = [device.index] if device.type == "cuda" else None
    # A pretrained network may have layers that its task has no use for; the others would wait for their gradients.
    unused = hasattr(network, "load_pretrained")
    return DistributedDataParallel(network, device_ids=here, find_unused_parameters=unused)


def synchronized(network: nn.Module, device: torch.device) -> nn.Module:
    """Return the network with normalization over whole batches, where the device can do that."""
    return nn.SyncBatchNorm.convert_sync_batchnorm(network) if device.type == "cuda" else network


@contextmanager
def added_up(network: nn.Module, more: bool) -> Iterator[None]:
    """Keep gradients in this process for as long as this lasts, if `more` follow that are added to them."""
    if isinstance(network, DistributedDataParallel):
        if more:
            with network.no_sync():
                yield
        else:
            yield
        return
    sharded: Any = network
    sharded.set_requires_gradient_sync(not more)
    yield


def is_sharded(tensor: Tensor) -> bool:
    """Return whether this process holds a part of the tensor alone."""
    return hasattr(tensor, "full_tensor")


def is_sharded_network(network: nn.Module) -> bool:
    """Return whether this process holds a part of the network's weights alone."""
    return any(is_sharded(parameter) for parameter in network.parameters())


def whole(tensor: Any) -> Any:
    """Return the whole of what each process holds a part of, on the CPU; all must ask. Anything else is as it is."""
    return tensor.full_tensor().cpu() if hasattr(tensor, "full_tensor") else tensor


def whole_state(optimizer: Mapping[str, Any]) -> dict[str, Any]:
    """Return the state of an optimizer with whole tensors."""
    state = {
        place: {name: whole(value) for name, value in values.items()} for place, values in optimizer["state"].items()
    }
    return {**optimizer, "state": state}


def part_of(tensor: Any, like: Tensor) -> Any:
    """Return this process's part of a whole tensor, cut as `like` is; what has another shape is as it is."""
    if not is_sharded(like) or not isinstance(tensor, Tensor) or tensor.shape != like.shape:
        return tensor
    from torch.distributed.tensor import distribute_tensor

    cut: Any = like
    there = tensor.to(cut.device)
    return distribute_tensor(there, cut.device_mesh, cut.placements, src_data_rank=None)  # all have it from the disk


def parts_of(optimizer: Mapping[str, Any], parameters: list[nn.Parameter]) -> dict[str, Any]:
    """Return the state of an optimizer cut as its parameters are, which come in the order of its groups."""
    state = {
        place: {name: part_of(value, parameters[place]) for name, value in values.items()}
        for place, values in optimizer["state"].items()
    }
    return {**optimizer, "state": state}
