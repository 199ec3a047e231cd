"""ONNX: the graph of the model for onnxruntime and the many programs that read it."""

import re
from pathlib import Path

import torch

from workbench.core.errors import UserError
from workbench.core.words import mark
from workbench.export import register
from workbench.export.companions import preparing
from workbench.export.graph import example_of, exportable, graph_of, is_recurrent, quiet
from workbench.export.subject import Subject

_LARGE = 1_500_000_000  # bytes of weights that no longer go into the one file


@register(
    "onnx",
    title=mark("ONNX"),
    summary=mark("One graph from encoded inputs to answers, for onnxruntime, browsers, phones and other languages."),
    check="import onnxruntime\n\n"
    "session = onnxruntime.InferenceSession('model.onnx', providers=['CPUExecutionProvider'])\n\n\n"
    "def told(encoded):\n    return session.run(None, {'inputs': encoded})[0]\n",
    example="import onnxruntime\nfrom preparing import OFFERED\n---\n"
    "session = onnxruntime.InferenceSession(PLACE / 'model.onnx')\n"
    "told = session.run(None, {'inputs': prepared[None]})[0][0]",
    needs=("onnxruntime", "numpy"),
)
def write(subject: Subject, folder: Path) -> None:
    """Write model.onnx, whose input is called inputs and whose output is named after what it tells, and preparing.py.

    Raises UserError that names what ONNX has no operation for.
    """
    path = folder / "model.onnx"
    with torch.no_grad(), quiet():
        try:
            _write_recurrent(subject, path) if is_recurrent(subject) else _write_graph(subject, path)
        except torch.onnx.errors.OnnxExporterError as error:
            raise UserError(
                "ONNX has no operation like {operation}, which this network needs.",
                hint="Export it as a PyTorch program instead.",
                details=str(error)[-2000:],
                operation=_operation(error),
            ) from error
    (folder / "preparing.py").write_text(preparing(subject), encoding="utf-8")


def _operation(error: BaseException) -> str:
    """Return what torch calls the operation that an export failed at."""
    causes: list[str] = []
    while error is not None:
        causes.append(str(error))
        error = error.__cause__  # type: ignore[assignment]
    found = re.findall(r"aten[.:]+(\w+)", "\n".join(reversed(causes)))
    return found[0] if found else "one of its parts"


def _write_graph(subject: Subject, path: Path) -> None:
    size = sum(parameter.numel() * parameter.element_size() for parameter in subject.model.network.parameters())
    made = torch.onnx.export(
        graph_of(subject), input_names=["inputs"], output_names=[subject.task.tells], dynamo=True, verbose=False
    )
    assert made is not None, "dynamo gives a program"
    made.save(path, external_data=size > _LARGE)


def _write_recurrent(subject: Subject, path: Path) -> None:
    """Write by the exporter that knows ONNX's recurrent operations; the newer one unrolls every step."""
    tells = subject.task.tells
    length = {1: "length"} if subject.any_length else {}
    torch.onnx.export(
        exportable(subject),
        (example_of(subject),),
        str(path),
        input_names=["inputs"],
        output_names=[tells],
        dynamic_axes={"inputs": {0: "batch", **length}, tells: {0: "batch"}},
        opset_version=17,
        dynamo=False,
    )
