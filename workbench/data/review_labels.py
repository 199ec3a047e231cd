"""The bundled reviews with two labels each, what they say and in which language: a sample for several labels."""

import csv
from pathlib import Path

from workbench.data.sample_files import MADE, sample_file

NAME = "review-labels.csv"


def _write(path: Path) -> None:
    with (sample_file("reviews") / "reviews.csv").open(encoding="utf-8", newline="") as file:
        rows = [(row["text"], f"{row['label']};{'English' if row['text'].isascii() else 'Chinese'}")
                for row in csv.DictReader(file)]  # fmt: skip
    with path.open("w", encoding="utf-8", newline="") as file:
        csv.writer(file).writerows([("text", "labels"), *rows])


MADE[NAME] = _write
