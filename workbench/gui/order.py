"""What is asked for when a run is to be trained: now, or after the ones before it."""

from dataclasses import dataclass

from workbench.core.run_folder import RunFolder
from workbench.core.run_summary import recipe_of


@dataclass(frozen=True)
class Order:
    """A run to train, and settings to change when it goes on."""

    folder: RunFolder
    assignments: tuple[str, ...] = ()

    @property
    def name(self) -> str:
        return self.folder.name

    @property
    def in_thread(self) -> bool:
        """Whether its steps run in the window's worker thread."""
        asked = [
            text.partition("=")[2].strip(" \"'") for text in self.assignments if text.startswith("training.runs_in")
        ]
        return (asked or [recipe_of(self.folder).get("training", {}).get("runs_in", "")])[-1] == "worker thread"
