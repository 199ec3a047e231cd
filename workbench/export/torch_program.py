"""A program of torch.export: the graph of the model in one file, which PyTorch runs and compiles without its source."""

from pathlib import Path

import torch

from workbench.core.words import mark
from workbench.export import register
from workbench.export.companions import preparing
from workbench.export.graph import graph_of, has_free_length
from workbench.export.subject import Subject


@register(
    "torch-program",
    title=mark("PyTorch program"),
    summary=mark("The graph of the model in one file (torch.export), to run or compile without Python classes."),
    check="import torch\n\nprogram = torch.export.load('model.pt2').module()\n\n\n"
    "def told(encoded):\n    with torch.inference_mode():\n        return program(torch.from_numpy(encoded)).numpy()\n",
    example="import torch\nfrom preparing import OFFERED\n---\n"
    "program = torch.export.load(PLACE / 'model.pt2').module()\n"
    "told = program(torch.from_numpy(prepared)[None])[0].detach().numpy()",
    needs=("torch", "numpy"),
    takes_any_length=has_free_length,
)
def write(subject: Subject, folder: Path) -> None:
    """Write model.pt2 and preparing.py."""
    torch.export.save(graph_of(subject), folder / "model.pt2")
    (folder / "preparing.py").write_text(preparing(subject), encoding="utf-8")
