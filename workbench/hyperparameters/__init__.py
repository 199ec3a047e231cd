"""How a network is trained: every setting of [training], by subject."""

from workbench.hyperparameters.training import Training

__all__ = ["Training"]
