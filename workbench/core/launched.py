"""Whether this process trains a run together with others; asked without loading torch."""

import os

_NEEDED = ("RANK", "WORLD_SIZE", "MASTER_ADDR", "MASTER_PORT")


def is_launched() -> bool:
    """Return whether this process is one of those that `torchrun` has started."""
    return all(name in os.environ for name in _NEEDED)
