"""The ten bad inputs that people bring, as files and folders; whoever takes one must say what is wrong and go on."""

import zipfile
from pathlib import Path

from tests import folders

CLASSES = ("circle", "square")


def empty_folder(place: Path) -> Path:
    (place / "empty").mkdir(parents=True)
    return place / "empty"


def text_named_png(place: Path) -> Path:
    """A good folder of images in which one file is a text."""
    folder = folders.image_folder(place / "shapes", CLASSES, 10)
    (folder / "circle" / "notes.png").write_text("These are circles.", encoding="utf-8")
    return folder


def truncated_jpeg(place: Path) -> Path:
    """A good folder of images in which one file ends too early."""
    folder = folders.image_folder(place / "photos", CLASSES, 10, 32, suffix=".jpg")
    cut = folder / "square" / "square_0003.jpg"
    cut.write_bytes(cut.read_bytes()[: cut.stat().st_size // 2])
    return folder


def one_class(place: Path) -> Path:
    return folders.image_folder(place / "alone", ("circle",), 10)


def escaping_zip(place: Path) -> Path:
    """An archive with a member that would land beside the folder it is unpacked into."""
    folder = folders.image_folder(place / "packed", CLASSES, 4)
    with zipfile.ZipFile(place / "slip.zip", "w") as archive:
        for path in sorted(folder.rglob("*.png")):
            archive.write(path, path.relative_to(folder))
        archive.writestr("../escaped.png", b"outside")
    return place / "slip.zip"


def recipe_file(place: Path, data: Path, training: str = "epochs = 1") -> Path:
    """A recipe for these data that trains a small network in a blink."""
    path = place / "recipe.toml"
    path.write_text(
        f'[data]\nkind = "image_folder"\npath = "{data.as_posix()}"\nsize = "8"\nvalidation = 0.2\ntest = 0.2\n'
        '[architecture]\nkind = "convnet"\nwidths = [4]\nhidden = [8]\n'
        f'[training]\nbatch_size = 8\ndevice = "cpu"\nthreads = 1\n{training}\n',
        encoding="utf-8",
    )
    return path


def contents(*places: Path) -> dict[Path, bytes]:
    """Return every file below these places with what is in it, to see later that nothing was lost."""
    return {path: path.read_bytes() for place in places for path in sorted(place.rglob("*")) if path.is_file()}
