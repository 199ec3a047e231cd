"""Archives with damage anywhere: read or refused, and nothing is written where a member's name says."""

import io
import tarfile
import zipfile
from pathlib import Path
from typing import Literal

import numpy as np
from PIL import Image

from tests.robustness.fuzzing import Fuzz, fuzzing_goal
from workbench.core.errors import UserError
from workbench.data.archives import TarSource, ZipSource


def _image() -> bytes:
    file = io.BytesIO()
    Image.fromarray(np.zeros((4, 4, 3), np.uint8)).save(file, "PNG")
    return file.getvalue()


def _seeds(place: Path) -> dict[str, bytes]:
    image, found = _image(), {}
    for name, packing in (("stored.zip", zipfile.ZIP_STORED), ("deflated.zip", zipfile.ZIP_DEFLATED)):
        file = io.BytesIO()
        with zipfile.ZipFile(file, "w", packing) as archive:
            for member in ("cat/1.png", "cat/2.png", "dog/3.png"):
                archive.writestr(member, image)
        found[name] = file.getvalue()
    modes: tuple[tuple[str, Literal["w:", "w:gz", "w:xz", "w:bz2"]], ...]
    modes = (("tar", "w:"), ("tar.gz", "w:gz"), ("tar.xz", "w:xz"), ("tar.bz2", "w:bz2"))
    for ending, mode in modes:
        file = io.BytesIO()
        with tarfile.open(fileobj=file, mode=mode) as archive:
            for member in ("cat/1.png", "dog/2.png"):
                facts = tarfile.TarInfo(member)
                facts.size = len(image)
                archive.addfile(facts, io.BytesIO(image))
        found[f"packed.{ending}"] = file.getvalue()
    return found


def _read(name: str, content: bytes, place: Path) -> None:
    path = place / name
    path.write_bytes(content)
    if name.endswith(".zip"):
        packed = ZipSource(path, lambda count: None)
        for member in list(packed.names)[:5]:
            packed.read(member)
        return
    source = TarSource(path, lambda count: None)
    for content in source.stream(np.arange(len(source.names))) or ():
        len(content)


FUZZ = Fuzz(_seeds, _read, (UserError,))
GOAL = fuzzing_goal("Damaged archives are read or refused", "mutated_archives", 200, 200_000)
