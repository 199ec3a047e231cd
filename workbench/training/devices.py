"""Which device computes, and why."""

import ctypes
import gc
import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from typing import Any

import psutil
import torch

from workbench.core.errors import UserError
from workbench.core.words import Words

_HELD = {  # glibc's mallopt: parameter to bytes while memory is held, and afterwards
    -3: (32 << 20, 32 << 20),  # M_MMAP_THRESHOLD: larger pieces come from the system and go back to it
    -1: (2**31 - 1, 128 << 10),  # M_TRIM_THRESHOLD: freed memory at the end of the heap that is kept
    -2: (64 << 20, 0),  # M_TOP_PAD: that is asked for beyond what is needed
}


def chosen_device(name: str) -> torch.device:
    """Return the device of this name; "auto" takes a GPU when there is one that works.

    Raises UserError when the named device is not there, with the reason.
    """
    if name == "auto":
        return torch.device(next(iter(_gpus()), "cpu"))
    device = torch.device(name)
    present = {
        "cpu": lambda: 1,
        "cuda": torch.cuda.device_count,
        "mps": lambda: int(torch.backends.mps.is_available()),
        "xpu": torch.xpu.device_count,
    }[device.type]()
    if (device.index or 0) >= present:
        raise UserError(
            "This machine has no device {device}: {reason}",
            hint="Choose automatic or cpu as the device.",
            device=name,
            reason=why_no_gpu() or Words("there are only {count} of them.", {"count": present}),
        )
    return device


def _gpus() -> list[str]:
    found = ["cuda"] if torch.cuda.is_available() else []
    found += ["xpu"] if torch.xpu.is_available() else []
    return found + (["mps"] if torch.backends.mps.is_available() else [])


def why_no_gpu() -> Words | None:
    """Return why no GPU is used, or None when there is one."""
    if _gpus():
        return None
    if torch.version.cuda is None and torch.version.hip is None:
        return Words("This build of torch computes on the CPU only.")
    return Words("torch finds no GPU: none is built in, or its driver is missing or too old.")


def memory_in_use(device: torch.device) -> float:
    """Return the bytes of memory that training holds: the device's, or this process's on a CPU."""
    if device.type == "cuda":
        return float(torch.cuda.memory_reserved(device))
    if device.type == "mps":
        return float(torch.mps.current_allocated_memory())
    return float(psutil.Process().memory_info().rss)


@contextmanager
def freed_memory_held() -> Iterator[None]:
    """Let this process keep memory that is freed, until the end of the block: each step takes the same again.

    With glibc alone: by itself it gives large pieces back at once, and every page of them is made anew when next used.
    """
    library = _glibc()
    if library is None:
        yield
        return
    for setting, (meanwhile, _) in _HELD.items():
        library.mallopt(setting, meanwhile)
    try:
        yield
    finally:
        for setting, (_, afterwards) in _HELD.items():
            library.mallopt(setting, afterwards)
        library.malloc_trim(0)


def _glibc() -> Any:
    with suppress(OSError, AttributeError):
        library = ctypes.CDLL(None) if sys.platform == "linux" else None
        return library if library and library.gnu_get_libc_version else None
    return None


def release(device: torch.device) -> None:
    """Give back the memory that nothing needs any more, so that others, or a smaller step, can have it."""
    gc.collect()
    if library := _glibc():
        library.malloc_trim(0)
    if device.type == "cuda":
        torch.cuda.empty_cache()
    elif device.type == "mps":
        torch.mps.empty_cache()
    elif device.type == "xpu":
        torch.xpu.empty_cache()
