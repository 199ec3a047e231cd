"""Plain PyTorch: one Python file with the network as it was trained, and its weights."""

from pathlib import Path

from workbench.core.words import Words, mark
from workbench.export import register
from workbench.export.companions import DESCRIBED, add_readers, reads
from workbench.export.subject import Subject

_LOADS = '''
SETTINGS = SimpleNamespace(
{settings}
)


def make() -> nn.Module:
    """Return the network with fresh weights."""
    return {network}(SETTINGS, {inputs}({shape}), {outputs}{task_argument})


def load(device: str = "cpu") -> {whole}:
    """Return the trained model: encoded inputs (batch, …) in, {tells} out. `.network` is the network alone."""
    network, weights = make(), load_file(PLACE / "model.safetensors")
    tied = {{name: weights[source] for name, source in DESCRIBED["aliases"].items()}}
    network.load_state_dict({{**weights, **tied}})
    whole = {whole}(network, PREPROCESSING, {task}().bound(DESCRIBED["goal"]), DESCRIBED["copies"])
    return whole.to(device).eval().requires_grad_(False)
'''


def _refuses(subject: Subject) -> Words | None:
    if subject.architecture.kind == "pretrained":
        return Words("Its network is part of transformers: export it for Hugging Face.")
    return None


@register(
    "pytorch",
    title=mark("Plain PyTorch"),
    summary=mark("One Python file with the network as it was trained, and its weights (safetensors)."),
    check="from model import load\nimport torch\n\nwhole = load()\n\n\n"
    "def told(encoded):\n    with torch.inference_mode():\n        return whole(torch.from_numpy(encoded)).numpy()\n",
    example="import torch\nfrom model import OFFERED, load\n---\n"
    "with torch.inference_mode():\n    told = load()(torch.from_numpy(prepared)[None])[0].numpy()",
    needs=("torch", "safetensors", "numpy"),
    refuses=_refuses,
)
def write(subject: Subject, folder: Path) -> None:
    """Write model.py and model.safetensors."""
    gathering, names = subject.network_source()
    add_readers(gathering, subject)
    gathering.imports("json")
    gathering.imports("pathlib", "Path")
    gathering.imports("types", "SimpleNamespace")
    gathering.imports("torch", "nn")
    gathering.imports("safetensors.torch", "load_file")
    model = subject.model
    settings = "\n".join(f"    {name}={value!r}," for name, value in subject.plain_settings().items())
    text = _LOADS.format(
        settings=settings,
        shape=f"{model.inputs.kind!r}, {model.inputs.shape!r}, {model.inputs.vocabulary!r}",
        outputs=model.outputs,
        task_argument=f", task={model.task!r}" if subject.architecture.takes_task else "",
        tells=subject.task.tells,
        **{name: called for name, called in names.items() if name != "preprocessing"},
    )
    title = f'"""{subject.architecture.title}, as it was trained: `load()` gives it. See README.md."""\n\n'
    parts = (title, gathering.text(), DESCRIBED, reads(subject, names), text)
    (folder / "model.py").write_text("".join(parts), encoding="utf-8")
    subject.write_weights(folder / "model.safetensors")
