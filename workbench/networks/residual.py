"""Residual blocks: what each adds to its input is learned (He et al. 2016); named inside as in torchvision."""

from collections.abc import Callable

from torch import Tensor, nn
from torch.nn.functional import pad

from workbench.networks.layers import activation

Norm = Callable[[int], nn.Module]  # makes the normalization of so many channels


class BasicBlock(nn.Module):
    """Two 3×3 convolutions around a shortcut: (batch, channels, H, W) -> (batch, filters, H / stride, W / stride).

    projects: whether a shortcut that must change its shape is a 1×1 convolution (option B of He et al.), or drops
    every other pixel and fills up with zero channels (option A, without weights).
    """

    def __init__(
        self, channels: int, filters: int, stride: int, bend: str, norm: Norm, *, projects: bool = True
    ) -> None:
        super().__init__()
        self.conv1 = nn.Conv2d(channels, filters, 3, stride, padding=1, bias=False)
        self.bn1 = norm(filters)
        self.relu = activation(bend)
        self.conv2 = nn.Conv2d(filters, filters, 3, padding=1, bias=False)
        self.bn2 = norm(filters)
        self.downsample = None
        if stride != 1 or channels != filters:
            self.downsample = (
                projection(channels, filters, stride, norm) if projects else Padding(filters - channels, stride)
            )

    def forward(self, values: Tensor) -> Tensor:
        shortcut = values if self.downsample is None else self.downsample(values)
        inner = self.relu(self.bn1(self.conv1(values)))
        return self.relu(self.bn2(self.conv2(inner)) + shortcut)


class Bottleneck(nn.Module):
    """Convolutions of 1×1, 3×3 and 1×1 around a shortcut: (batch, channels, H, W) -> (batch, filters, …/stride).

    inner: filters of the 3×3 convolution, which takes the steps (as in torchvision; He et al. let the first take them).
    """

    def __init__(self, channels: int, inner: int, filters: int, stride: int, bend: str, norm: Norm) -> None:
        super().__init__()
        self.conv1 = nn.Conv2d(channels, inner, 1, bias=False)
        self.bn1 = norm(inner)
        self.conv2 = nn.Conv2d(inner, inner, 3, stride, padding=1, bias=False)
        self.bn2 = norm(inner)
        self.conv3 = nn.Conv2d(inner, filters, 1, bias=False)
        self.bn3 = norm(filters)
        self.relu = activation(bend)
        self.downsample = projection(channels, filters, stride, norm) if stride != 1 or channels != filters else None

    def forward(self, values: Tensor) -> Tensor:
        shortcut = values if self.downsample is None else self.downsample(values)
        inner = self.relu(self.bn1(self.conv1(values)))
        inner = self.relu(self.bn2(self.conv2(inner)))
        return self.relu(self.bn3(self.conv3(inner)) + shortcut)


class WideBlock(nn.Module):
    """Normalize, bend, convolve, twice, with dropout between, around a shortcut (Zagoruyko and Komodakis 2016).

    (batch, channels, H, W) -> (batch, filters, H / stride, W / stride).
    """

    def __init__(self, channels: int, filters: int, stride: int, bend: str, norm: Norm, dropout: float) -> None:
        super().__init__()
        self.bn1 = norm(channels)
        self.relu = activation(bend)
        self.conv1 = nn.Conv2d(channels, filters, 3, stride, padding=1, bias=False)
        self.bn2 = norm(filters)
        self.dropout = nn.Dropout(dropout)
        self.conv2 = nn.Conv2d(filters, filters, 3, padding=1, bias=False)
        self.downsample = None
        if stride != 1 or channels != filters:
            self.downsample = nn.Conv2d(channels, filters, 1, stride, bias=False)

    def forward(self, values: Tensor) -> Tensor:
        ready = self.relu(self.bn1(values))
        inner = self.conv1(ready)
        inner = self.conv2(self.dropout(self.relu(self.bn2(inner))))
        return inner + (values if self.downsample is None else self.downsample(ready))


class Padding(nn.Module):
    """A shortcut without weights: every `stride`-th pixel, and `more` channels of zeros, half of them on each side."""

    def __init__(self, more: int, stride: int) -> None:
        super().__init__()
        self.more = more
        self.stride = stride

    def forward(self, values: Tensor) -> Tensor:
        before = self.more // 2
        return pad(values[:, :, :: self.stride, :: self.stride], (0, 0, 0, 0, before, self.more - before))


def projection(channels: int, filters: int, stride: int, norm: Norm) -> nn.Sequential:
    """Return a shortcut that changes channels and size with a 1×1 convolution."""
    return nn.Sequential(nn.Conv2d(channels, filters, 1, stride, bias=False), norm(filters))
