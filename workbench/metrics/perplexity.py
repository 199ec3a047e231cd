"""Perplexity: among how many equally likely tokens the network seems to choose."""

from math import exp

from torch import Tensor
from torch.nn.functional import cross_entropy

from workbench.metrics import register

_MOST = 700.0  # nats, beyond which the exponential has no value


def exponential(total: Tensor, count: int) -> float:
    """Return e to the mean loss of a token; waits for the device."""
    return exp(min(float(total) / max(count, 1), _MOST))


@register(
    "perplexity",
    title="Perplexity",
    summary="Among how many tokens the model hesitates on average; 1 would be certainty.",
    better="lower",
    value=exponential,
)
def perplexity(outputs: Tensor, targets: Tensor) -> Tensor:
    """Return the sum of the losses of all tokens, in nats: (batch, length, vocabulary), (batch, length) -> ().

    The target -100 is no token.
    """
    return cross_entropy(outputs.flatten(0, 1).float(), targets.flatten(), reduction="sum", ignore_index=-100)
