"""A program of torch.export: the graph of the model in one file, which PyTorch runs and compiles without its source."""

from pathlib import Path

import torch

from workbench.core.words import mark
from workbench.export import register
from workbench.export.companions import preparing
from workbench.export.graph import graph_of, has_free_length
from workbench.export.subject import Subject

_RUNS = "torch.export.load('model.pt2').module()"


@register(
    "torch-program",
    title=mark("PyTorch program"),
    summary=mark("The graph of the model in one file (torch.export), to run or compile without Python classes."),
    check=f"import torch\n\nprogram = {_RUNS}\n\n\n"
    "def told(encoded):\n    with torch.inference_mode():\n        return program(torch.from_numpy(encoded)).numpy()\n",
    example="import torch\nfrom preparing import LABELS, PREPROCESSING, prepare\n---\n"
    f"program = {_RUNS}\ntold = program(torch.from_numpy(prepared)[None])[0].detach().numpy()",
    needs=("torch", "numpy"),
    takes_any_length=has_free_length,
)
def write(subject: Subject, folder: Path) -> None:
    """Write model.pt2 and preparing.py."""
    torch.export.save(graph_of(subject), folder / "model.pt2")
    (folder / "preparing.py").write_text(preparing(subject), encoding="utf-8")
