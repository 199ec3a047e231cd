"""Data sets of the Hugging Face hub, by name: downloaded once as Parquet files, then read from this machine."""

import io
from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Annotated, Any, Literal

import numpy as np
import polars
from PIL import Image
from pydantic import Field

from workbench.core import images
from workbench.core.errors import UserError
from workbench.core.settings import Hint
from workbench.core.signature import InputKind
from workbench.core.words import Words, from_plain, to_plain
from workbench.data import cache, hub_rows, register
from workbench.data.assembly import assembled
from workbench.data.base import ImageSettings
from workbench.data.dataset import Dataset, Problem, Progress, ProgressCallback, Skipped
from workbench.data.documents import facts_of, in_splits
from workbench.data.folders import Arrangement
from workbench.data.hub_columns import Columns, chosen
from workbench.data.hub_files import require_name
from workbench.data.hub_install import Installed, folder_of, installed, obtained
from workbench.data.hub_known import KNOWN
from workbench.data.hub_rows import Labels, ParquetSource
from workbench.data.image_cache import build_cache
from workbench.data.masker import Masker
from workbench.data.masking import Masking, MaskingGroup, masked_cache
from workbench.data.polars_errors import UNREADABLE
from workbench.data.table_reading import clean
from workbench.data.text_lengths import lengths_of

_VERSION = 1  # raise it whenever the same files would give another arrangement or another cache
_MOST_TEXT = 2_000_000_000  # bytes of texts that are held at once
_TASKS = ("classification", "next_token", "masked_token", "reconstruction")
_OF_TEXTS, _OF_IMAGES = ("next_token", "masked_token"), ("reconstruction",)


class HubSettings(ImageSettings):
    """An image or text data set of the hub; size, colour and augmentation concern images only."""

    kind: Annotated[Literal["hub"], Hint(hidden=True)] = "hub"
    name: Annotated[
        str, Field(title="Name", description="What it is called on the hub, such as ylecun/mnist, or its address.")
    ] = ""
    configuration: Annotated[
        str,
        Field(
            title="Configuration",
            description="Which of its parts or versions, where a data set has several; auto takes the usual one.",
        ),
    ] = "auto"
    parts: Annotated[
        tuple[str, ...],
        Field(
            title="Splits",
            description="Splits to download, by the hub's names; none takes those for training, validation and tests.",
        ),
        Hint(advanced=True),
    ] = ()
    content: Annotated[
        Literal["auto", "image", "text"],
        Field(title="Content", description="What it holds; automatic knows it once the data are downloaded."),
        Hint(advanced=True, choices={"auto": "Automatic", "image": "Images", "text": "Texts"}),
    ] = "auto"
    sample_column: Annotated[
        str,
        Field(title="Column", description="The column of images or texts; auto takes the likeliest."),
        Hint(advanced=True),
    ] = "auto"
    label_column: Annotated[
        str,
        Field(
            title="Label column", description="The column to predict; auto takes the likeliest, none learns without."
        ),
        Hint(advanced=True),
    ] = "auto"
    masking: MaskingGroup = Masking()

    def inputs_kind(self) -> InputKind:
        """Return "image" or "text", or "" as long as that is not known."""
        columns = self._columns()
        known = KNOWN.get(self.name)
        if columns is not None:
            return "image" if columns.content == "image" else "text"
        if known is None and self.content == "auto":
            return ""  # type: ignore[return-value]
        return self.content if self.content != "auto" or known is None else known.content  # type: ignore[return-value]

    def tasks(self, of_kind: tuple[str, ...]) -> tuple[str, ...]:
        """Return the tasks that are posed, as far as that is known before the download."""
        columns = self._columns()
        known = KNOWN.get(self.name)
        if columns is not None:
            return posed_by(columns.content, columns.label)
        if known is not None and known.content == self.inputs_kind():
            return posed_by(known.content, "" if self.label_column == "none" else known.label)
        return ()

    def _columns(self) -> Columns | None:
        """Return what the downloaded files hold, or None when they are not here or hold nothing that can be read."""
        try:
            found = installed(require_name(self.name), self.configuration, self.parts)
            return None if found is None else _columns_of(found, self)
        except (UserError, *UNREADABLE):
            return None


def posed_by(content: str, label: str) -> tuple[str, ...]:
    """Return the tasks that images or texts pose, with labels (a column's name) or without ("")."""
    without = _OF_IMAGES if content == "image" else _OF_TEXTS
    return ("classification", *without) if label else without


def example(folder: Path) -> HubSettings:
    """Lay 20 small images of two classes where a download would lie, and return the settings that open them."""
    random = np.random.Generator(np.random.PCG64(0))
    rows: list[dict[str, Any]] = []
    for number in range(20):
        pixels = random.integers(0, 60, (8, 8, 3)).astype(np.uint8)
        pixels[..., number % 2] += 150
        file = io.BytesIO()
        Image.fromarray(pixels).save(file, "PNG")
        rows.append({"image": {"bytes": file.getvalue(), "path": None}, "label": number % 2})
    place = folder_of("example/colours")
    place.mkdir(parents=True, exist_ok=True)
    polars.DataFrame(rows).write_parquet(place / "example.parquet")
    entry = {
        "configuration": "default",
        "commit": "0" * 40,
        "splits": {"train": [["example.parquet", (place / "example.parquet").stat().st_size]]},
        "names": {"label": ["red", "green"]},
        "others": [],
        "partial": False,
    }
    cache.write_plain(place / "installed.json", {"auto": entry})
    return HubSettings(name="example/colours")


def raw(settings: HubSettings) -> Iterator[tuple[str, Sequence[Any]]]:
    """Yield the texts of a data set that is here already, some at a time."""
    found = installed(require_name(settings.name), settings.configuration, settings.parts)
    columns = None if found is None else _columns_of(found, settings)
    if found is not None and columns is not None and columns.content == "text":
        for block in hub_rows.blocks(found.splits, columns.sample):
            yield columns.sample, [text or "" for text in block.to_list()]


@register(
    "hub",
    settings=HubSettings,
    title="Hugging Face hub",
    summary="Images or texts from the Hugging Face hub, by name; downloaded once.",
    example=example,
    tasks=_TASKS,
    raw=raw,
)
def open_hub(settings: HubSettings, progress: ProgressCallback) -> Dataset:
    """Open a data set of the hub, which is downloaded if it is not here yet."""
    found = obtained(require_name(settings.name), settings.configuration, settings.parts, progress)
    try:
        return _opened(settings, found, progress)
    except UNREADABLE as error:
        raise UserError(
            "{name} holds a file that is no Parquet table, or a damaged one.",
            hint="Delete the folder {folder} and open it again, which downloads it anew.",
            details=str(error),
            name=found.repository,
            folder=str(found.files[0].parent),
        ) from error


def _opened(settings: HubSettings, found: Installed, progress: ProgressCallback) -> Dataset:
    columns = _columns_of(found, settings)
    if settings.content not in ("auto", columns.content):
        raise UserError(
            "{name} holds no such content as was chosen.",
            hint="Leave the content on automatic, or choose another column.",
            name=found.repository,
        )
    files = [[path.name for path in part] for part in found.splits.values()]
    identity = [found.repository, files, list(found.splits), columns.sample, columns.label, columns.names]
    if columns.content == "image":
        key = cache.key("hub", _VERSION, images.VERSION, identity, settings.size, settings.channels)
        folder, summary = cache.cached(key, lambda folder: _build_images(folder, settings, found, columns, progress))
        inputs: Any = np.load(folder / "images.npy", mmap_mode="r")
        skipped = cache.read_plain(folder / "skipped.json")
    else:
        masker = settings.masking.masker(has_columns=False)
        folder, summary = masked_cache(
            masker,
            found.repository.encode(),
            ["hub", _VERSION, identity],
            lambda folder: _build_texts(folder, found, columns, masker, progress),
        )
        inputs, skipped = cache.read_plain(folder / "texts.json"), summary["skipped"]
    names, given = cache.read_plain(folder / "names.json"), np.load(folder / "given.npy")
    groups: np.ndarray | None = np.load(folder / "groups.npy")
    targets = np.load(folder / "targets.npy")
    if columns.content == "text" and not columns.label:
        inputs, names, given, groups = in_splits(inputs, names, given, groups, settings)
        targets = np.zeros(len(inputs), np.int64)
    dataset = assembled(
        settings,
        name=found.repository.split("/")[-1],
        folder=folder,
        tasks=posed_by(columns.content, columns.label),
        inputs=inputs,
        targets=targets,
        names=names,
        classes=summary["classes"],
        given=given,
        groups=groups,
        skipped=[Skipped(name, from_plain(reason)) for name, reason in skipped],
        facts={**summary["facts"], "repository": found.repository, "commit": found.commit},
    )
    return replace(dataset, problems=(*dataset.problems, *_remarks(found)))


def _columns_of(found: Installed, settings: HubSettings) -> Columns:
    return chosen(found.files[0], settings.sample_column, settings.label_column, found.names)


def _remarks(found: Installed) -> Sequence[Problem]:
    if not found.partial:
        return ()
    words = Words(
        "The hub has converted only the first part of {name}: the rest is left out.", {"name": found.repository}
    )
    return (Problem("warning", words),)


def _build_images(
    folder: Path, settings: HubSettings, found: Installed, columns: Columns, progress: ProgressCallback
) -> dict[str, Any]:
    labels = hub_rows.labels(found.splits, columns)
    source = ParquetSource(found.repository, found.splits, columns, labels.count)
    arranged = Arrangement(labels.rows, labels.targets, labels.given, labels.classes, labels.skipped)
    return build_cache(folder, settings, source, arranged, progress)


def _build_texts(
    folder: Path, found: Installed, columns: Columns, masker: Masker | None, progress: ProgressCallback
) -> dict[str, Any]:
    labels = hub_rows.labels(found.splits, columns)
    texts, kept, empty = _texts(found, columns, labels, progress)
    if not texts:
        raise UserError("{name} has no texts.", hint="Choose another column.", name=found.repository)
    texts = [masker.text(text) for text in texts] if masker else texts
    called = hub_rows.row_names(found.splits)
    skipped = [*labels.skipped, *(Skipped(called[row], Words("It has no text.")) for row in empty)]
    np.save(folder / "targets.npy", labels.targets[kept])
    np.save(folder / "given.npy", labels.given[kept])
    np.save(folder / "groups.npy", cache.groups_of_equals(cache.text_digests(texts)))
    cache.write_plain(folder / "texts.json", texts)
    cache.write_plain(folder / "names.json", [called[row] for row in labels.rows[kept].tolist()])
    return {
        "classes": list(masker.names(labels.classes) if masker else labels.classes),
        "skipped": [[item.name, to_plain(item.reason)] for item in skipped],
        "facts": {
            "text_column": columns.sample,
            "label_column": columns.label,
            **({"lengths": lengths_of(texts)} if columns.label else facts_of(texts)),
            **({"masking": masker.to_plain()} if masker else {}),
            "median_length": int(np.median([len(text) for text in texts])),
        },
    }


def _texts(
    found: Installed, columns: Columns, labels: Labels, progress: ProgressCallback
) -> tuple[list[str], np.ndarray, list[int]]:
    """Return the texts of the labelled rows, which of these rows they are of, and the places of those without one."""
    texts: list[str] = []
    kept: list[int] = []
    empty: list[int] = []
    places = {row: number for number, row in enumerate(labels.rows.tolist())}
    size = row = 0
    for block in hub_rows.blocks(found.splits, columns.sample):
        progress(Progress(Words("Reading texts"), row, labels.count))
        size += int(block.str.len_bytes().sum() or 0)
        if size > _MOST_TEXT:
            raise UserError(
                "{name} has more than {most} GB of text.",
                hint="Choose fewer splits, or a smaller configuration.",
                name=found.repository,
                most=_MOST_TEXT // 10**9,
            )
        for text in block.to_list():
            text = _cleaned(text or "", whole=not columns.label)
            if row in places and text.strip():
                texts.append(text)
                kept.append(places[row])
            elif row in places:
                empty.append(row)
            row += 1
    return texts, np.array(kept, np.int64), [] if not columns.label else empty


def _cleaned(text: str, *, whole: bool) -> str:
    """Return a text without what breaks others; of one that is to be written on, every space counts, and it ends."""
    if not whole:
        return clean(text)
    text = text.replace("\0", "\N{REPLACEMENT CHARACTER}")
    return text if text.endswith("\n") else f"{text}\n"
