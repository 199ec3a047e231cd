"""What the window wishes, as the trainer sees it."""

from pathlib import Path

from workbench.core.run_folder import RunFolder, Wish


class StopWished(Exception):
    """The window wishes the end before there is a step."""

    def __init__(self, number: int) -> None:
        super().__init__(number)
        self.number = number


class Control:
    """Looks for new wishes to one attempt of a run; a look costs one `stat` as long as nothing changed."""

    def __init__(self, folder: RunFolder, attempt: int) -> None:
        self.folder = folder
        self.attempt = attempt
        self._file: Path = folder.path / "control.json"
        self._seen: tuple[int, int] | None = None
        before = folder.wish()
        self._number = before.number if before and before.attempt != attempt else 0

    def new_wish(self) -> Wish | None:
        """Return a wish that was not returned before, or None; wishes to other attempts do not count."""
        try:
            facts = self._file.stat()
        except OSError:
            return None
        seen = (facts.st_mtime_ns, facts.st_ino)
        if seen == self._seen:
            return None
        wish = self.folder.wish()
        self._seen = seen
        if wish is None or wish.attempt != self.attempt or wish.number <= self._number:
            return None
        self._number = wish.number
        return wish
