"""Memory that a training frees is held until its end, and then given back."""

import subprocess
import sys

import pytest

HOLD = """
import psutil, torch
from workbench.training.devices import freed_memory_held

def step():
    torch.ones(4 << 20) + torch.ones(4 << 20)  # three times 16 MB, which every step takes and frees
    return psutil.Process().memory_info().rss

before = step()
with freed_memory_held():
    held = step()
print(held - before, held - psutil.Process().memory_info().rss)
"""


@pytest.mark.skipif(sys.platform != "linux", reason="glibc alone gives memory back by itself")
def test_a_step_finds_the_memory_that_the_one_before_it_freed() -> None:
    said = subprocess.run([sys.executable, "-c", HOLD], check=True, capture_output=True, text=True).stdout
    held, given_back = map(int, said.split())
    assert held > 32e6
    assert given_back > 32e6
