"""Run folders with a network of every kind, as training leaves them, without the training."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import torch
from tokenizers import Tokenizer, models, pre_tokenizers
from torch import nn

from tests.architectures.test_architectures import CASES, OUTPUTS
from workbench.architectures import architectures, build
from workbench.core.run_folder import RunFolder
from workbench.core.signature import Inputs
from workbench.data.preprocessing import ImagePreprocessing
from workbench.data.series_preprocessing import SeriesPreprocessing
from workbench.data.table_fitting import CategoricalColumn, NumericColumn
from workbench.data.table_preprocessing import TablePreprocessing
from workbench.data.text_preprocessing import TextPreprocessing
from workbench.data.token_preprocessing import SubwordPreprocessing
from workbench.tasks import tasks
from workbench.training.model_folder import save_model

__all__ = ["CASES", "fresh_run"]

WORDS = tuple(f"word{number}" for number in range(45))


def preprocessing(kind: str) -> Any:
    """Return a preprocessing for each kind of inputs, with everything in it that it can have."""
    match kind:
        case "image":
            return ImagePreprocessing(3, 28, 28, (0.4, 0.5, 0.6), (0.2, 0.25, 0.3))
        case "text":
            return TextPreprocessing("word", WORDS, 20, ("cls", "sep", "mask"))
        case "table":
            numbers = NumericColumn("length", 1.0, 0.1, 0.2, 1.3, -3.0, 3.0, False, True)
            colours = CategoricalColumn("colour", ("red", "green", "blue"), (0, 1, 2, -1), 3, 0, False)
            return TablePreprocessing((numbers, colours))
        case _:
            return SeriesPreprocessing(("a", "b", "c"), 12, (0.0, 1.0, 2.0), (1.0, 2.0, 3.0))


def subwords(tokens: int = 60, length: int = 16) -> SubwordPreprocessing:
    """Return a preprocessing with a tokenizer of the tokenizers library."""
    vocabulary = {"[PAD]": 0, "[UNK]": 1, "[CLS]": 2, "[SEP]": 3, "[MASK]": 4}
    vocabulary |= {f"w{number}": number for number in range(len(vocabulary), tokens)}
    tokenizer = Tokenizer(models.WordLevel(vocabulary, unk_token="[UNK]"))
    tokenizer.pre_tokenizer = pre_tokenizers.Whitespace()  # type: ignore[assignment]
    tokenizer.add_special_tokens(["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]"])
    return SubwordPreprocessing("wordpiece", tokenizer.to_str(), length)


def _goal(task: str, inputs: Inputs, settings: Any) -> dict[str, Any]:
    match task:
        case "regression":
            names = [f"target {number}" for number in range(OUTPUTS)]
            return {"names": names, "mean": [10.0, 0.0, 1.0, 2.0], "std": [3.0, 1.0, 2.0, 1.0]}
        case "forecasting":
            moments = {"mean": [0.0, 1.0], "std": [1.0, 2.0], "spread": [1.0, 1.5]}
            return {"names": ["a", "b"], "places": [0, 1], "horizon": OUTPUTS // 2, "changes": True, **moments}
        case "reconstruction":
            return {"shape": list(inputs.shape), "latent": settings.latent if settings.variational else 0}
        case _:
            return {}


def fresh_run(
    place: Path,
    kind: str,
    inputs_kind: str,
    task: str,
    settings: Mapping[str, Any] | None = None,
    made: Any = None,
    outputs: int = OUTPUTS,
) -> RunFolder:
    """Return the folder of a run whose model has fresh weights, small as the architecture's `tiny` says.

    made: the preprocessing, instead of the usual one of this kind of inputs.
    """
    entry = architectures[kind]
    chosen: Any = entry.settings.model_validate({**entry.tiny, **(settings or {})})
    made = made or preprocessing(inputs_kind)
    inputs = made.inputs
    classes, outputs = outputs, tasks[task].outputs(outputs, inputs)
    torch.manual_seed(0)
    network = build(chosen, inputs, outputs, task)
    _stir(network)
    run = RunFolder(place / f"{kind}-{inputs_kind}-{task}-{len(settings or {})}")
    run.path.mkdir(parents=True)
    run.recipe.write_text('[data]\nkind = "samples"\nname = "digits"\n', encoding="utf-8")
    description = {
        "task": task,
        "inputs": inputs.to_plain(),
        "outputs": outputs,
        "labels": [f"label {number}" for number in range(classes)] if task in ("classification", "multi_label") else [],
        "architecture": chosen.model_dump(mode="json"),
        "preprocessing": made.to_plain(),
        "goal": _goal(task, inputs, chosen),
        "data": {"kind": "samples", "name": "digits"},
    }
    save_model(run, 1, 1, weights=network.state_dict(), description=description, best=True)
    return run


def _stir(network: nn.Module) -> None:
    """Bring running means and what begins at zero away from where a mistake would not show."""
    with torch.no_grad():
        for name, tensor in network.state_dict().items():
            if name.endswith("running_mean"):
                tensor.normal_(0, 0.3)
            elif name.endswith("running_var"):
                tensor.uniform_(0.5, 2)
            elif tensor.is_floating_point():
                tensor.add_(torch.randn_like(tensor) * 0.02)
