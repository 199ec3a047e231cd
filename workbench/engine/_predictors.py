"""The models last used, kept ready for the next question."""

from collections import OrderedDict
from pathlib import Path

from workbench.core.run_folder import RunFolder
from workbench.inference.model_folder import model_of
from workbench.inference.predictor import Predictor

_KEPT = 2
_predictors: OrderedDict[Path, Predictor] = OrderedDict()


def predictor_of(run: str) -> Predictor:
    """Return the run's predictor, from memory if its model is among the ones last used."""
    model = model_of(RunFolder(Path(run)))
    if model in _predictors:
        _predictors.move_to_end(model)
        return _predictors[model]
    predictor = Predictor.of_run(RunFolder(Path(run)))
    _predictors[predictor.model.folder] = predictor
    while len(_predictors) > _KEPT:
        _predictors.popitem(last=False)
    return predictor
