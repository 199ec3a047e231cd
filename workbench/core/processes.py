"""How the program's processes live beside each other."""

import os

_POLITE = 5  # of 19: behind the window, before what can really wait


def give_way() -> None:
    """Let the window come first where this process would take the cores from it; free cores are used as before."""
    if hasattr(os, "nice"):  # not on Windows
        os.nice(_POLITE)
