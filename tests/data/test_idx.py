"""The MNIST family: names, packing, splits, known sets, damage."""

import gzip
from pathlib import Path

import numpy as np
import pytest

from workbench.core.errors import UserError
from workbench.data import open_data
from workbench.data.idx import IdxSettings, example, read_idx, write_idx
from workbench.data.known_sets import by_checksum

FASHION = Path("/usr/share/datasets/fashion-mnist")


def pair(folder: Path, stem: str, count: int, names: str = "{stem}-{what}-{form}-ubyte") -> None:
    images = np.arange(count * 12, dtype=np.int64).reshape(count, 4, 3).astype(np.uint8)
    write_idx(folder / names.format(stem=stem, what="images", form="idx3"), images)
    write_idx(folder / names.format(stem=stem, what="labels", form="idx1"), np.arange(count) % 2)


@pytest.mark.parametrize(
    "names",
    [
        "{stem}-{what}-{form}-ubyte",
        "{stem}-{what}-{form}-ubyte.gz",
        "{stem}-{what}.{form}-ubyte",
        "{stem}-{what}.{form}-ubyte.gz",
    ],
)
def test_every_way_of_writing_the_names_is_read(names: str, tmp_path: Path) -> None:
    pair(tmp_path, "train", 40, names)
    pair(tmp_path, "t10k", 10, names)
    dataset = open_data(IdxSettings(path=str(tmp_path)))
    assert dataset.inputs.shape == (1, 4, 3)
    assert [len(split) for split in dataset.splits.values()] == [36, 4, 10]
    assert dataset.test.rows()[0].ravel().tolist() == list(range(12))


def test_one_pair_is_split_three_ways(tmp_path: Path) -> None:
    write_idx(tmp_path / "images-idx3-ubyte.gz", np.zeros((50, 2, 2), np.uint8))
    write_idx(tmp_path / "labels-idx1-ubyte.gz", np.arange(50) % 2)
    assert [len(split) for split in open_data(IdxSettings(path=str(tmp_path))).splits.values()] == [40, 5, 5]


def test_labels_need_not_begin_at_zero(tmp_path: Path) -> None:
    write_idx(tmp_path / "train-images-idx3-ubyte", np.zeros((30, 2, 2), np.uint8))
    write_idx(tmp_path / "train-labels-idx1-ubyte", np.arange(30) % 3 + 1)
    assert open_data(IdxSettings(path=str(tmp_path))).classes == ("1", "2", "3")


def test_a_dropped_file_stands_for_its_folder(tmp_path: Path) -> None:
    example(tmp_path)
    dataset = open_data(IdxSettings(path=str(tmp_path / "train-images-idx3-ubyte.gz")))
    assert len(dataset) == 60


def test_another_size_and_colour_can_be_asked_for(tmp_path: Path) -> None:
    example(tmp_path)
    dataset = open_data(IdxSettings(path=str(tmp_path), size="10x12", channels="colour"))
    assert dataset.inputs.shape == (3, 10, 12)


def test_a_changed_file_is_read_again(tmp_path: Path) -> None:
    settings = example(tmp_path)
    first = open_data(settings)
    write_idx(tmp_path / "t10k-labels-idx1-ubyte.gz", np.arange(20) % 2)
    second = open_data(settings)
    assert first.cache != second.cache
    assert second.counts("test").tolist() == [10, 10, 0]


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda content: content[:-5], "should have 1,456 bytes and has 1,451"),
        (lambda content: content + b"x", "should have 1,456 bytes and has 1,457"),
        (lambda content: content[:3] + b"\1" + content[4:], "1 dimensions"),
        (lambda content: content[:2] + b"\x0d" + content[3:], "type 13"),
        (lambda content: b"PNG" + content, "not an IDX file"),
        (lambda content: content[:4] + b"\xff\xff\xff\xff" + content[8:], "is damaged"),
        (lambda content: b"", "not an IDX file"),
    ],
)
def test_damage_is_named(change, message: str, tmp_path: Path) -> None:
    example(tmp_path)
    path = tmp_path / "train-images-idx3-ubyte.gz"
    path.write_bytes(gzip.compress(change(gzip.decompress(path.read_bytes()))))
    with pytest.raises(UserError, match=message) as caught:
        open_data(IdxSettings(path=str(tmp_path)))
    assert "train-images-idx3-ubyte.gz" in str(caught.value)


def test_a_cut_off_gzip_file_is_named(tmp_path: Path) -> None:
    example(tmp_path)
    path = tmp_path / "train-images-idx3-ubyte.gz"
    path.write_bytes(path.read_bytes()[:-20])
    with pytest.raises(UserError, match="could not be unpacked"):
        open_data(IdxSettings(path=str(tmp_path)))


def test_images_and_labels_that_do_not_belong_together_are_refused(tmp_path: Path) -> None:
    example(tmp_path)
    write_idx(tmp_path / "train-labels-idx1-ubyte.gz", np.zeros(39, np.uint8))
    with pytest.raises(UserError, match=r"40 images, but train-labels-idx1-ubyte\.gz has 39 labels"):
        open_data(IdxSettings(path=str(tmp_path)))


def test_published_files_are_known_by_checksum() -> None:
    known = by_checksum(["nothing", "6bbc9ace898e44ae57da46a324031adb"])
    assert known
    assert known.name == "MNIST"
    assert by_checksum(["nothing"]) is None


@pytest.mark.skipif(not FASHION.is_dir(), reason="Debian's dataset-fashion-mnist is not installed")
def test_fashion_mnist_is_recognised_however_it_was_packed() -> None:
    _, checksums = read_idx(FASHION / "train-images-idx3-ubyte.gz", 3)
    known = by_checksum(checksums)
    assert known
    assert known.name == "Fashion-MNIST"
    assert known.classes[9] == "Ankle boot"


def test_the_bundled_digits_open() -> None:
    dataset = open_data({"kind": "samples"})
    assert len(dataset) == 1797
    assert [len(split) for split in dataset.splits.values()] == [1437, 180, 180]
    assert dataset.classes == tuple("0123456789")


def test_the_bundled_reviews_open() -> None:
    dataset = open_data({"kind": "samples", "name": "reviews"})
    assert len(dataset) >= 600
    assert dataset.inputs.kind == "text"
    assert len(dataset.classes) == 2
    assert not dataset.skipped
