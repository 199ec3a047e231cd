"""What a test must not leave behind: threads, timers and windows that would run on into the next one."""

import gc
import sys
import threading
import time
from collections.abc import Callable, Iterable
from typing import Any

PATIENCE = 3.0  # seconds that something may take to end after its test


def settle() -> None:
    """Clear away, and look no more through what stays: collecting then costs what a test made, not all there is."""
    gc.collect()
    gc.freeze()


def threads() -> set[threading.Thread]:
    """Return the threads that Python started and that still run; threads begun by C code cannot be told apart."""
    return {thread for thread in threading.enumerate() if not isinstance(thread, threading._DummyThread)}


def qt_objects() -> set[Any]:
    """Return running QThreads, active QTimers and top-level widgets; none before Qt is imported."""
    if "PySide6.QtWidgets" not in sys.modules:
        return set()
    import shiboken6
    from PySide6.QtCore import QThread, QTimer
    from PySide6.QtWidgets import QApplication, QMenu

    wrappers = shiboken6.getAllValidWrappers()
    found: set[Any] = {wrapper for wrapper in wrappers if isinstance(wrapper, QThread) and wrapper.isRunning()}
    found -= {QThread.currentThread()}
    found |= {wrapper for wrapper in wrappers if isinstance(wrapper, QTimer) and wrapper.isActive()}
    if QApplication.instance() is not None:
        widgets = (widget for widget in QApplication.topLevelWidgets() if not isinstance(widget, QMenu))
        found |= {
            widget for widget in widgets if type(widget).__name__ not in ("QTipLabel", "QComboBoxPrivateContainer")
        }
    return found


def left_behind(before: Iterable[Any], now: Callable[[], set[Any]]) -> list[Any]:
    """Return what `now()` finds beyond `before`, after waiting for what is about to end."""
    known = set(before)
    end = time.monotonic() + PATIENCE
    while True:
        extra = now() - known
        if not extra or time.monotonic() > end:
            return sorted(extra, key=str)
        del extra
        _let_go()
        time.sleep(0.01)


def told(thing: Any) -> str:
    """Return what is known of a thing that was left behind, so that whoever reads it finds where it was made."""
    if type(thing).__name__ != "QTimer":
        return repr(thing)
    return f"QTimer every {thing.interval()} ms of {thing.parent()!r}, held by {_holders(thing)}"


def _holders(thing: Any) -> list[str]:
    return [repr(holder)[:300] for holder in gc.get_referrers(thing) if isinstance(holder, dict)]


def _let_go() -> None:
    if "PySide6.QtWidgets" in sys.modules:
        from PySide6.QtCore import QCoreApplication, QEvent

        if QCoreApplication.instance() is not None:
            QCoreApplication.processEvents()
            QCoreApplication.sendPostedEvents(None, QEvent.Type.DeferredDelete)  # type: ignore[arg-type]
    gc.collect()
