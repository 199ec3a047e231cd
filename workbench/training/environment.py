"""On what and with what a run was trained."""

import importlib.metadata
import os
import platform
import sys
from collections.abc import Mapping
from typing import Any

import torch

import workbench
from workbench.core.run_reader import this_host
from workbench.core.words import Words

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
        "arithmetic": torch.backends.cpu.get_cpu_capability(),
        "cores": os.cpu_count(),
        "devices": devices,
        "command": sys.argv,
    }


def differences_to(made_with: Mapping[str, Any], recorded: Mapping[str, Any], device: torch.device) -> list[Words]:
    """Return what differs here from where a checkpoint was made, and so lets a resumed run not be identical.

    made_with: as Loaded has it. recorded: what environment.json holds. device: the one that computes now.
    """
    found = []
    here = {"threads": torch.get_num_threads(), "torch": torch.__version__}
    if made_with["threads"] != here["threads"] and device.type == "cpu":
        values = {"before": made_with["threads"], "now": here["threads"]}
        found.append(
            Words("{now} threads compute here, and {before} did before: it goes on, but not identically.", values)
        )
    if made_with["torch"] != here["torch"]:
        values = {"before": str(made_with["torch"]), "now": here["torch"]}
        found.append(Words("This is torch {now}, and it was {before}: it goes on, but not identically.", values))
    devices = recorded.get("devices")
    now = [torch.cuda.get_device_name(index) for index in range(torch.cuda.device_count())]
    if device.type == "cuda" and isinstance(devices, list) and devices != now:
        values = {"before": ", ".join(map(str, devices)) or "–", "now": ", ".join(now)}
        found.append(Words("The device is {now}, and was {before}: it goes on, but not identically.", values))
    return found


def this_process() -> dict[str, Any]:
    """Return host and pid, by which a window finds the trainer: of several processes, the one that started them."""
    return {"host": this_host(), "pid": os.getppid() if "TORCHELASTIC_RUN_ID" in os.environ else os.getpid()}
