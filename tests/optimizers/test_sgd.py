"""What plain gradient descent refuses."""

import pytest

from workbench.core.errors import UserError
from workbench.core.registry import build_settings
from workbench.optimizers import optimizers


def test_nesterov_needs_momentum() -> None:
    with pytest.raises(UserError, match="Nesterov needs momentum"):
        build_settings(optimizers, {"nesterov": True, "momentum": 0.0}, "sgd", "training.optimizer")
