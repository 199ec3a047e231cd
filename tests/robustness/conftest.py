"""The window with stand-ins for engine and trainer, as its own tests have it."""

from tests.gui.test_main_window import catalogue, open_window, runs, soon, stand_ins

__all__ = ["catalogue", "open_window", "runs", "soon", "stand_ins"]
