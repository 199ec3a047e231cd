"""On what and with what a run was trained."""

import importlib.metadata
import os
import platform
import sys
from typing import Any

import torch

import workbench
from workbench.core.run_reader import this_host

_PACKAGES = ("torch", "numpy", "pydantic", "safetensors", "pillow", "polars")


def environment() -> dict[str, Any]:
    """Return versions, host and command, as environment.json keeps them."""
    devices = [torch.cuda.get_device_name(index) for index in range(torch.cuda.device_count())]
    return {
        "host": this_host(),
        "workbench": workbench.__version__,
        "python": platform.python_version(),
        "system": platform.platform(),
        "packages": {name: importlib.metadata.version(name) for name in _PACKAGES},
        "processor": platform.processor() or platform.machine(),
        "cores": os.cpu_count(),
        "devices": devices,
        "command": sys.argv,
    }


def this_process() -> dict[str, Any]:
    """Return host and pid, by which a window finds the trainer."""
    return {"host": this_host(), "pid": os.getpid()}
