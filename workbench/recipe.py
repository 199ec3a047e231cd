"""A recipe: the data, the architecture and the training of a run, as TOML, as a form and as flags."""

import tomllib
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Annotated, Any

import tomli_w
from pydantic import Field, SerializeAsAny, ValidationError, model_validator

from workbench import architectures as networks
from workbench.architectures import architectures, best_for, why_not
from workbench.core.errors import UserError
from workbench.core.registry import ChosenFrom, ValueErrorOf, build_settings, kind_of
from workbench.core.settings import Settings, nearest, overridden, refuse_unknown, worded
from workbench.core.words import Words, tr
from workbench.data import DataSettings, kinds, tasks_posed_by
from workbench.data.dataset import Dataset
from workbench.data.sample_files import SAMPLE
from workbench.hyperparameters import Training
from workbench.hyperparameters.private_limits import unprivate
from workbench.metrics import metrics
from workbench.tasks import tasks


class Recipe(Settings):
    """Everything that decides how a run comes out."""

    data: Annotated[SerializeAsAny[DataSettings], ChosenFrom(kinds, "samples", "data")] = Field(
        default_factory=lambda: kinds["samples"].settings.model_validate({})
    )
    architecture: Annotated[SerializeAsAny[Settings], ChosenFrom(architectures, "convnet", "architecture")]
    training: Training = Training()

    @model_validator(mode="before")
    @classmethod
    def _take_the_best_architecture_if_none_is_named(cls, plain: Any) -> Any:
        if not isinstance(plain, Mapping):
            return plain
        architecture = plain.get("architecture", {})
        if isinstance(architecture, Mapping) and "kind" not in architecture:
            try:
                data = build_settings(kinds, plain.get("data", {}), "samples", "data")
            except UserError as error:
                raise ValueErrorOf(error) from None
            assert isinstance(data, DataSettings)
            if not data.inputs_kind():
                message = UserError(
                    "What these data hold is known only once they were opened.",
                    hint="Open them on the Data page, or train with them: they are downloaded then.",
                )
                raise ValueErrorOf(message)
            best = best_for(data.inputs_kind(), posed_by(data))
            return {**plain, "data": data, "architecture": {"kind": best, **architecture}}
        return plain

    @model_validator(mode="after")
    def _the_parts_fit(self) -> "Recipe":
        kind = kind_of(self.architecture)
        posed = posed_by(self.data)
        reason = why_not(kind, self.data.inputs_kind(), posed)
        if reason:
            raise ValueErrorOf(_unfitting(kind, reason))
        task = networks.task_of(kind, posed) if posed else ""
        for error in (*_unreachable(self.training, task), *(_meaningless(self, task) if posed else ())):
            raise ValueErrorOf(error)
        return self


def posed_by(data: DataSettings) -> tuple[str, ...]:
    """Return the tasks that these data pose: the chosen one, or all they can; () when only opening them will tell."""
    return tasks_posed_by(data) if data.task == "auto" else (data.task,)


def task_of(recipe: Recipe, dataset: Dataset | None = None) -> str:
    """Return the task of a run: the chosen one, else the first that the data pose and the architecture can learn.

    dataset: the opened data, which know what they pose. Returns "" when nothing is known; raises UserError when the
    architecture cannot learn what the data turned out to pose.
    """
    chosen = recipe.data.task != "auto"
    posed = (dataset.tasks or (dataset.task,)) if dataset is not None and not chosen else posed_by(recipe.data)
    kind = kind_of(recipe.architecture)
    reason = why_not(kind, dataset.inputs.kind if dataset is not None else recipe.data.inputs_kind(), posed)
    if reason:
        raise _unfitting(kind, reason)
    task = networks.task_of(kind, posed)
    for error in _meaningless(recipe, task):
        raise error
    return task


_OF_CLASSES = ("classification", "multi_label")
_OF_NUMBERS = ("regression", "forecasting", "reconstruction")


def _meaningless(recipe: Recipe, task: str) -> Iterator[UserError]:
    """Yield an error for each setting that says nothing about this task, so that none is ignored in silence."""
    training, augmentation = recipe.training, getattr(recipe.data, "augmentation", None)
    if augmentation is not None and augmentation.softens() and task != "classification":
        yield UserError(
            "Mixup and CutMix blend classes, and this task has none to blend.", hint="Set both to 0 on the Data page."
        )
    if training.label_smoothing and task not in _OF_CLASSES:
        yield UserError("Label smoothing is for classes, and this task has none.", hint="Set it to 0.")
    if training.test_time_augmentation != "none" and (task not in _OF_CLASSES or recipe.data.inputs_kind() != "image"):
        yield UserError("Test-time augmentation is for classes of pictures.", hint="Choose None.")
    if training.teacher and task != "classification":
        yield UserError("A teacher tells one class out of several, and this task has none.", hint="Leave it empty.")
    if training.class_weights != "none" and task != "classification":
        yield UserError("Class weights are for one class out of several.", hint="Choose None.")
    yield from unprivate(training, recipe.architecture, augmentation)
    if training.loss != "auto" and task not in _OF_NUMBERS:
        yield UserError("This loss is for numbers, and none are predicted here.", hint="Choose Automatic.")


def _unreachable(training: Training, task: str) -> Iterator[UserError]:
    """Yield an error for a target in a metric that this task does not have; without a task, one that nobody has."""
    name = training.target_metric.removeprefix("validation_")
    known = ("none", "loss", *(tasks[task].metrics if task else metrics))
    if name not in known:
        yield no_such_metric(name, known)


def no_such_metric(name: str, known: Sequence[str]) -> UserError:
    """Return what is wrong with a target in a metric of this name."""
    return UserError(
        "There is no metric {metric} to reach a target in.",
        hint="Choose one of {known}.",
        metric=name,
        near=nearest(name, known),
        known=", ".join(known),
        place="training.target_metric",
    )


def _unfitting(kind: str, reason: Words) -> UserError:
    return UserError(
        "{architecture} does not fit these data. {reason}",
        hint="Leave the architecture out, and the best one for the data is taken.",
        architecture=tr(architectures[kind].title),
        reason=reason,
    )


def recipe_from(plain: Mapping[str, Any], assignments: Iterable[str] = ()) -> Recipe:
    """Return the complete recipe of nested plain values, with `section.name=value` assignments applied.

    Raises UserError for an unknown name, a value out of range, or parts that do not fit each other.
    """
    plain = overridden(plain, assignments)
    refuse_unknown(plain, Recipe, "")
    if isinstance(plain.get("training"), Mapping):
        refuse_unknown(plain["training"], Training, "training")
    try:
        return Recipe.model_validate(plain)
    except ValidationError as error:
        raise worded(error) from None


def read_recipe(path: Path, assignments: Iterable[str] = ()) -> Recipe:
    """Return the recipe of a TOML file; a relative `path` of its data is relative to the file.

    Raises UserError for a file that cannot be read or a recipe that cannot work.
    """
    return recipe_from(_plain_of(path, assignments))


def data_in(path: Path, assignments: Iterable[str] = ()) -> DataSettings:
    """Return the data of a recipe in TOML, whatever else it says; raises UserError as `read_recipe` does."""
    data = build_settings(kinds, _plain_of(path, assignments).get("data", {}), "samples", "data")
    assert isinstance(data, DataSettings)
    return data


def _plain_of(path: Path, assignments: Iterable[str]) -> dict[str, Any]:
    try:
        plain = tomllib.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise UserError(
            "The recipe {path} cannot be read: {reason}.",
            hint="Give the path of a TOML file.",
            path=str(path),
            reason=error.strerror or str(error),
        ) from error
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise UserError("{path} is not a recipe in TOML: {reason}.", path=str(path), reason=str(error)) from error
    return with_absolute_path(overridden(plain, assignments), path.parent)


def with_absolute_path(plain: Mapping[str, Any], folder: Path) -> dict[str, Any]:
    """Return the plain recipe with the path of its data made absolute, seen from `folder`."""
    data = plain.get("data")
    if not isinstance(data, Mapping) or not isinstance(data.get("path"), str) or not data["path"]:
        return dict(plain)
    if data["path"].startswith(SAMPLE):
        return dict(plain)
    path = (folder / Path(data["path"]).expanduser()).resolve()
    return {**plain, "data": {**data, "path": str(path)}}


def to_plain(recipe: Settings) -> dict[str, Any]:
    """Return nested plain values, from which `recipe_from` makes an equal recipe."""
    return recipe.model_dump(mode="json")


def to_toml(recipe: Settings) -> str:
    """Return the recipe as TOML, complete with every default."""
    return tomli_w.dumps(to_plain(recipe))


def title_of(recipe: Recipe) -> str:
    """Return what a run of this recipe is called: its architecture and its data."""
    data = recipe.data
    path = str(getattr(data, "path", "")).removeprefix(SAMPLE)
    name = getattr(data, "name", "") or Path(path or kinds[data.kind].kind).stem
    return f"{kind_of(recipe.architecture)}-{name}"
