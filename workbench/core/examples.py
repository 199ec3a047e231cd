"""Ready-made recipes that come with the program: resources/examples/*.toml, each with a sentence in its first line."""

from dataclasses import dataclass
from pathlib import Path

from workbench.core import paths


@dataclass(frozen=True)
class Example:
    """A recipe to open. sentence: in English, as the catalogue of translations knows it."""

    path: Path
    sentence: str


def examples(folder: Path | None = None) -> list[Example]:
    """Return every ready-made recipe, by what it is called; none where the folder is missing."""
    found = []
    for path in sorted((folder or paths.resources() / "examples").glob("*.toml")):
        with path.open(encoding="utf-8") as file:
            sentence = file.readline().removeprefix("#").strip()
        found.append(Example(path, sentence))
    return sorted(found, key=lambda example: example.sentence.lower())
