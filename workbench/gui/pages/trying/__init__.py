"""The ways of trying a model: what it is given, what is shown of its answer, or both in one panel of its own."""

from collections.abc import Callable
from functools import partial
from typing import Any

from workbench.gui.pages.trying.forecasting import ForecastPanel, ForecastResult
from workbench.gui.pages.trying.image_input import ImageInput
from workbench.gui.pages.trying.inputs import Input
from workbench.gui.pages.trying.labels import LabelBars
from workbench.gui.pages.trying.masked import MaskedPanel
from workbench.gui.pages.trying.masked_result import MaskedResult
from workbench.gui.pages.trying.number import NumberResult
from workbench.gui.pages.trying.panel import Panel
from workbench.gui.pages.trying.predicting import PredictPanel
from workbench.gui.pages.trying.reconstruction import ReconstructionResult
from workbench.gui.pages.trying.result import Result
from workbench.gui.pages.trying.row_input import RowInput
from workbench.gui.pages.trying.series_input import SeriesInput
from workbench.gui.pages.trying.several_labels import SeveralLabels
from workbench.gui.pages.trying.text_input import TextInput
from workbench.gui.pages.trying.writing import WritingPanel

INPUTS: dict[str, type[Input]] = {  # kind of inputs: how one input is brought
    "image": ImageInput,
    "text": TextInput,
    "series": SeriesInput,
    "table": RowInput,
}
RESULTS: dict[str, type[Result]] = {  # task: how one prediction is shown
    "classification": LabelBars,
    "multi_label": SeveralLabels,
    "forecasting": ForecastResult,
    "regression": NumberResult,
    "reconstruction": ReconstructionResult,
    "masked_token": MaskedResult,
}
PANELS: dict[tuple[str, str], type[Panel]] = {  # task and kind of inputs: a panel that does both in its own way
    ("next_token", "text"): WritingPanel,
    ("masked_token", "text"): MaskedPanel,
    ("forecasting", "series"): ForecastPanel,
}


def panel_for(task: str, kind: str) -> Callable[[Any], Panel]:
    """Return what makes, of the engine, the panel for models of this task that read this kind of inputs."""
    own = PANELS.get((task, kind))
    return own or partial(PredictPanel, INPUTS.get(kind, TextInput), RESULTS.get(task, Result))


__all__ = ["INPUTS", "PANELS", "RESULTS", "Input", "Panel", "PredictPanel", "Result", "panel_for"]
