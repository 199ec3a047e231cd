"""What every kind of data can be told: how it is split, how classes are called, how images are brought to size."""

from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import BeforeValidator, Field, model_validator

from workbench.core.errors import UserError
from workbench.core.images import LARGEST_SIDE
from workbench.core.registry import ValueErrorOf
from workbench.core.settings import Hint, Settings
from workbench.core.signature import InputKind
from workbench.data.augmentation import Augmentation
from workbench.data.sample_files import SAMPLE, sample_file


class DataSettings(Settings):
    """What is chosen about any data; each kind adds its own and gives `kind` its name."""

    kind: Annotated[str, Hint(hidden=True)]
    task: Annotated[
        Literal[
            "auto",
            "classification",
            "multi_label",
            "regression",
            "forecasting",
            "next_token",
            "masked_token",
            "reconstruction",
        ],
        Field(
            title="Task",
            description="What is to be learned. Automatic takes what the data pose and the architecture can learn.",
        ),
        Hint(
            advanced=True,
            choices={
                "auto": "Automatic",
                "classification": "Classification",
                "multi_label": "Several labels",
                "regression": "Regression",
                "forecasting": "Forecasting",
                "next_token": "Next token",
                "masked_token": "Masked tokens",
                "reconstruction": "Reconstruction",
            },
        ),
    ] = "auto"
    validation: Annotated[
        float,
        Field(
            ge=0,
            le=0.9,
            title="For validation",
            description="Share of the samples kept aside to judge the model during training.",
        ),
    ] = 0.1
    test: Annotated[
        float,
        Field(
            ge=0,
            le=0.9,
            title="For testing",
            description="Share kept aside to judge the finished model, if the data bring no test set.",
        ),
    ] = 0.1
    split_seed: Annotated[
        int,
        Field(ge=0, lt=2**32, title="Split seed", description="Another number deals the samples out differently."),
        Hint(advanced=True),
    ] = 0
    class_names: Annotated[
        tuple[str, ...],
        Field(title="Class names", description="Names to show instead of those found in the data, in the same order."),
        Hint(advanced=True),
    ] = ()

    @model_validator(mode="after")
    def _leave_something_to_train_on(self) -> "DataSettings":
        if self.validation + self.test > 0.95:
            message = UserError(
                "Validation and test together take {share} of the samples, which leaves too few to train on.",
                hint="Keep their sum at 0.95 or less.",
                share=f"{self.validation + self.test:.0%}",
            )
            raise ValueErrorOf(message)
        return self

    def inputs_kind(self) -> InputKind:
        """Return what a sample is: "image", "text", "table" or "series"."""
        raise NotImplementedError

    def opened_by(self) -> str:
        """Return the kind of data that opens these: its own, but for samples."""
        return self.kind

    def tasks(self, of_kind: tuple[str, ...]) -> tuple[str, ...]:
        """Return the tasks that can be posed, the natural one first; a kind may look at its file for that.

        of_kind: what its kind can pose at all. () means that only opening the data will tell.
        """
        return of_kind


def located(path: str) -> Path:
    """Return where data lie: a path of this machine, or `sample:NAME`, which comes with the program.

    A sample that is not a file of its own is made in the cache at its first use.
    """
    if not path.startswith(SAMPLE):
        return Path(path).expanduser()
    return sample_file(path.removeprefix(SAMPLE))


def _size_text(size: Any) -> Any:
    return str(size) if isinstance(size, int) and not isinstance(size, bool) else size


class ImageSettings(DataSettings):
    """What is chosen about images."""

    size: Annotated[
        str,
        BeforeValidator(_size_text),
        Field(
            title="Size",
            description="Side in pixels, such as 32 or 28x28; automatic keeps a common size, or else takes a "
            "typical one.",
        ),
        Hint(choices={"auto": "Automatic"}),
    ] = "auto"
    channels: Annotated[
        Literal["auto", "grey", "colour"],
        Field(
            title="Colour",
            description="Whether images are read in grey or in colour; auto takes grey when all of them are.",
        ),
        Hint(choices={"auto": "Automatic", "grey": "Grey", "colour": "Colour"}),
    ] = "auto"
    augmentation: Annotated[
        Augmentation,
        Field(title="Augmentation", description="Random changes of the training images, made anew in every epoch."),
    ] = Augmentation()

    @model_validator(mode="after")
    def _size_is_possible(self) -> "ImageSettings":
        if self.size != "auto":
            sides = self.size.lower().split("x")
            possible = len(sides) in (1, 2) and all(side.isascii() and side.isdigit() for side in sides)
            if not possible or not all(1 <= int(side) <= LARGEST_SIDE for side in sides):
                message = UserError(
                    "{size} is not a size of images.",
                    hint="Write auto, a side such as 32, or height and width such as 28x28, up to {most} pixels.",
                    size=self.size,
                    most=LARGEST_SIDE,
                )
                raise ValueErrorOf(message)
        return self

    def inputs_kind(self) -> InputKind:
        """Return "image"."""
        return "image"

    def sides(self) -> tuple[int, int] | None:
        """Return height and width in pixels, or None when they are taken from the images."""
        if self.size == "auto":
            return None
        sides = [int(side) for side in self.size.lower().split("x")]
        return (sides[0], sides[-1])

    def planes(self) -> int | None:
        """Return the number of channels, 1 or 3, or None when it is taken from the images."""
        return {"auto": None, "grey": 1, "colour": 3}[self.channels]
