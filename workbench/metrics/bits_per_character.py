"""Bits per character: what is left to say of each character, whatever tokens the text was cut into."""

from math import log

from torch import Tensor
from torch.nn.functional import cross_entropy

from workbench.metrics import register


@register(
    "bits_per_character",
    title="Bits per character",
    summary="How many bits the model would need to write down a character. Comparable between different tokens.",
    better="lower",
)
def bits_per_character(outputs: Tensor, targets: Tensor) -> Tensor:
    """Return the sum of the losses of all tokens, in bits: (batch, length, vocabulary), (batch, length) -> ().

    A task whose tokens are longer than one character divides it by their mean length. The target -100 is no token.
    """
    total = cross_entropy(outputs.flatten(0, 1).float(), targets.flatten(), reduction="sum", ignore_index=-100)
    return total / log(2)
