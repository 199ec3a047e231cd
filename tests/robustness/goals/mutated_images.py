"""Images with damage anywhere: read or refused, and nothing else."""

import io
from pathlib import Path

import numpy as np
from PIL import Image

from tests.robustness.fuzzing import Fuzz, fuzzing_goal
from workbench.core import images
from workbench.core.errors import UserError


def _seeds(place: Path) -> dict[str, bytes]:
    chance = np.random.Generator(np.random.PCG64(0))
    colours = Image.fromarray(chance.integers(0, 256, (12, 9, 3), np.uint8))
    deep = Image.fromarray(chance.integers(0, 2**16, (7, 8), np.uint16))
    clear = Image.fromarray(chance.integers(0, 256, (6, 6, 4), np.uint8))
    turned = Image.Exif()
    turned[0x0112] = 6
    kinds = {
        "colour.png": (colours, {}), "deep.png": (deep, {}), "clear.png": (clear, {}),
        "palette.png": (colours.convert("P"), {}), "bits.png": (colours.convert("1"), {}),
        "photo.jpg": (colours, {"exif": turned}), "progressive.jpg": (colours, {"progressive": True}),
        "print.jpg": (colours.convert("CMYK"), {}), "small.webp": (colours, {}),
        "clear.webp": (clear, {"lossless": True}),
        "plain.bmp": (colours, {}), "plain.tif": (colours, {}), "packed.tif": (colours, {"compression": "tiff_lzw"}),
        "deep.tif": (deep, {}), "still.gif": (colours.convert("P"), {}),
        "moving.gif": (colours.convert("P"), {"save_all": True, "append_images": [colours.convert("P")]}),
    }  # fmt: skip
    found = {}
    for name, (image, options) in kinds.items():
        file = io.BytesIO()
        image.save(file, {"jpg": "JPEG", "tif": "TIFF"}.get(name[-3:], name.rpartition(".")[2].upper()), **options)
        found[name] = file.getvalue()
    return found


def _read(name: str, content: bytes, place: Path) -> None:
    images.read(content, 3, 8, 8)


FUZZ = Fuzz(_seeds, _read, (UserError,))
GOAL = fuzzing_goal("Damaged images are read or refused", "mutated_images", 200, 200_000)
