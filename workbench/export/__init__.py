"""Exports: a trained model in the form that another program takes; one target per file.

Every export is a folder with the model, the code that prepares its inputs, an example and a card, and it is compared
with the run it was made of, in a process that cannot see this program, before it takes its place.
"""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar

from workbench.core.registry import Registry
from workbench.core.words import Words, mark
from workbench.export import checking
from workbench.export.comparison import Comparison
from workbench.export.subject import Subject

Write = TypeVar("Write", bound=Callable[..., None])


@dataclass(frozen=True)
class Target:
    """A form that a model can be exported in.

    write: called as (subject, folder) to fill an empty folder. example: the lines of example.py between the prepared
    inputs and the answer, which set `told`. needs: packages that using it takes. check: source of a program that runs
    in the folder and defines told(encoded) -> array, what the exported model tells of encoded inputs. compare: returns
    how the folder stands to what it was made of, by what it tells where there is nothing better to compare. before: a
    command that must run before the example does. note: what the card adds about the files. refuses: returns why a
    model cannot be exported so, or None. takes_any_length: whether texts of any length up to the model's can be given
    to it.
    """

    kind: str
    write: Callable[..., None]
    title: str
    summary: str
    example: str
    needs: tuple[str, ...]
    check: str = ""
    compare: Callable[[Subject, "Target", Path], Comparison] = checking.compare
    before: str = ""
    note: str = ""
    refuses: Callable[[Subject], Words | None] = lambda subject: None
    takes_any_length: Callable[[Subject], bool] = lambda subject: subject.any_length


targets = Registry[Target]("workbench.export", mark("export target"))


def register(
    kind: str,
    *,
    title: str,
    summary: str,
    example: str,
    needs: tuple[str, ...],
    **more: Any,
) -> Callable[[Write], Write]:
    """Register the decorated function, called as (subject, folder), as the export target `kind`.

    more: any other field of Target.
    """

    def decorate(write: Write) -> Write:
        targets.add(kind, Target(kind, write, title, summary, example, needs, **more))
        return write

    return decorate
