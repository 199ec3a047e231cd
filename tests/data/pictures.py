"""Small trees of images for the tests."""

import io
import tarfile
import zipfile
from pathlib import Path

import numpy as np
from PIL import Image


def picture(seed: int, side: int = 8, mode: str = "RGB") -> Image.Image:
    """Return an image of noise that no other seed gives."""
    random = np.random.Generator(np.random.PCG64(seed))
    pixels = random.integers(0, 256, (side, side, 3)).astype(np.uint8)
    return Image.fromarray(pixels).convert(mode)


def content(seed: int, side: int = 8, mode: str = "RGB", form: str = "PNG") -> bytes:
    """Return such an image as a file."""
    file = io.BytesIO()
    picture(seed, side, mode).save(file, form)
    return file.getvalue()


def files(per_class: int = 10, classes: tuple[str, ...] = ("cat", "dog"), above: str = "") -> dict[str, bytes]:
    """Return images by path: so many of every class, below the folder `above`."""
    names = [f"{above}{name}/{number:03d}.png" for name in classes for number in range(per_class)]
    return {name: content(seed + 1000 * len(above)) for seed, name in enumerate(names)}


def tree(folder: Path, given: dict[str, bytes]) -> Path:
    """Write files by path below `folder`, and return it."""
    for name, data in given.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(data)
    return folder


def zipped(path: Path, given: dict[str, bytes], method: int = zipfile.ZIP_DEFLATED) -> Path:
    """Write files into a zip archive, and return its path."""
    with zipfile.ZipFile(path, "w", method) as archive:
        for name, data in given.items():
            archive.writestr(name, data)
    return path


def tarred(path: Path, given: dict[str, bytes], mode: str) -> Path:
    """Write files into a tar archive, and return its path. mode: as for tarfile.open."""
    with tarfile.open(path, mode) as archive:  # type: ignore[call-overload]
        for name, data in given.items():
            member = tarfile.TarInfo(name)
            member.size = len(data)
            archive.addfile(member, io.BytesIO(data))
    return path
