"""A training script: one plain PyTorch file that repeats a run step by step, with its data beside it."""

from pathlib import Path

from safetensors.torch import save_file

from workbench.core.words import Words, mark
from workbench.export import register
from workbench.export.companions import preparing
from workbench.export.scripts.beginning import Beginning
from workbench.export.scripts.comparing import compare
from workbench.export.scripts.data import data_of
from workbench.export.scripts.material import Material
from workbench.export.scripts.repeated import Repeated, why_not
from workbench.export.scripts.writing import script_of
from workbench.export.subject import Subject
from workbench.inference.run_data import open_again


def _refuses(subject: Subject) -> Words | None:
    if subject.architecture.kind == "pretrained":
        return Words("Its network is part of transformers: export it for Hugging Face.")
    return why_not(subject.run)


@register(
    "script",
    title=mark("Training script"),
    summary=mark(
        "One plain PyTorch file, with the data beside it, that repeats the training: the same seed, the same losses."
    ),
    compare=compare,
    before="python train.py",
    note="`train.py` repeats the run and writes `losses.csv` and `trained.safetensors`, the weights after the step of "
    "the run's best model, whose facts stand below; the losses of the run are in `run_losses.csv`. "
    "`data.safetensors` holds its training and validation data: whoever gets this folder gets them.",
    example="import torch\nfrom preparing import OFFERED\nfrom train import load\n---\n"
    "with torch.inference_mode():\n    told = load()(torch.from_numpy(prepared)[None])[0].numpy()",
    needs=("torch", "safetensors", "numpy"),
    refuses=_refuses,
)
def write(subject: Subject, folder: Path) -> None:
    """Write train.py, data.safetensors, run_losses.csv and preparing.py; raises UserError when the data are not there.

    Where the run did not draw its first weights itself, start.safetensors, too.
    """
    repeated = Repeated.of(subject.run)
    dataset = open_again(subject.run, subject.model.labels)
    save_file(data_of(subject, dataset), folder / "data.safetensors")
    beginning = Beginning.of(subject, repeated.recipe)
    if beginning.weights:
        save_file(beginning.weights, folder / "start.safetensors")
    material = Material(subject, repeated, dataset, beginning)
    (folder / "train.py").write_text(script_of(material), encoding="utf-8")
    (folder / "preparing.py").write_text(preparing(subject), encoding="utf-8")
    rows = "".join(f"{number},{float(loss)!r}\n" for number, loss in enumerate(repeated.losses, 1))
    (folder / "run_losses.csv").write_text(f"step,loss\n{rows}", encoding="utf-8", newline="\n")
