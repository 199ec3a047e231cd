"""Images as a pretrained model sees them: brought to its size, its channels and its brightness, on the device."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from workbench.core.signature import Inputs
from workbench.data.preprocessing import ImagePreprocessing

if TYPE_CHECKING:
    from torch import Tensor


@dataclass(frozen=True)
class PretrainedImage(ImagePreprocessing):
    """Reads images at the size of the data, and hands them on at the size that the model was trained with.

    shape: channels, height and width that the model takes; mean and std: one per channel of it.
    """

    shape: tuple[int, int, int] = (3, 224, 224)

    @property
    def inputs(self) -> Inputs:
        """What comes out, as a network sees it."""
        return Inputs("image", self.shape)

    def normalised(self, images: "Tensor") -> "Tensor":
        """Return images as the model takes them: (N, C, H, W) uint8, or float in 0…1 -> (N, *shape) float32."""
        from torch.nn.functional import interpolate  # not needed to open data

        values = images.float() if images.is_floating_point() else images.float() / 255
        channels, *size = self.shape
        if values.shape[1] != channels:
            values = values.mean(1, keepdim=True).expand(-1, channels, -1, -1)
        if tuple(values.shape[2:]) != tuple(size):
            values = interpolate(values, size=tuple(size), mode="bilinear", align_corners=False, antialias=True)
        return super().normalised(values)

    def to_plain(self) -> dict[str, Any]:
        """Return plain values that travel through JSON; `from_plain` is the way back."""
        return {**super().to_plain(), "kind": "pretrained_image", "shape": list(self.shape)}

    @classmethod
    def from_plain(cls, plain: Mapping[str, Any]) -> "PretrainedImage":
        """Return the preprocessing that `to_plain` described."""
        sides = (int(plain["channels"]), int(plain["height"]), int(plain["width"]))
        channels, height, width = plain["shape"]
        moments = tuple(plain["mean"]), tuple(plain["std"])
        return cls(*sides, *moments, plain.get("border", -1.0), (channels, height, width))
