"""A residual network of ours as transformers' ResNetForImageClassification: its settings, and its weights renamed."""

from collections.abc import Iterator
from typing import Any

import torch
from torch import Tensor, nn

from workbench.core.words import Words
from workbench.export.subject import Subject
from workbench.networks.residual import Bottleneck, Padding, WideBlock

ARCHITECTURE = "ResNetForImageClassification"
_REDUCTION = 4  # of channels inside a bottleneck, which transformers does not let be chosen


def why_not(subject: Subject) -> Words | None:
    """Return why there is no such network in transformers, or None."""
    settings: Any = subject.settings
    network: Any = subject.model.network
    first = network.layer1[0]
    if isinstance(first, WideBlock):
        return Words("transformers has no wide ResNet: choose a depth of another design.")
    if isinstance(network.maxpool, nn.Identity):
        return Words("transformers' ResNet has no stem for small pictures: choose the standard stem, or another form.")
    if isinstance(first, Bottleneck) and first.conv3.out_channels != _REDUCTION * first.conv3.in_channels:
        return Words("transformers' ResNet cannot be widened inside its blocks: choose a widening of 1.")
    if settings.activation != "relu":  # only the last of a block can be chosen there
        return Words("transformers' ResNet has ReLU inside its blocks: choose that activation.")
    return None


def config_of(subject: Subject) -> Any:
    """Return the settings as transformers has them."""
    from transformers import ResNetConfig  # takes seconds, and most exports do without

    network: Any = subject.model.network
    stages = _stages(network)
    deep = isinstance(stages[0][0], Bottleneck)
    return ResNetConfig(
        num_channels=subject.inputs.shape[0],
        embedding_size=network.conv1.out_channels,
        hidden_sizes=[(stage[0].conv3 if deep else stage[0].conv2).out_channels for stage in stages],
        depths=[len(stage) for stage in stages],
        layer_type="bottleneck" if deep else "basic",
        hidden_act="relu",
    )


def weights_of(subject: Subject) -> dict[str, Tensor]:
    """Return the weights by the names that transformers has for them."""
    return dict(_renamed(subject.model.network))


def _renamed(network: Any) -> Iterator[tuple[str, Tensor]]:
    yield from _pair("resnet.embedder.embedder", network.conv1, network.bn1)
    for stage, blocks in enumerate(_stages(network)):
        for number, block in enumerate(blocks):
            name = f"resnet.encoder.stages.{stage}.layers.{number}"
            for place in range(3 if isinstance(block, Bottleneck) else 2):
                convolution, norm = getattr(block, f"conv{place + 1}"), getattr(block, f"bn{place + 1}")
                yield from _pair(f"{name}.layer.{place}", convolution, norm)
            if isinstance(block.downsample, Padding):
                yield from _pair(f"{name}.shortcut", *_as_projection(block.downsample, block.conv1.in_channels))
            elif block.downsample is not None:
                yield from _pair(f"{name}.shortcut", *block.downsample)
    for part, tensor in network.fc.state_dict().items():
        yield f"classifier.1.{part}", tensor


def _stages(network: Any) -> list[Any]:
    return [network.get_submodule(f"layer{stage + 1}") for stage in range(network.stages)]


def _pair(name: str, convolution: nn.Module, norm: nn.Module) -> Iterator[tuple[str, Tensor]]:
    for called, layer in (("convolution", convolution), ("normalization", norm)):
        for part, tensor in layer.state_dict().items():
            yield f"{name}.{called}.{part}", tensor


def _as_projection(shortcut: Padding, channels: int) -> tuple[nn.Conv2d, nn.BatchNorm2d]:
    """Return a 1×1 convolution and a norm that do what a shortcut without weights does: transformers has no such."""
    filters, before = channels + shortcut.more, shortcut.more // 2
    convolution = nn.Conv2d(channels, filters, 1, shortcut.stride, bias=False)
    norm = nn.BatchNorm2d(filters)
    with torch.no_grad():
        convolution.weight.zero_()
        convolution.weight[before : before + channels, :, 0, 0] = torch.eye(channels)
        norm.running_var.fill_(1 - norm.eps)  # type: ignore[union-attr]
    return convolution, norm
