"""Blocks and choices that several architectures share."""

import logging


def _is_an_error(record: logging.LogRecord) -> bool:
    return record.levelno >= logging.ERROR


# What torchao says of its own parts, kernels for other GPUs and Pythons, when transformers or we import it, is nothing
# that a person could act on. Filters, and not levels: torch sets the levels of its loggers anew meanwhile.
for _name in ("torchao", "torchao.kernel.intmm", "torch.utils._pytree"):
    logging.getLogger(_name).addFilter(_is_an_error)
