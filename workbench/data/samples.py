"""What comes with the program: handwritten digits and short product reviews."""

from dataclasses import replace
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import Field

from workbench.core.settings import Hint
from workbench.core.signature import InputKind
from workbench.data import DataSettings, kinds, register, review_labels, tasks_posed_by
from workbench.data.base import ImageSettings
from workbench.data.dataset import Dataset, ProgressCallback
from workbench.data.idx import opened as opened_idx
from workbench.data.idx import pairs
from workbench.data.sample_files import sample_file

# Samples that another kind of data opens: the plain settings with which it does, without those of `_SHARED`.
SAMPLE_SETTINGS: dict[str, dict[str, Any]] = {
    "reviews": {"kind": "text_table", "path": "sample:reviews/reviews.csv"},
    "review-labels": {"kind": "text_table", "path": f"sample:{review_labels.NAME}"},
    "wine": {"kind": "table", "path": "sample:wine.csv"},
    "iris": {"kind": "table", "path": "sample:iris.csv"},
    "diabetes": {"kind": "table", "path": "sample:diabetes.csv"},
    "series": {
        "kind": "series",
        "path": "sample:series/pacific_temperature.csv",
        "window": 24,
        "horizon": 12,
    },
    "python-topics": {"kind": "text_file", "path": "sample:python-topics"},
}


class SamplesSettings(ImageSettings):
    """A bundled sample; size, colour and augmentation concern the digits only."""

    kind: Annotated[Literal["samples"], Hint(hidden=True)] = "samples"
    name: Annotated[
        Literal["digits", "reviews", "review-labels", "wine", "iris", "diabetes", "series", "python-topics"],
        Field(
            title="Bundled sample",
            description="Images, texts, tables or series: one for every task, and none is large.",
        ),
        Hint(
            choices={
                "digits": "Handwritten digits",
                "reviews": "Product reviews",
                "review-labels": "Reviews with two labels",
                "wine": "Wines",
                "iris": "Irises",
                "diabetes": "Diabetes",
                "series": "Temperature of the sea",
                "python-topics": "Python's documentation",
            }
        ),
    ] = "digits"

    def inputs_kind(self) -> InputKind:
        """Return "image" for the digits, and what the other kind says for what it opens."""
        return "image" if self.name == "digits" else self.opened_as().inputs_kind()

    def tasks(self, of_kind: tuple[str, ...]) -> tuple[str, ...]:
        """Return what the sample poses: the digits as images do, others as their kind does."""
        return of_kind if self.name == "digits" else tasks_posed_by(self.opened_as())

    def opened_by(self) -> str:
        """Return the kind of data that opens the sample."""
        return self.kind if self.name == "digits" else self.opened_as().kind

    def opened_as(self) -> DataSettings:
        """Return the settings of the other kind of data that opens this sample."""
        shared = {name: getattr(self, name) for name in _SHARED if name in self.model_fields_set}
        plain = {**SAMPLE_SETTINGS[self.name], **shared}
        return kinds[plain["kind"]].settings.model_validate(plain)


_SHARED = ("task", "validation", "test", "split_seed", "class_names")


def example(folder: Path) -> SamplesSettings:
    """Return the settings that open the digits; nothing needs to be written."""
    return SamplesSettings()


@register(
    "samples",
    settings=SamplesSettings,
    title="Bundled sample",
    summary="Small data that come with the program, to try it at once.",
    example=example,
    tasks=("classification", "reconstruction"),
)
def open_sample(settings: SamplesSettings, progress: ProgressCallback) -> Dataset:
    """Open a bundled sample."""
    if settings.name != "digits":
        other = settings.opened_as()
        return replace(kinds[other.kind].open(other, progress), name=settings.name)
    folder = sample_file("digits")
    return opened_idx(settings, pairs(folder), "digits", progress)
