"""A recipe: the data, the architecture and the training of a run, as TOML, as a form and as flags."""

import tomllib
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Annotated, Any, Literal

import tomli_w
from pydantic import Field, SerializeAsAny, ValidationError, model_validator

from workbench import architectures as networks
from workbench.architectures import architectures, best_for, why_not
from workbench.core.errors import UserError
from workbench.core.registry import ChosenFrom, ValueErrorOf, build_settings, kind_of
from workbench.core.settings import Hint, Settings, overridden, refuse_unknown, worded
from workbench.core.words import Words, tr
from workbench.data import DataSettings, kinds, tasks_posed_by
from workbench.data.dataset import Dataset
from workbench.data.sample_files import SAMPLE
from workbench.optimizers import OptimizerSettings, optimizers
from workbench.schedules import schedules


class Training(Settings):
    """How the weights are found."""

    epochs: Annotated[
        int, Field(ge=1, le=100_000, title="Epochs", description="How often the network sees every training sample.")
    ] = 10
    batch_size: Annotated[
        Annotated[int, Field(ge=1, le=1_000_000)] | Literal["all"],
        Field(
            title="Batch size",
            description="Samples per step. Larger is smoother and faster on a GPU; all is one step per epoch.",
        ),
        Hint(choices={"all": "All"}),
    ] = 64
    optimizer: Annotated[
        SerializeAsAny[OptimizerSettings],
        ChosenFrom(optimizers, "adamw", "training.optimizer"),
        Field(title="Optimizer", description="How a gradient becomes a step."),
    ] = Field(default_factory=lambda: optimizers["adamw"].settings.model_validate({}))
    schedule: Annotated[
        SerializeAsAny[Settings],
        ChosenFrom(schedules, "cosine", "training.schedule"),
        Field(title="Schedule", description="How the learning rate changes over the run."),
    ] = Field(default_factory=lambda: schedules["cosine"].settings.model_validate({}))
    loss: Annotated[
        Literal["auto", "mse", "mae", "huber"],
        Field(
            title="Loss",
            description="What is made small when numbers are predicted: squared errors, absolute ones, or Huber's, "
            "which bothers less about outliers. Automatic takes what the task is known for.",
        ),
        Hint(
            advanced=True,
            choices={"auto": "Automatic", "mse": "Squared error", "mae": "Absolute error", "huber": "Huber"},
        ),
    ] = "auto"
    steps: Annotated[
        int,
        Field(
            ge=0,
            le=1_000_000_000,
            title="Steps",
            description="Train exactly so many steps, however many epochs they are; 0 lets the epochs decide.",
        ),
        Hint(advanced=True),
    ] = 0
    start_from: Annotated[
        str,
        Field(
            title="Start from",
            description="Weights to begin with: a run, a .safetensors or .pth file, or a folder of transformers. "
            "Empty begins with fresh ones.",
        ),
        Hint(advanced=True, chooser="path"),
    ] = ""
    freeze: Annotated[
        str,
        Field(
            title="Freeze up to",
            description="The layer up to which weights stay as they are, by its name in the network; none trains all.",
        ),
        Hint(advanced=True),
    ] = "none"
    teacher: Annotated[
        str,
        Field(
            title="Teacher",
            description="A run whose model this network learns from, beside the labels: distillation. Empty is none.",
        ),
        Hint(advanced=True, chooser="path"),
    ] = ""
    teacher_share: Annotated[
        float,
        Field(
            ge=0,
            le=1,
            title="Share of the teacher",
            description="How much of the loss is the distance from what the teacher says; the rest is that of the "
            "labels.",
        ),
        Hint(advanced=True),
    ] = 0.7
    teacher_temperature: Annotated[
        float,
        Field(
            ge=0.1,
            le=100,
            title="Temperature of the teacher",
            description="Above 1, the teacher's second and third guesses count for more.",
        ),
        Hint(advanced=True),
    ] = 4.0
    seed: Annotated[
        int,
        Field(ge=0, lt=2**32, title="Seed", description="The same seed gives the same weights, order and result."),
    ] = 0
    device: Annotated[
        str,
        Field(
            pattern=r"^(auto|cpu|mps|(cuda|xpu)(:\d+)?)$",
            title="Device",
            description="What computes. Automatic takes a GPU when there is one that works.",
        ),
    ] = "auto"
    runs_in: Annotated[
        Literal["own process", "worker thread"],
        Field(
            title="Runs in",
            description="A process of its own survives the window and its crashes; "
            "a worker thread ends with the window.",
        ),
        Hint(choices={"own process": "Own process", "worker thread": "Worker thread"}),
    ] = "own process"
    patience: Annotated[
        int,
        Field(
            ge=0,
            le=10_000,
            title="Patience",
            description="Stop after so many epochs without a better validation loss; 0 never stops early.",
        ),
    ] = 0
    target_metric: Annotated[
        str,
        Field(
            title="Target metric",
            description="Stop when this metric of the validation split reaches the target: accuracy, loss or another.",
        ),
        Hint(advanced=True),
    ] = "none"
    target_value: Annotated[
        float,
        Field(title="Target", description="The value of the target metric at which training stops."),
        Hint(advanced=True),
    ] = 0.0
    keep_best: Annotated[
        Literal["metric", "loss"],
        Field(
            title="Best model by", description="What decides which epoch gave the best model on the validation split."
        ),
        Hint(advanced=True, choices={"metric": "Metric", "loss": "Loss"}),
    ] = "metric"
    label_smoothing: Annotated[
        float,
        Field(ge=0, lt=1, title="Label smoothing", description="Part of each target that is spread over all classes."),
        Hint(advanced=True),
    ] = 0.0
    class_weights: Annotated[
        Literal["none", "balanced"],
        Field(
            title="Class weights",
            description="Balanced gives rare classes more weight, so that all count the same.",
        ),
        Hint(advanced=True, choices={"none": "None", "balanced": "Balanced"}),
    ] = "none"
    gradient_clip: Annotated[
        float,
        Field(
            ge=0,
            le=1e6,
            title="Gradient clipping",
            description="Largest norm of a gradient; longer ones are cut. 0 is off.",
        ),
        Hint(advanced=True),
    ] = 0.0
    accumulation: Annotated[
        int,
        Field(
            ge=1,
            le=10_000,
            title="Accumulation",
            description="Batches whose gradients are added up for one step, "
            "to train with large batches in little memory.",
        ),
        Hint(advanced=True),
    ] = 1
    ema: Annotated[
        float,
        Field(
            ge=0,
            lt=1,
            title="Weight averaging",
            description="Decay of a moving average of the weights, such as 0.999, "
            "that is validated and kept. 0 is off.",
        ),
        Hint(advanced=True),
    ] = 0.0
    test_time_augmentation: Annotated[
        Literal["none", "mirror", "mirror and shift"],
        Field(
            title="Test-time augmentation",
            description="Judges and predicts by the mean over changed copies of a picture: "
            "more often right, and as many times slower.",
        ),
        Hint(
            advanced=True,
            choices={
                "none": "None",
                "mirror": "With the mirror image",
                "mirror and shift": "With the mirror image, both also shifted",
            },
        ),
    ] = "none"
    group_lengths: Annotated[
        bool,
        Field(
            title="Group by length",
            description="Lets texts of similar length meet in a batch, so that less padding is computed.",
        ),
        Hint(advanced=True),
    ] = False
    precision: Annotated[
        Literal["auto", "float32", "bfloat16", "float16"],
        Field(
            title="Precision",
            description="Numbers used in the network; the short ones are faster where the device has them.",
        ),
        Hint(
            advanced=True,
            choices={"auto": "Automatic", "float32": "float32", "bfloat16": "bfloat16", "float16": "float16"},
        ),
    ] = "auto"
    memory_layout: Annotated[
        Literal["auto", "contiguous", "channels_last"],
        Field(
            title="Memory layout",
            description="Order of image tensors in memory; channels last is faster for convolutions.",
        ),
        Hint(
            advanced=True, choices={"auto": "Automatic", "contiguous": "Contiguous", "channels_last": "Channels last"}
        ),
    ] = "auto"
    compile: Annotated[
        Literal["auto", "on", "off"],
        Field(
            title="Compile",
            description="Let torch.compile fuse kernels: a slow start, then faster steps.",
        ),
        Hint(advanced=True, choices={"auto": "Automatic", "on": "On", "off": "Off"}),
    ] = "auto"
    cuda_graphs: Annotated[
        Literal["auto", "on", "off"],
        Field(
            title="CUDA graphs",
            description="Record a step once and replay it, so that an NVIDIA GPU never waits for the program.",
        ),
        Hint(advanced=True, choices={"auto": "Automatic", "on": "On", "off": "Off"}),
    ] = "auto"
    threads: Annotated[
        Annotated[int, Field(ge=1, le=1024)] | Literal["auto"],
        Field(title="Threads", description="CPU threads for the computation; automatic follows the size of the work."),
        Hint(advanced=True, choices={"auto": "Automatic"}),
    ] = "auto"
    speed: Annotated[
        Literal["fast", "plain"],
        Field(
            title="Speed", description="Fast takes the quickest settings known to be correct; plain takes none of them."
        ),
        Hint(advanced=True, choices={"fast": "Fast", "plain": "Plain"}),
    ] = "fast"
    event_files: Annotated[
        bool,
        Field(
            title="TensorBoard files",
            description="Writes the curves as TensorBoard's event files too, for dashboards that read these.",
        ),
        Hint(advanced=True),
    ] = False
    checkpoint_seconds: Annotated[
        float,
        Field(
            ge=1,
            le=86_400,
            title="Checkpoint every",
            description="Time between checkpoints that training can go on from.",
        ),
        Hint(advanced=True, unit="s"),
    ] = 60.0


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
        if posed:
            for error in _meaningless(self, networks.task_of(kind, posed)):
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
    if training.loss != "auto" and task not in _OF_NUMBERS:
        yield UserError("This loss is for numbers, and none are predicted here.", hint="Choose Automatic.")


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
