"""Images in class folders, or beside a table of labels; in a folder or an archive."""

import os
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from itertools import islice
from pathlib import Path
from typing import Annotated, Any, Literal

import numpy as np
from PIL import Image
from pydantic import Field

from workbench.core import images
from workbench.core.errors import UserError
from workbench.core.images import shown
from workbench.core.settings import Hint
from workbench.core.words import Words, from_plain
from workbench.data import cache, register
from workbench.data.archives import ZIP_ENDINGS, TarSource, ZipSource, is_archive
from workbench.data.assembly import assembled
from workbench.data.base import ImageSettings
from workbench.data.dataset import Dataset, Progress, ProgressCallback, Skipped
from workbench.data.folders import Arrangement, by_folder
from workbench.data.image_cache import build_cache
from workbench.data.label_table import by_table, table_in
from workbench.data.recognition import described
from workbench.data.several_labels import LABELS, Separator, several, told
from workbench.data.sources import FolderSource, Source

_VERSION = 2  # raise it whenever the same files would give another arrangement or another cache
_LOOKED_AT = 5000  # files that are looked at to recognise a folder of images


class ImageFolderSettings(ImageSettings):
    """Images in one folder per class, or beside a labels.csv; a folder or an archive."""

    kind: Annotated[Literal["image_folder"], Hint(hidden=True)] = "image_folder"
    path: Annotated[
        str,
        Field(
            title="Folder or archive",
            description="Images in one folder per class, or beside a labels.csv; also as .zip or .tar.gz.",
        ),
        Hint(chooser="path"),
    ] = ""
    label_separator: Separator = "auto"


@dataclass(frozen=True)
class _Names(Sequence[str]):
    """The names of a cache, read when the first is asked for."""

    path: Path
    count: int

    def __len__(self) -> int:
        return self.count

    def __getitem__(self, place: Any) -> Any:
        if "names" not in self.__dict__:
            object.__setattr__(self, "names", cache.read_plain(self.path))
        return self.__dict__["names"][place]


def recognises(path: Path) -> float:
    """Return how sure it is that `path` holds images: an archive, or a folder with an image among its first files."""
    if path.is_file():
        return 0.8 if is_archive(path) else 0.0
    looked_at = 0
    for _, folders, files in islice(os.walk(path), _LOOKED_AT):
        folders[:] = [name for name in folders if not name.startswith((".", "__MACOSX"))]
        if any(os.path.splitext(name)[1].lower() in images.ENDINGS for name in files):
            return 0.7
        looked_at += len(files)
        if looked_at > _LOOKED_AT:
            break
    return 0.0


def example(folder: Path) -> ImageFolderSettings:
    """Write 30 images of three classes and return the settings that open them."""
    random = np.random.Generator(np.random.PCG64(0))
    for label, name in enumerate(("red", "green", "blue")):
        (folder / name).mkdir()
        for number in range(10):
            pixels = random.integers(0, 60, (8, 8, 3)).astype(np.uint8)
            pixels[..., label] += 150
            Image.fromarray(pixels).save(folder / name / f"{number}.png")
    return ImageFolderSettings(path=str(folder))


@register(
    "image_folder",
    settings=ImageFolderSettings,
    title="Folder of images",
    summary="Images in one folder per class, or beside a labels.csv; also as a zip or tar archive.",
    recognises=recognises,
    example=example,
    tasks=("classification", "multi_label", "reconstruction"),
)
def open_image_folder(settings: ImageFolderSettings, progress: ProgressCallback) -> Dataset:
    """Open a folder or archive of images."""
    path = Path(settings.path).expanduser()
    if not settings.path or not path.exists():
        raise UserError("{path} does not exist.", hint="Choose another file or folder.", path=settings.path or "…")
    source = source_at(path, lambda count: progress(Progress(Words("Looking for images"), count, 0)))
    key = cache.key("image_folder", _VERSION, images.VERSION, source.fingerprint, settings.size, settings.channels)
    folder, summary = cache.cached(key, lambda folder: _build(folder, settings, source, progress))
    targets, classes = np.load(folder / "targets.npy"), tuple(summary["classes"])
    names = _Names(folder / "names.json", len(targets))
    spread = several(classes, targets, settings.label_separator, settings.task)
    if spread:
        targets, classes, _ = spread
        cache.replace_array(folder / LABELS, targets)
    else:
        (folder / LABELS).unlink(missing_ok=True)
    dataset = assembled(
        settings,
        name=source.name,
        folder=folder,
        inputs=np.load(folder / "images.npy", mmap_mode="r"),
        targets=targets,
        names=names,
        classes=classes,
        tasks=("multi_label", "reconstruction") if spread else (),
        given=np.load(folder / "given.npy"),
        groups=np.load(folder / "groups.npy"),
        skipped=[Skipped(name, from_plain(reason)) for name, reason in cache.read_plain(folder / "skipped.json")],
        facts=summary["facts"],
    )
    return replace(dataset, problems=(*dataset.problems, told(classes))) if spread else dataset


def source_at(path: Path, found: Callable[[int], None]) -> Source:
    """Return the folder or archive at `path`; raises UserError when it is neither."""
    if path.is_dir():
        return FolderSource(path, found)
    if not is_archive(path):
        raise described(path)
    return ZipSource(path, found) if path.name.lower().endswith(ZIP_ENDINGS) else TarSource(path, found)


def _build(folder: Path, settings: ImageFolderSettings, source: Source, progress: ProgressCallback) -> dict[str, Any]:
    return build_cache(folder, settings, source, arranged(source, Path(settings.path).expanduser()), progress)


def arranged(source: Source, path: Path) -> Arrangement:
    """Return which files of `source` are samples of which class: by a table of labels, or else by their folders."""
    is_image = [name[name.rfind(".") :].lower() in images.ENDINGS for name in source.names]
    rows = np.flatnonzero(is_image)
    if not len(rows):
        if path.is_dir():
            raise described(path)
        raise UserError(
            "There are no images in {name}.", hint="It needs one folder of images per class.", name=shown(path.name)
        )
    names = [source.names[row] for row in rows.tolist()]
    folders = by_folder(names)
    table = table_in(source, several_classes=len(folders.classes) > 1)
    found = by_table(source, table, names) if table else folders
    if not len(found.rows):
        raise UserError(
            "{name} has images, but no class folders and no labels.csv, so nothing says what they show.",
            hint="Put the images of each class into a folder of its own, called like the class.",
            name=shown(path.name),
        )
    return Arrangement(rows[found.rows], found.targets, found.given, found.classes, found.skipped)
