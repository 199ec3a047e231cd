"""The MNIST family: a folder with images and labels in IDX files, gzipped or not.

The format: two zero bytes, the type of the values (8: unsigned byte), the number of dimensions, each dimension as a
big-endian 32-bit number, then the values (LeCun, Cortes and Burges, "The MNIST database of handwritten digits").
"""

import gzip
import hashlib
import io
import re
import zlib
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any, Literal

import numpy as np
from PIL import Image
from pydantic import Field

from workbench.core.errors import UserError
from workbench.core.images import LARGEST_SIDE, VERSION, decoded, shown
from workbench.core.settings import Hint
from workbench.core.words import Words
from workbench.data import cache, register
from workbench.data.assembly import assembled
from workbench.data.base import ImageSettings
from workbench.data.dataset import Dataset, Progress, ProgressCallback
from workbench.data.known_sets import by_checksum
from workbench.data.splits import TEST, TRAINING, UNDECIDED

_IMAGES, _LABELS = 3, 1
_FILE = re.compile(
    r"(?P<stem>.*?)[-_.]?(?P<what>images?|labels?)[-_.](?P<form>idx[13])[-_.]ubyte(\.gz)?", re.IGNORECASE
)
_MOST_BYTES = 8_000_000_000


class IdxSettings(ImageSettings):
    """A folder of IDX files."""

    kind: Annotated[Literal["idx"], Hint(hidden=True)] = "idx"
    path: Annotated[
        str,
        Field(title="Folder", description="The folder with the images and labels, such as train-images-idx3-ubyte.gz."),
        Hint(chooser="folder"),
    ] = ""


@dataclass(frozen=True)
class _Pair:
    stem: str
    images: Path
    labels: Path

    @property
    def split(self) -> int:
        words = re.split(r"[-_.]", self.stem.lower())
        if any(word in ("t10k", "test", "testing") for word in words):
            return TEST
        return TRAINING if any(word in ("train", "training") for word in words) else UNDECIDED


def pairs(folder: Path) -> list[_Pair]:
    """Return the pairs of image and label files in `folder`; a plain file is preferred to the gzipped one beside it."""
    found: dict[tuple[str, str], Path] = {}
    if folder.is_dir():
        for path in sorted(folder.iterdir(), key=lambda path: path.name.endswith(".gz"), reverse=True):
            match = _FILE.fullmatch(path.name)
            if match and path.is_file():
                found[match["stem"], match["what"].lower().rstrip("s")] = path
    stems = sorted({stem for stem, _ in found}, key=lambda stem: ("t10k" in stem or "test" in stem, stem))
    both = [stem for stem in stems if (stem, "image") in found and (stem, "label") in found]
    return [_Pair(stem, found[stem, "image"], found[stem, "label"]) for stem in both]


def recognises(path: Path) -> float:
    """Return 1 for a folder with IDX files, or one of these files."""
    return 1.0 if pairs(_folder(path)) else 0.0


def _folder(path: Path) -> Path:
    return path.parent if path.is_file() and _FILE.fullmatch(path.name) else path


def read_idx(path: Path, dimensions: int) -> tuple[np.ndarray, list[str]]:
    """Return the values of an IDX file as uint8 with this many dimensions, and the MD5 of its content and of the file.

    Raises UserError that says what does not fit: the type, the dimensions, or the length.
    """
    packed, content = _content(path)
    header = 4 + 4 * dimensions
    if len(content) < header or content[:2] != b"\0\0":
        raise UserError("{name} is not an IDX file.", hint="Download it again.", name=shown(path.name))
    if content[2] != 8 or content[3] != dimensions:
        raise UserError(
            "{name} holds values of type {type} in {found} dimensions; {wanted} dimensions of bytes were expected.",
            hint="Images are idx3-ubyte files and labels idx1-ubyte files.",
            name=shown(path.name),
            type=content[2],
            found=content[3],
            wanted=dimensions,
        )
    shape = tuple(int(side) for side in np.frombuffer(content, ">u4", dimensions, 4))
    expected = header + int(np.prod(shape, dtype=object))
    if len(content) != expected:
        raise UserError(
            "{name} is damaged: it should have {expected} bytes and has {found}.",
            hint="Download it again.",
            name=shown(path.name),
            expected=f"{expected:,}",
            found=f"{len(content):,}",
        )
    checksums = [hashlib.md5(data, usedforsecurity=False).hexdigest() for data in (content, packed)]
    return np.frombuffer(content, np.uint8, offset=header).reshape(shape), checksums


def _content(path: Path) -> tuple[bytes, bytes]:
    """Return the bytes of a file, as they are and unpacked."""
    try:
        packed = content = path.read_bytes()
        if path.suffix == ".gz":
            with gzip.open(io.BytesIO(packed)) as file:
                content = file.read(_MOST_BYTES + 1)  # no more than that, however small the file
    except (gzip.BadGzipFile, EOFError, zlib.error) as error:
        raise UserError(
            "{name} is damaged: it could not be unpacked.",
            hint="Download it again.",
            details=str(error),
            name=shown(path.name),
        ) from error
    except OSError as error:
        raise UserError(
            "{name} could not be read: {reason}.", name=shown(path.name), reason=error.strerror or str(error)
        ) from error
    if len(content) > _MOST_BYTES:
        raise UserError("{name} is too large to be a file of this family.", name=shown(path.name))
    return packed, content


def example(folder: Path) -> IdxSettings:
    """Write 60 images of three classes, 40 for training and 20 for testing, and return the settings that open them."""
    random = np.random.Generator(np.random.PCG64(0))
    for stem, count in (("train", 40), ("t10k", 20)):
        labels = (np.arange(count) % 3).astype(np.uint8)
        images = (random.integers(0, 80, (count, 6, 6)) + 70 * labels[:, None, None]).astype(np.uint8)
        write_idx(folder / f"{stem}-images-idx3-ubyte.gz", images)
        write_idx(folder / f"{stem}-labels-idx1-ubyte.gz", labels)
    return IdxSettings(path=str(folder))


def write_idx(path: Path, values: np.ndarray) -> None:
    """Write a uint8 array as an IDX file, gzipped when the name ends in .gz; the same values give the same bytes."""
    content = (
        bytes([0, 0, 8, values.ndim]) + np.array(values.shape, ">u4").tobytes() + values.astype(np.uint8).tobytes()
    )
    path.write_bytes(gzip.compress(content, mtime=0) if path.suffix == ".gz" else content)


@register(
    "idx",
    settings=IdxSettings,
    title="MNIST family",
    summary="A folder with images and labels in IDX files, as MNIST and Fashion-MNIST come.",
    recognises=recognises,
    example=example,
    tasks=("classification", "reconstruction"),
)
def open_idx(settings: IdxSettings, progress: ProgressCallback) -> Dataset:
    """Open the IDX files of a folder; the files for testing are kept as the test split."""
    folder = _folder(Path(settings.path).expanduser())
    found = pairs(folder)
    if not settings.path or not found:
        raise UserError(
            "There are no IDX files in {path}.",
            hint="Choose a folder with pairs such as train-images-idx3-ubyte.gz and train-labels-idx1-ubyte.gz.",
            path=str(folder) if settings.path else "…",
        )
    return opened(settings, found, folder.name, progress)


def opened(settings: ImageSettings, found: list[_Pair], name: str, progress: ProgressCallback) -> Dataset:
    """Return the data set made of these pairs of files, through the cache."""
    files = [file for pair in found for file in (pair.images, pair.labels)]
    key = cache.key("idx", 2, VERSION, cache.fingerprint(files), settings.size, settings.channels)
    folder, summary = cache.cached(key, lambda folder: _build(folder, settings, found, progress))
    count = summary["count"]
    classes, known = summary["classes"], by_checksum(summary["checksums"])
    if known and len(known.classes) > max(map(int, classes)):
        classes = [known.classes[int(label)] for label in classes]
    return assembled(
        settings,
        name=known.name if known else name,
        folder=folder,
        inputs=np.load(folder / "images.npy", mmap_mode="r"),
        targets=np.load(folder / "targets.npy"),
        names=[f"{place:05d}" for place in range(count)],
        classes=classes,
        given=np.load(folder / "given.npy"),
        groups=np.load(folder / "groups.npy"),
        facts=summary["facts"],
    )


def _build(folder: Path, settings: ImageSettings, found: list[_Pair], progress: ProgressCallback) -> dict[str, Any]:
    parts, labels, given, checksums = [], [], [], []
    for done, pair in enumerate(found):
        progress(Progress(Words("Reading files"), done, len(found)))
        images, checksum = read_idx(pair.images, _IMAGES)
        numbers, _ = read_idx(pair.labels, _LABELS)
        _require_fit(pair, images, numbers, parts[0] if parts else images)
        parts.append(images)
        labels.append(numbers)
        given.append(np.full(len(images), pair.split, np.uint8))
        checksums += checksum
    images, numbers = np.concatenate(parts)[..., None], np.concatenate(labels)
    height, width = settings.sides() or images.shape[1:3]
    channels = settings.planes() or 1
    cache.require_space(folder, len(images) * height * width * channels)
    original = images.shape[1:3]
    if (height, width, channels) != images.shape[1:]:
        images = _fitted(images, channels, height, width, progress)
    values, targets = np.unique(numbers, return_inverse=True)
    np.save(folder / "images.npy", images)
    np.save(folder / "targets.npy", targets.astype(np.int64))
    np.save(folder / "given.npy", np.concatenate(given))
    np.save(folder / "groups.npy", cache.groups_of_equals(cache.digests(images)))
    cache.write_plain(folder / "names.json", [f"{place:05d}" for place in range(len(images))])
    facts = {"sizes": [[*original, len(images)]], "channels": {"grey": len(images), "colour": 0}, "notes": {}}
    return {"count": len(images), "classes": [str(value) for value in values], "checksums": checksums, "facts": facts}


def _require_fit(pair: _Pair, images: np.ndarray, labels: np.ndarray, first: np.ndarray) -> None:
    if len(images) != len(labels):
        raise UserError(
            "{images} has {image_count} images, but {labels} has {label_count} labels.",
            hint="The two files do not belong together, or one was cut off. Download both again.",
            images=shown(pair.images.name),
            labels=shown(pair.labels.name),
            image_count=len(images),
            label_count=len(labels),
        )
    if not len(images):
        raise UserError("{name} holds no images.", name=shown(pair.images.name))
    if (
        images.shape[1:] != first.shape[1:]
        or not 0 < max(images.shape[1:]) <= LARGEST_SIDE
        or not min(images.shape[1:])
    ):
        raise UserError(
            "The images of {name} are {height} × {width} pixels, which does not fit.",
            hint="All files of a set have one size, of {most} pixels at most.",
            name=shown(pair.images.name),
            height=images.shape[1],
            width=images.shape[2],
            most=LARGEST_SIDE,
        )


def _fitted(images: np.ndarray, channels: int, height: int, width: int, progress: ProgressCallback) -> np.ndarray:
    result = np.empty((len(images), height, width, channels), np.uint8)
    for row, image in enumerate(images):
        if row % 5000 == 0:
            progress(Progress(Words("Resizing images"), row, len(images)))
        result[row] = decoded(Image.fromarray(image[..., 0]), channels, height, width)
    return result
