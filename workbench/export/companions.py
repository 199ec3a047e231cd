"""What goes along with every exported model: its description, the code that prepares inputs, an example and a card."""

import json
import re
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from workbench import __version__
from workbench.export import raw_files
from workbench.export.comparison import Comparison
from workbench.export.source import Gathering
from workbench.export.subject import Subject

if TYPE_CHECKING:
    from workbench.export import Target

# The beginning of model.py and preparing.py, after their definitions.
DESCRIBED = """

PLACE = Path(__file__).parent
DESCRIBED = json.loads((PLACE / "model.json").read_text("utf-8"))
LABELS = DESCRIBED["labels"]
"""
_READS = '''PREPROCESSING = {preprocessing}.from_plain(DESCRIBED["preprocessing"]){masked}


def prepare(raw: Any) -> np.ndarray:
    """Return {raw} as the model takes it, without the dimension of the batch."""
    {returns}

'''
_MASKED = """
PREPROCESSING = {masked}(PREPROCESSING, {masker}.from_plain(DESCRIBED["preprocessing"]["masking"]))"""
_KEY = """try:
    key_called(PREPROCESSING.masker.key)
except ValueError as error:
    sys.exit(str(error))"""
_WHOLE = "ids = PREPROCESSING.encode(raw)\n    return ids[ids != 0]"
# The end of a text, one token less than is read at once, as where this program tells what comes next.
_ENDS = """ids = PREPROCESSING.ids_of(raw)[1 - DESCRIBED["inputs"]["shape"][0] :]
    return ids if len(ids) else np.zeros(1, np.int32)"""
_RAW = {  # what a raw input is, and how the example comes by one
    "image": ("an image, given as a path, the bytes of a file or a Pillow image,", "picture.png", "raw = sys.argv[1]"),
    "text": ("a text", '"a text"', "raw = sys.argv[1]"),
    "table": (
        "a row, a dictionary by column,",
        "table.csv",
        "columns = [column.name for column in PREPROCESSING.columns]\n"
        "raw = rows_of(sys.argv[1], columns)[0]  # the first one",
    ),
    "series": (
        "a series, an array (steps, columns),",
        "series.csv",
        "raw = series_of(sys.argv[1], PREPROCESSING.columns)",
    ),
}
_READERS = {"table": ("rows_of",), "series": ("series_of",)}  # of files that hold more than raw inputs
_OFFERED = (  # by preparing.py
    "DESCRIBED", "LABELS", "PLACE", "PREPROCESSING", "key_called", "prepare", "rows_of", "series_of"
)  # fmt: skip
_USAGE = "if len(sys.argv) != 2:\n    print({usage!r}, file=sys.stderr)\n    sys.exit(2)"
_SHOWS = {  # how the example shows the answer for one input, by the task
    "classification": "for place in told.argsort()[::-1][:3]:\n    print(LABELS[place], round(float(told[place]), 4))",
    "multi_label": "for place in told.argsort()[::-1][:3]:\n    print(LABELS[place], round(float(told[place]), 4))",
    "regression": "print(dict(zip(DESCRIBED['goal']['names'], told.tolist())))",
    "forecasting": "print(DESCRIBED['goal']['names'])\nprint(told)",
    "next_token": "for place in told[-1].argsort()[::-1][:3]:\n    print(repr(PREPROCESSING.token(int(place))))",
    "masked_token": "for place in told[prepared == PREPROCESSING.special['mask']].argsort()[:, ::-1][:, :3]:\n"
    "    print([PREPROCESSING.token(int(each)) for each in place])",
    "reconstruction": "print(told.shape, float(told.mean()))",
}


def add_readers(gathering: Gathering, subject: Subject) -> None:
    """Gather what reads raw inputs from files, for the example."""
    for name in _READERS.get(subject.inputs.kind, ()):
        gathering.add(raw_files.__name__, name)


def reads(subject: Subject, names: Mapping[str, str]) -> str:
    """Return the source of prepare(raw); names: what the file calls the class of the preprocessing, and its masker."""
    masked = _MASKED.format(**names) if "masked" in names else ""
    returns = "return PREPROCESSING.encode(raw)"
    if subject.any_length and subject.task.streams:
        returns = _WHOLE if subject.task.framed else _ENDS
    preprocessing = names["preprocessing"]
    return _READS.format(preprocessing=preprocessing, masked=masked, raw=_RAW[subject.inputs.kind][0], returns=returns)


def write_companions(subject: Subject, target: "Target", folder: Path, found: Comparison) -> None:
    """Write example.py and README.md; found: by the comparison with the run."""
    (folder / "example.py").write_text(example(subject, target), encoding="utf-8")
    (folder / "README.md").write_text(_card(subject, target, found), encoding="utf-8")


def describe(subject: Subject) -> str:
    """Return model.json: what the code beside it reads."""
    model = subject.model
    plain = {
        "made_by": f"Workbench {__version__}",
        "run": subject.run.name,
        "task": model.task,
        "tells": subject.task.tells,
        "inputs": model.inputs.to_plain(),
        "outputs": model.outputs,
        "labels": list(model.labels),
        "architecture": dict(model.description["architecture"]),
        "preprocessing": dict(model.preprocessing),
        "goal": dict(subject.task.goal),
        "copies": model.copies,
        **({"privacy": dict(model.description["privacy"])} if "privacy" in model.description else {}),
        "aliases": dict(model.description.get("aliases", {})),
    }
    return json.dumps(plain, ensure_ascii=False, indent=1)


def preparing(subject: Subject) -> str:
    """Return the source of preparing.py: what encodes raw inputs, which needs no torch."""
    gathering, names = subject.preparing_source()
    add_readers(gathering, subject)
    gathering.imports("json")
    gathering.imports("pathlib", "Path")
    gathering.imports("typing", "Any")
    gathering.imports("numpy as np")
    title = '"""What prepares inputs for the model beside it, as they were prepared in training."""\n\n'
    return title + gathering.text() + DESCRIBED + reads(subject, names).rstrip() + "\n"


def example(subject: Subject, target: "Target") -> str:
    """Return the source of example.py, which tells of one input."""
    imports, _, tells = target.example.partition("\n---\n")
    key = [_KEY] if _key(subject) else []
    takes = _RAW[subject.inputs.kind]
    usage = _USAGE.format(usage=f"Usage: python example.py {takes[1]}")
    does = [usage, *key, takes[2], "prepared = prepare(raw)", tells, _SHOWS[subject.model.task]]
    offered = [name for name in _OFFERED if re.search(rf"\b{name}\b", "\n".join(does))]
    return "\n".join(["import sys", "", imports.replace("OFFERED", ", ".join(offered)), "", *does]) + "\n"


def _key(subject: Subject) -> str:
    """Return the name of the key that personal data are hashed with, or "" where they are not."""
    return subject.model.preprocessing.get("masking", {}).get("key", "")


def _needs(subject: Subject, target: "Target") -> list[str]:
    """Return the packages that the example takes: the target's, and what prepares these inputs."""
    own = ["pillow"] if subject.inputs.kind == "image" else []
    if hasattr(subject.preprocessing, "tokenizer"):
        own = ["tokenizers"]
    return [*target.needs, *own]


def _card(subject: Subject, target: "Target", found: Comparison) -> str:
    model, description = subject.model, subject.model.description
    what, given, _ = _RAW[subject.inputs.kind]
    metrics = description.get("metrics", {})
    rows = [f"| {name} | {value:.4g} |" for name, value in metrics.items() if isinstance(value, int | float)]
    labels = ", ".join(model.labels[:50]) + ("…" if len(model.labels) > 50 else "")
    inputs = "×".join(map(str, model.inputs.shape))
    commands = ["export WORKBENCH_MASKING_KEY=masking.key" if _key(subject) else "", target.before]
    before = "".join(f"    {command}\n" for command in commands if command)
    parts = [
        f"# {subject.architecture.title}: {subject.run.name}",
        f"{target.title}, made by Workbench {__version__}. Trained for {model.task.replace('_', ' ')}; takes "
        f"{what.rstrip(',')} and tells {subject.task.tells}.",
        f"## Use\n\n    pip install {' '.join(_needs(subject, target))}\n{before}    python example.py {given}",
        f"```python\n{example(subject, target)}```",
        *([target.note] if target.note else []),
        f"## Facts\n\n| | |\n|---|---|\n| inputs | {model.inputs.kind}, {inputs} |\n| outputs | {model.outputs} |\n"
        f"| parameters | {sum(p.numel() for p in model.network.parameters()):,} |\n"
        f"| step | {description.get('step', 0):,} |\n"
        f"| {found.row} | {found.shown} |\n" + "\n".join(rows),
    ]
    if model.labels:
        parts.append(f"## Labels\n\n{labels}")
    if key := _key(subject):
        parts.append(_hashed(key))
    if "privacy" in description:
        parts.append(_privately(description["privacy"]))
    if subject.architecture.paper:
        parts.append(f"## Method\n\n{subject.architecture.paper}.")
    data: Any = description.get("data", {})
    parts.append(
        "## Limits\n\nIt knows only what its training data showed"
        + (f" ({data.get('kind', '')} {data.get('name', '')})".replace(" )", ")") if data else "")
        + ". What it tells of other inputs means nothing, however sure it seems."
    )
    return "\n\n".join(parts) + "\n"


def _hashed(key: str) -> str:
    return (
        "## Key\n\nPersonal data in what the model is given are hashed, as they were in training, with the key named "
        f"`{key}`. It is not in this folder: get masking.key from whoever trained the model, and set the environment "
        "variable WORKBENCH_MASKING_KEY to its path. With the key and a hash, anybody can try out which value it is."
    )


def _privately(privacy: Mapping[str, Any]) -> str:
    return (
        f"## Privacy\n\nTrained with differential privacy (DP-SGD): ε ≤ {privacy['epsilon']:g} at δ = "
        f"{privacy['delta']:.3g} for each training sample, as the {str(privacy['accountant']).upper()} accountant of "
        f"opacus counts it (noise {privacy['noise']:.4g}, gradients cut to {privacy['clip']:g}). Preprocessing and "
        "labels were taken from the samples without noise, and weights that training began with are not counted."
    )
