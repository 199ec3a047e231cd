"""Small data that a network can learn, written as a person would bring it."""

import csv
from collections.abc import Sequence
from pathlib import Path

import numpy as np
from PIL import Image


def image_folder(
    folder: Path, classes: Sequence[str], per_class: int, size: int = 8, *, mode: str = "RGB", suffix: str = ".png"
) -> Path:
    """Write `per_class` different images of size×size for each class into folder/<class>/ and return `folder`.

    A class is recognised by the bright band its images share; the noise around it is different in each.
    """
    random = np.random.default_rng(0)
    for number, name in enumerate(classes):
        (folder / name).mkdir(parents=True, exist_ok=True)
        top = number * size // len(classes)
        for index in range(per_class):
            pixels = random.integers(0, 90, (size, size, 3), dtype=np.uint8)
            pixels[top : max(top + 1, top + size // len(classes))] += 150
            Image.fromarray(pixels).convert(mode).save(folder / name / f"{name}_{index:04}{suffix}")
    return folder


def text_table(path: Path, rows: int = 40) -> Path:
    """Write a CSV file with columns text and label, half of it good and half bad, no text twice; return `path`."""
    good, bad = "works well and looks lovely", "broke at once and smells bad"
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(("text", "label"))
        for row in range(rows):
            writer.writerow((f"Number {row} {bad if row % 2 else good}", "negative" if row % 2 else "positive"))
    return path
