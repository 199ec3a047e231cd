"""What comes with the program: handwritten digits and short product reviews."""

from pathlib import Path
from typing import Annotated, Literal

from pydantic import Field

from workbench.core import paths
from workbench.core.errors import UserError
from workbench.core.settings import Hint
from workbench.core.signature import InputKind
from workbench.data import register
from workbench.data.base import ImageSettings
from workbench.data.dataset import Dataset, ProgressCallback
from workbench.data.idx import opened as opened_idx
from workbench.data.idx import pairs
from workbench.data.splits import UNDECIDED
from workbench.data.text_table import TextTableSettings
from workbench.data.text_table import opened as opened_table


class SamplesSettings(ImageSettings):
    """A bundled sample; size, colour and augmentation concern the digits only."""

    kind: Annotated[Literal["samples"], Hint(hidden=True)] = "samples"
    name: Annotated[
        Literal["digits", "reviews"],
        Field(title="Sample", description="Images of handwritten digits, or product reviews in English and Chinese."),
        Hint(choices={"digits": "Handwritten digits", "reviews": "Product reviews"}),
    ] = "digits"

    def inputs_kind(self) -> InputKind:
        """Return "image" for the digits and "text" for the reviews."""
        return "image" if self.name == "digits" else "text"


def example(folder: Path) -> SamplesSettings:
    """Return the settings that open the digits; nothing needs to be written."""
    return SamplesSettings()


@register(
    "samples",
    settings=SamplesSettings,
    title="Sample",
    summary="Small data that come with the program, to try it at once.",
    example=example,
)
def open_sample(settings: SamplesSettings, progress: ProgressCallback) -> Dataset:
    """Open a bundled sample."""
    folder = paths.resources() / "samples" / settings.name
    table = folder / "reviews.csv"
    if settings.name == "digits" and pairs(folder):
        return opened_idx(settings, pairs(folder), "digits", progress)
    if settings.name == "reviews" and table.is_file():
        shared = {name: getattr(settings, name) for name in ("validation", "test", "split_seed", "class_names")}
        return opened_table(TextTableSettings(path=str(table), **shared), [(table, UNDECIDED)], "reviews", progress)
    raise UserError("The sample is missing: {folder}.", hint="Install the program again.", folder=str(folder))
