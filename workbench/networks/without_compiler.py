"""Keeps torch from importing its compiler where nothing is compiled.

torch wraps what its compiler must not look into: the first call of each, and every step of an optimizer, imports the
compiler, a second and more, only to tell it that. Networks are all that is compiled here, and they call none of these.
"""

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from types import ModuleType
from typing import Any

_COMPILER = "torch._dynamo"


@contextmanager
def without_compiler() -> Iterator[None]:
    """Call such functions without the compiler; those that are called for the first time in here keep to that.

    Does nothing once the compiler is there. For one thread at a time.
    """
    if _COMPILER in sys.modules:
        yield
        return
    stand_in: Any = ModuleType(_COMPILER)
    stand_in.disable, stand_in.graph_break = _itself, _nothing
    sys.modules[_COMPILER] = stand_in
    try:
        yield
    finally:
        if sys.modules.get(_COMPILER) is stand_in:
            del sys.modules[_COMPILER]


def _itself(function: Callable[..., Any], *_arguments: Any, **_named: Any) -> Callable[..., Any]:
    return function


def _nothing() -> None:
    """Where the compiler would begin anew."""
