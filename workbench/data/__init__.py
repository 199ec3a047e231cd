"""Data: each kind is one file of this package, found by its name.

from workbench.data import kinds, open_data, recognise
dataset = open_data(recognise("flowers.zip"))
"""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from workbench.core.errors import UserError
from workbench.core.registry import Registry, build_settings
from workbench.core.words import mark
from workbench.data.base import DataSettings, ImageSettings
from workbench.data.dataset import Dataset, Problem, Progress, ProgressCallback, Skipped, Split, ignore

__all__ = [
    "DataKind",
    "DataSettings",
    "Dataset",
    "ImageSettings",
    "Problem",
    "Progress",
    "Skipped",
    "Split",
    "kinds",
    "open_data",
    "recognise",
    "register",
    "tasks_posed_by",
]

Opener = Callable[[Any, ProgressCallback], Dataset]
Raw = Callable[[Any], Iterator[tuple[str, Sequence[Any]]]]


@dataclass(frozen=True)
class DataKind:
    """One kind of data.

    tasks: what these data can pose, the natural one first. open: (settings, progress) -> Dataset. recognises: how
    sure it is, 0 to 1, that a path is of this kind. example: writes a tiny instance into an empty folder and returns
    the settings that open it; contract tests use it. raw: settings -> (column, some of its values), all there are and
    as they are written, of kinds that can be masked.
    """

    kind: str
    settings: type[DataSettings]
    title: str
    summary: str
    tasks: tuple[str, ...]
    open: Opener
    recognises: Callable[[Path], float]
    example: Callable[[Path], DataSettings]
    raw: Raw | None = None


kinds: Registry[DataKind] = Registry("workbench.data", mark("kind of data"))


def _never(path: Path) -> float:
    return 0.0


def register(
    kind: str,
    *,
    settings: type[DataSettings],
    title: str,
    summary: str,
    example: Callable[[Path], DataSettings],
    tasks: tuple[str, ...] = ("classification",),
    recognises: Callable[[Path], float] = _never,
    raw: Raw | None = None,
) -> Callable[[Opener], Opener]:
    """Register the decorated function as the way to open data of `kind`."""

    def add(opener: Opener) -> Opener:
        kinds.add(kind, DataKind(kind, settings, title, summary, tasks, opener, recognises, example, raw))
        return opener

    return add


def open_data(settings: DataSettings | dict[str, Any], progress: ProgressCallback = ignore) -> Dataset:
    """Return the data set that `settings` describe, decoded if that has not been done before.

    progress is called a few times a second; what it raises cancels the opening and is passed on. Raises UserError.
    """
    chosen = build_settings(kinds, settings, "samples", "data")
    return kinds[getattr(chosen, "kind", "")].open(chosen, progress)


def tasks_posed_by(settings: DataSettings) -> tuple[str, ...]:
    """Return the tasks that these data can pose, the natural one first; () when only opening them will tell."""
    return settings.tasks(kinds[settings.kind].tasks)


def recognise(path: str | Path) -> DataSettings:
    """Return the settings that open `path`; raises UserError that names what was found when no kind fits."""
    from workbench.data.recognition import described  # needs the registry

    path = Path(path)
    if not path.exists():
        raise UserError("{path} does not exist.", hint="Choose another file or folder.", path=str(path))
    surest = max(kinds.values(), key=lambda entry: entry.recognises(path))
    if surest.recognises(path) <= 0:
        raise described(path)
    return surest.settings.model_validate({"kind": surest.kind, "path": str(path)})
