"""Devices: what this machine can compute on, and why a GPU is not among it."""

import os
import platform
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import psutil
import torch

from workbench.core.processors import cores
from workbench.core.words import Words


def list() -> dict[str, Any]:
    """Return the devices that torch can use, the best one first, and in words why no GPU is used (empty when one is).

    memory: bytes, of the machine for its processor.
    """
    gpus = [*_cuda(), *_xpu(), *_mps()]
    return {"devices": [*gpus, _processor()], "why": Words("") if gpus else why_no_gpu()}


def why_no_gpu() -> Words:
    """Return why torch uses no GPU here."""
    card = nvidia_card()
    if not torch.backends.cuda.is_built() and not torch.version.hip:
        if card:
            return Words("This machine has {card}, but this build of torch has no CUDA.", {"card": card})
        return Words("This build of torch has no CUDA.")
    hidden = os.environ.get("CUDA_VISIBLE_DEVICES")
    if card and hidden is not None and hidden.strip() in ("", "-1"):
        return Words("{card} is hidden: CUDA_VISIBLE_DEVICES is “{value}”.", {"card": card, "value": hidden})
    try:
        torch.cuda.init()
    except (RuntimeError, AssertionError) as error:
        return Words("torch sees no GPU: {reason}", {"reason": str(error).strip().splitlines()[0]})
    return Words("torch sees no GPU.")


def nvidia_card() -> str:
    """Return the name of this machine's NVIDIA card, as its driver knows it, or an empty text."""
    tool = shutil.which("nvidia-smi")
    if not tool:
        return ""
    question = [tool, "--query-gpu=name", "--format=csv,noheader"]
    try:
        names = subprocess.run(question, capture_output=True, text=True, timeout=10, check=True).stdout
    except (OSError, subprocess.SubprocessError):
        return ""
    return next((line.strip() for line in names.splitlines() if line.strip()), "")


def _processor() -> dict[str, Any]:
    return _device("cpu", _processor_name(), psutil.virtual_memory().total, cores=cores())


def _processor_name() -> str:
    """Return the name of the processor as its maker calls it, where the system tells."""
    information = Path("/proc/cpuinfo")
    if information.is_file():
        for line in information.read_text("utf-8", "replace").splitlines():
            if line.lower().startswith("model name") and (name := line.partition(":")[2].strip()):
                return name
    return platform.processor() or platform.machine() or "CPU"


def _cuda() -> Iterator[dict[str, Any]]:
    if torch.cuda.is_available():
        for number in range(torch.cuda.device_count()):
            memory = torch.cuda.get_device_properties(number).total_memory
            yield _device(f"cuda:{number}", torch.cuda.get_device_name(number), memory)


def _xpu() -> Iterator[dict[str, Any]]:
    if hasattr(torch, "xpu") and torch.xpu.is_available():
        for number in range(torch.xpu.device_count()):
            memory = torch.xpu.get_device_properties(number).total_memory
            yield _device(f"xpu:{number}", torch.xpu.get_device_name(number), memory)


def _mps() -> Iterator[dict[str, Any]]:
    if torch.backends.mps.is_available():
        yield _device("mps", "Apple GPU", psutil.virtual_memory().total)


def _device(name: str, title: str, memory: int, **more: Any) -> dict[str, Any]:
    return {"name": name, "title": title, "memory": int(memory), **more}
