"""Softmax regression: one linear layer from the pixels to the classes."""

from typing import Literal

from torch import nn

from workbench.architectures import register
from workbench.core.settings import Settings
from workbench.core.signature import Inputs


class SoftmaxSettings(Settings):
    """There is nothing to set."""

    kind: Literal["softmax"] = "softmax"


@register(
    "softmax",
    settings=SoftmaxSettings,
    title="Softmax",
    summary="One linear layer. The yardstick for all others.",
    inputs=("image",),
    tasks=("classification", "multi_label"),
    picture=("input", "linear"),
)
def softmax(settings: SoftmaxSettings, inputs: Inputs, outputs: int) -> nn.Module:
    """Return multinomial logistic regression: (batch, channels, height, width) -> logits (batch, outputs)."""
    channels, height, width = inputs.shape
    return nn.Sequential(nn.Flatten(), nn.Linear(channels * height * width, outputs))
