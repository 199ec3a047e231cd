"""What every test stands on: folders of its own, English, one thread of arithmetic, and nothing left behind."""

import os
import sys
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

# Before Qt or torch are imported by anyone, child processes included.
os.environ["QT_QPA_PLATFORM"] = "offscreen"
for _name in ("OMP_NUM_THREADS", "MKL_NUM_THREADS", "OPENBLAS_NUM_THREADS"):
    os.environ[_name] = "1"

import pytest

from tests import folders, leaks
from workbench.core.words import use_language

FOLDERS = {"WORKBENCH_RUNS": "runs", "WORKBENCH_CACHE": "cache", "WORKBENCH_STATE": "state"}


@pytest.fixture(scope="session", autouse=True)
def session_folders(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """Point Workbench at folders of this session, for fixtures that live longer than one test."""
    root = tmp_path_factory.mktemp("workbench")
    with pytest.MonkeyPatch.context() as patch:
        _use(root, patch)
        yield root


@pytest.fixture(autouse=True)
def own_folders(session_folders: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """Point Workbench at folders that only this test knows: runs/, cache/ and state/ under the returned one."""
    root = tmp_path_factory.mktemp("own")
    with pytest.MonkeyPatch.context() as patch:
        _use(root, patch)
        yield root


def _use(root: Path, patch: pytest.MonkeyPatch) -> None:
    for variable, name in FOLDERS.items():
        patch.setenv(variable, str(root / name))
    patch.setenv("XDG_CONFIG_HOME", str(root / "config"))


@pytest.fixture(autouse=True)
def english() -> Iterator[None]:
    """Begin and end in English, whatever a test switches to."""
    use_language("en")
    yield
    use_language("en")


@pytest.fixture(autouse=True)
def one_thread() -> Iterator[None]:
    """Give torch one thread: tests run beside each other, and their sums must not depend on the machine."""
    if "torch" in sys.modules:
        sys.modules["torch"].set_num_threads(1)
    yield
    if "torch" in sys.modules:
        sys.modules["torch"].set_num_threads(1)


@pytest.fixture(autouse=True)
def nothing_left_behind(own_folders: Path) -> Iterator[None]:
    """Fail a test that leaves a thread, a running timer or a window behind."""
    leaks.settle()
    threads, qt_objects = leaks.threads(), leaks.qt_objects()
    yield
    left = leaks.left_behind(threads, leaks.threads) + leaks.left_behind(qt_objects, leaks.qt_objects)
    assert not left, f"left behind: {[leaks.told(thing) for thing in left]}"


@pytest.fixture
def make_image_folder(tmp_path: Path) -> Callable[..., Path]:
    """Return a function that writes a small folder of images, one sub-folder a class; see `folders.image_folder`."""

    def make(
        classes: Sequence[str] = ("circle", "square"),
        per_class: int = 10,
        size: int = 8,
        *,
        folder: Path | None = None,
        mode: str = "RGB",
        suffix: str = ".png",
    ) -> Path:
        return folders.image_folder(folder or tmp_path / "images", classes, per_class, size, mode=mode, suffix=suffix)

    return make


@pytest.fixture
def make_text_table(tmp_path: Path) -> Callable[..., Path]:
    """Return a function that writes a small table of texts and labels; see `folders.text_table`."""

    def make(rows: int = 40, *, path: Path | None = None) -> Path:
        return folders.text_table(path or tmp_path / "texts.csv", rows)

    return make
