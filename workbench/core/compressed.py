"""Runs whose model was compressed: its weights are kept in fewer bits, and it cannot be trained on."""

from collections.abc import Mapping
from typing import Any

from workbench.core.errors import UserError
from workbench.core.files import read_json
from workbench.core.run_folder import RunFolder

FULL = "float32"  # the number format of a model that was not compressed


def format_of(description: Mapping[str, Any]) -> str:
    """Return the number format that model.json names."""
    return str(description.get("number_format", FULL))


def refuse_compressed(folder: RunFolder) -> None:
    """Raise UserError when the run's model was compressed: its weights are too coarse to be trained on."""
    model = folder.best_model()
    plain = read_json(model / "model.json", {}) if model is not None else {}
    if isinstance(plain, dict) and format_of(plain) != FULL:
        raise UserError(
            "{run} cannot be trained on: its weights are kept in {format}.",
            hint="Go on with the run that it was made of, {original}, and compress that again.",
            run=folder.name,
            format=format_of(plain),
            original=str(plain.get("made_of", "")),
        )
