"""One of several processes that torchrun starts for a test: `-m tests.training.ranks FOLDER…` trains these runs."""

import sys
from pathlib import Path

import torch
from torch import Generator, Tensor

from workbench.core.events import Failed
from workbench.core.run_folder import RunFolder
from workbench.inference import feeding
from workbench.tasks import masked_token
from workbench.training.distributed import joined
from workbench.training.worker import train_run


class DerivedFromTheText(masked_token._Derived):
    """Hides the same tokens of a text whatever it is batched with, also in training."""

    def __init__(self, generator: Generator) -> None:
        self.state: Tensor | None = None  # pyright: ignore[reportIncompatibleVariableOverride]

    def of(self, ids: Tensor) -> Tensor:
        if self.state is None:
            super().__init__(ids)
        return super().of(ids)


def without_chance() -> None:
    """Let masks follow from the texts, so that they are the same for one process and for several."""
    masked_token._Drawn = DerivedFromTheText  # type: ignore[misc, assignment]


def main() -> None:
    torch.set_num_threads(1)
    without_chance()
    with joined() as group:
        for name in sys.argv[1:]:
            if name == "--from-files":
                feeding._SHARE = 0.0  # as if no split fitted into the memory
                continue
            ending = train_run(RunFolder(Path(name)), group=group)
            if isinstance(ending, Failed):
                sys.exit(f"{name}: {ending.error}")


if __name__ == "__main__":
    main()
