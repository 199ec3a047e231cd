"""Workbench: train and use neural networks by pointing and clicking."""

import os

__version__ = "0.1.0"

# Threads of a computation wait asleep for each other. Spinning, which OpenMP does by itself, takes the cores from the
# window and from each other: on two busy cores the same training took 22 times as long. Read when torch is loaded.
os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")
