"""Widgets belong to the window's thread: used from another, Qt crashes. `python -X dev` makes that an error."""

import sys
from types import FrameType
from typing import Any


def forbid_widgets() -> None:
    """Let this thread raise AssertionError when it calls a widget, in Python's development mode: it costs time."""
    if sys.flags.dev_mode:
        sys.setprofile(_refuse)


def _refuse(frame: FrameType, event: str, called: Any) -> None:
    if event != "c_call":
        return
    from PySide6.QtWidgets import QWidget

    owner = getattr(called, "__self__", None)
    if isinstance(owner, QWidget):
        sys.setprofile(None)
        raise AssertionError(f"{type(owner).__name__}.{called.__name__} was called from another thread than its own")
