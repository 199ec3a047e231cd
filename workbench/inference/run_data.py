"""The data that a run was trained on, found again, also when they have moved."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from workbench.core.errors import UserError
from workbench.core.registry import build_settings
from workbench.core.run_folder import RunFolder
from workbench.data import Dataset, DataSettings, kinds, open_data
from workbench.data.dataset import ProgressCallback, ignore
from workbench.data.masking_key import key_called
from workbench.data.sample_files import SAMPLE
from workbench.inference.model_folder import read_description
from workbench.recipe import read_recipe

_MOVED_TO = "data_path"  # in a run's notes: where its data are now


def data_settings(run: RunFolder, elsewhere: str = "") -> DataSettings:
    """Return the settings of the data of `run`.

    elsewhere: where they lie now, if not at their old place. Raises UserError when they are not there, and asks.
    """
    settings = read_recipe(run.recipe if run.recipe.is_file() else run.asked).data
    path = getattr(settings, "path", "")
    if not path or path.startswith(SAMPLE):
        if elsewhere:
            raise UserError(
                "The data of {run} come with this program, or by their name: they cannot lie at {path}.",
                hint="Say nothing of where they are.",
                run=run.name,
                path=elsewhere,
            )
        return settings
    if elsewhere and not Path(elsewhere).expanduser().exists():
        raise UserError("{path} does not exist.", hint="Choose another file or folder.", path=elsewhere)
    places = [elsewhere, path, run.notes().get(_MOVED_TO, "")]
    found = next(
        (str(Path(place).expanduser().resolve()) for place in places if place and Path(place).expanduser().exists()), ""
    )
    if not found:
        raise UserError(
            "The data of {run} are no longer at {path}.",
            hint="Say where they are now: Locate… in the window, --data PATH on the command line.",
            run=run.name,
            path=str(path),
        )
    return build(settings, path=found)


def build(settings: DataSettings, **changed: Any) -> DataSettings:
    """Return the settings with some changed; raises UserError when they cannot be."""
    plain = {**settings.model_dump(mode="json"), **changed}
    built = build_settings(kinds, plain, "samples", "data")
    assert isinstance(built, DataSettings)
    return built


def is_there(run: RunFolder) -> bool:
    """Return whether the data of `run` lie where they are known to be."""
    try:
        data_settings(run)
    except UserError:
        return False
    return True


def open_again(
    run: RunFolder, labels: Sequence[str], elsewhere: str = "", progress: ProgressCallback = ignore
) -> Dataset:
    """Return the data that `run` was trained on, and remember where they were found.

    Raises UserError when they are not there, when others are (their classes are not `labels`), or when they were hashed
    with a key that is not here.
    """
    require_masking_key(run)
    settings = data_settings(run, elsewhere)
    dataset = open_data(settings, progress)
    require_classes(run, dataset.classes, labels)
    if elsewhere and run.notes().get(_MOVED_TO) != getattr(settings, "path", ""):
        run.write_notes(**{_MOVED_TO: getattr(settings, "path", "")})
    return dataset


def require_masking_key(run: RunFolder) -> None:
    """Raise UserError when the data of `run` were hashed with a key that is not here: another makes others of them."""
    model = run.best_model()
    preprocessing = read_description(model)["preprocessing"] if model is not None else {}
    if key := preprocessing.get("masking", {}).get("key"):
        key_called(key)


def require_classes(run: RunFolder, found: Sequence[str], expected: Sequence[str]) -> None:
    """Raise UserError when the classes of the data are not those that `run` was trained on."""
    if tuple(found) != tuple(expected):
        raise UserError(
            "These are not the data of {run}: their classes are {found}, and not {expected}.",
            hint="Choose the data that this model was trained on.",
            run=run.name,
            found=_listed(found),
            expected=_listed(expected),
        )


def _listed(names: Sequence[str]) -> str:
    shown = ", ".join(names[:5])
    return f"{shown}, … ({len(names)})" if len(names) > 5 else shown
