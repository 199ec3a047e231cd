"""Opening 60,000 JPEG files: the first time decodes them, the second finds them decoded."""

import io
import os
import shutil
import tempfile
from pathlib import Path

import numpy as np
from PIL import Image

from tests.benchmarks.measuring import Figure, timed
from workbench.data import open_data


def figure(rounds: int, images: Path | None) -> Figure:
    """Return first against second opening of a folder or archive of images; without one, 60,000 JPEGs are made."""
    with tempfile.TemporaryDirectory() as place:
        source = images or made(Path(place) / "images", 60_000)
        result = Figure(f"Opening {source.name} again", "first opening", "second opening")
        for number in range(rounds):
            os.environ["WORKBENCH_CACHE"] = str(Path(place) / f"cache-{number}")
            settings = {"kind": "image_folder", "path": str(source)}
            result.firsts.append(timed(lambda settings=settings: open_data(settings)))
            result.seconds.append(timed(lambda settings=settings: open_data(settings)))
            shutil.rmtree(os.environ["WORKBENCH_CACHE"])
    return result


def made(folder: Path, count: int, classes: int = 10) -> Path:
    """Write `count` different JPEG files of 32×32 pixels into class folders, and return the folder."""
    random = np.random.default_rng(0)
    for label in range(classes):
        place = folder / f"class-{label}"
        place.mkdir(parents=True)
        for number in range(count // classes):
            pixels = random.integers(0, 256, (4, 4, 3), dtype=np.uint8)
            buffer = io.BytesIO()
            Image.fromarray(pixels).resize((32, 32)).save(buffer, "JPEG", quality=90)
            (place / f"{number:05d}.jpg").write_bytes(buffer.getvalue())
    return folder
