"""The run at hand: the last one that was trained or chosen, on whichever page."""


class AtHand:
    """Remembers in which order runs were taken in hand; lives as long as the window, while pages are built again."""

    def __init__(self) -> None:
        self._paths: list[str] = []

    def take(self, path: str) -> None:
        """Have the run in this folder at hand from now on."""
        self._paths = [path, *(other for other in self._paths if other != path)]

    def paths(self) -> list[str]:
        """Return the folders of runs, the last one first: the others are there for as long as it has no model yet."""
        return list(self._paths)
