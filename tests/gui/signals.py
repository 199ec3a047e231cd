"""What a waited-for signal carried."""

from typing import Any


def carried(waiter: Any) -> Any:
    """Return the first value of the signal that `waiter`, as qtbot.waitSignal gives it, has caught."""
    assert waiter.args, "the signal carried nothing"
    return waiter.args[0]
