"""A convolution that decorrelates the patches of pictures, with filters that are computed and not learned."""

import torch
from torch import Tensor, nn
from torch.nn.functional import unfold

_LEAST = 5e-4  # added to every variance, so that directions in which nothing happens are not blown up
_MOST_NUMBERS = 1 << 22  # of patches that are looked at


class Whitening(nn.Conv2d):
    """Filters along the principal directions of patches, each scaled to variance one, and their negatives.

    Their weights are no parameters: `fit` sets them, before that they are random. Only the biases are learned. Having
    both signs, what follows may bend without losing a direction (Page 2019; Jordan 2024, section 3.2).
    (batch, channels, height, width) -> (batch, 2 × channels × side², …).
    """

    def __init__(self, channels: int, side: int, stride: int = 1) -> None:
        super().__init__(channels, 2 * channels * side**2, side, stride)
        assert self.bias is not None
        nn.init.zeros_(self.bias)
        drawn = self.weight.detach()
        del self.weight
        self.weight: Tensor  # pyright: ignore[reportIncompatibleVariableOverride]
        self.register_buffer("weight", drawn)

    @torch.no_grad()
    def fit(self, images: Tensor) -> None:
        """Set the filters by the patches of these images (N, channels, height, width): a function of them alone."""
        side = self.kernel_size[0]
        some = images[:: max(1, images.numel() * side**2 // _MOST_NUMBERS)].float().contiguous()
        patches = unfold(some, side).transpose(1, 2).flatten(0, 1).double()
        patches = patches - patches.mean(dim=0)
        variances, directions = torch.linalg.eigh(patches.T @ patches / len(patches))
        filters = (directions / (variances + _LEAST).sqrt()).T.flip(0)  # those that vary most come first
        strongest = filters.abs().argmax(dim=1, keepdim=True)
        filters = filters * filters.gather(1, strongest).sign()  # an eigenvector's sign is anybody's guess
        self.weight.copy_(torch.cat((filters, -filters)).view_as(self.weight))
