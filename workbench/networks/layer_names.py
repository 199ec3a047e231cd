"""What a person calls a layer."""

from collections.abc import Callable
from typing import Any

from torch import nn

from workbench.core.words import Words

Name = Callable[[Any, tuple[int, ...]], Words]  # called with the layer and the shape of its output


def kind(layer: nn.Module) -> str:
    """Return which sort of layer it is: conv, pool, linear, activation, normalization, …, or other."""
    return _found(layer)[0]


def name(layer: nn.Module, output: tuple[int, ...]) -> Words:
    """Return what stands in a table of layers, such as "Conv 3×3, 32"; an unknown layer has the name of its class."""
    return _found(layer)[1](layer, output)


def label(layer: nn.Module, output: tuple[int, ...]) -> Words:
    """Return what stands under the layer in a drawing, where its shape is written too."""
    return _found(layer)[2](layer, output)


def by(sides: object) -> str:
    """Return sizes of a window as a person writes them: 3×3."""
    return "×".join(str(side) for side in sides) if isinstance(sides, tuple) else str(sides)


def _conv(layer: Any, output: tuple[int, ...]) -> Words:
    return Words("Conv {size}, {filters}", {"size": by(layer.kernel_size), "filters": layer.out_channels})


def _conv_label(layer: Any, output: tuple[int, ...]) -> Words:
    return Words("conv {size}", {"size": by(layer.kernel_size)})


def _max_pool(layer: Any, output: tuple[int, ...]) -> Words:
    return Words("Max pool {size}", {"size": _window(layer)})


def _average_pool(layer: Any, output: tuple[int, ...]) -> Words:
    return Words("Average pool {size}", {"size": _window(layer)})


def _max_pool_to(layer: Any, output: tuple[int, ...]) -> Words:
    return Words("Max pool to {size}", {"size": by(output[1:])})


def _average_pool_to(layer: Any, output: tuple[int, ...]) -> Words:
    return Words("Average pool to {size}", {"size": by(output[1:])})


def _window(layer: Any) -> str:
    sides = layer.kernel_size
    flat = 1 if isinstance(layer, nn.MaxPool1d | nn.AvgPool1d) else 2
    return by(sides if isinstance(sides, tuple) else (sides,) * flat)


def _linear(layer: Any, output: tuple[int, ...]) -> Words:
    return Words("Linear {width}", {"width": layer.out_features})


def _embedding(layer: Any, output: tuple[int, ...]) -> Words:
    return Words("Embedding {width}", {"width": layer.embedding_dim})


def _dropout(layer: Any, output: tuple[int, ...]) -> Words:
    return Words("Dropout {share}", {"share": layer.p})


def _own(layer: Any, output: tuple[int, ...]) -> Words:
    return Words(type(layer).__name__)


def _always(words: Words) -> Name:
    return lambda layer, output: words


_MAX, _AVERAGE = _always(Words("max pool")), _always(Words("average pool"))
_BATCH_NORM = ("normalization", _always(Words("Batch norm")), _always(Words("batch norm")))
_LAYER_NORM = ("normalization", _always(Words("Layer norm")), _always(Words("layer norm")))
_RMS_NORM = ("normalization", _always(Words("RMS norm")), _always(Words("RMS norm")))
_INSTANCE_NORM = ("normalization", _always(Words("Instance norm")), _always(Words("instance norm")))
_GROUP_NORM = ("normalization", _always(Words("Group norm")), _always(Words("group norm")))
_UNKNOWN = ("other", _own, _own)

# Kind, name and label of each class of layers; the nearest class above a layer's own decides.
_LAYERS: dict[type[nn.Module], tuple[str, Name, Name]] = {
    nn.Conv1d: ("conv", _conv, _conv_label),
    nn.Conv2d: ("conv", _conv, _conv_label),
    nn.Linear: ("linear", _linear, _always(Words("linear"))),
    nn.Embedding: ("embedding", _embedding, _always(Words("embedding"))),
    nn.MaxPool1d: ("pool", _max_pool, _MAX),
    nn.MaxPool2d: ("pool", _max_pool, _MAX),
    nn.AvgPool1d: ("pool", _average_pool, _AVERAGE),
    nn.AvgPool2d: ("pool", _average_pool, _AVERAGE),
    nn.AdaptiveMaxPool1d: ("pool", _max_pool_to, _MAX),
    nn.AdaptiveMaxPool2d: ("pool", _max_pool_to, _MAX),
    nn.AdaptiveAvgPool1d: ("pool", _average_pool_to, _AVERAGE),
    nn.AdaptiveAvgPool2d: ("pool", _average_pool_to, _AVERAGE),
    nn.BatchNorm1d: _BATCH_NORM,
    nn.BatchNorm2d: _BATCH_NORM,
    nn.InstanceNorm1d: _INSTANCE_NORM,
    nn.InstanceNorm2d: _INSTANCE_NORM,
    nn.GroupNorm: _GROUP_NORM,
    nn.LayerNorm: _LAYER_NORM,
    nn.RMSNorm: _RMS_NORM,
    nn.Dropout: ("dropout", _dropout, _always(Words("dropout"))),
    nn.Dropout2d: ("dropout", _dropout, _always(Words("dropout"))),
    nn.Flatten: ("reshape", _always(Words("Flatten")), _always(Words("flatten"))),
    nn.ReLU: ("activation", _own, _own),
    nn.LeakyReLU: ("activation", _own, _own),
    nn.ELU: ("activation", _own, _own),
    nn.GELU: ("activation", _own, _own),
    nn.SiLU: ("activation", _own, _own),
    nn.Tanh: ("activation", _own, _own),
    nn.Sigmoid: ("activation", _own, _own),
}


def _found(layer: nn.Module) -> tuple[str, Name, Name]:
    return next((_LAYERS[above] for above in type(layer).__mro__ if above in _LAYERS), _UNKNOWN)
