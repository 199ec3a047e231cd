"""Turns what can go wrong in a training into words that help."""

import traceback

import torch

from workbench.core.errors import UserError
from workbench.training.distributed import is_lost, lost


def is_out_of_memory(error: BaseException) -> bool:
    """Return whether memory was short, on whatever device."""
    told = isinstance(error, RuntimeError) and "DefaultCPUAllocator" in str(error)
    return told or isinstance(error, torch.OutOfMemoryError | MemoryError)


def explained(error: Exception) -> UserError:
    """Return the error as one that a person can act on, with the traceback among its details."""
    if isinstance(error, UserError):
        return error
    details = "".join(traceback.format_exception(error))
    if is_out_of_memory(error):
        return UserError(
            "The memory is not enough for this training.",
            hint="Close other programs, or take a smaller network, smaller batches or less data. "
            "What was saved before is kept.",
            details=details,
        )
    if "more than 1 value per channel" in str(error):
        return UserError(
            "Normalization over a batch needs more than one sample at a time.",
            hint="Choose a larger batch size, or another normalization.",
            details=details,
        )
    if is_lost(error):
        return lost(error)
    if isinstance(error, OSError):
        return UserError(
            "A file could not be written or read: {reason}.",
            hint="Look at the disk and the rights of {file}, then resume the run. What was saved before is kept.",
            details=details,
            reason=error.strerror or str(error),
            file=str(error.filename or ""),
        )
    return UserError(
        "The training stopped at an error: {reason}",
        hint="What was saved before is kept. The details say where it happened.",
        details=details,
        reason=f"{type(error).__name__}: {error}",
    )
