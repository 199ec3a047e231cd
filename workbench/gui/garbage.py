"""Python's garbage collector passes over the pages: they stay, and to look through them all holds the window up."""

import gc


def set_aside() -> None:
    """Collect now, and let later collections pass over all that is there.

    A full collection over the built pages takes about 40 ms, in the middle of whatever the window does just then.
    """
    gc.unfreeze()
    gc.collect()
    gc.freeze()


def set_more_aside() -> None:
    """Let later collections pass over what has come since as well, without a collection now."""
    gc.freeze()
