"""The settings of a recipe by their full names, such as training.optimizer.learning_rate."""

from collections.abc import Mapping
from typing import Any


def by_full_name(plain: Mapping[str, Any]) -> dict[str, Any]:
    """Return the values of sections within sections by names that have the names of the sections before them."""
    found: dict[str, Any] = {}
    for name, value in plain.items():
        if isinstance(value, Mapping):
            found |= {f"{name}.{rest}": each for rest, each in by_full_name(value).items()}
        else:
            found[name] = value
    return found
