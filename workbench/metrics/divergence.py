"""Divergence: how far the middle of a variational autoencoder is from the standard normal distribution."""

from torch import Tensor

from workbench.metrics import register


@register(
    "divergence",
    title="Divergence",
    summary="How much the middle of a variational autoencoder says about its input, in nats.",
    better="lower",
)
def divergence(mean: Tensor, log_variance: Tensor) -> Tensor:
    """Return the sum of divergences (Kingma and Welling 2014, appendix B): (batch, latent), (batch, latent) -> ()."""
    mean, log_variance = mean.float(), log_variance.float()
    return 0.5 * (mean.square() + log_variance.exp() - 1 - log_variance).sum()
