"""Folders of images: what their folders say, what is skipped, and what is refused."""

import os
import time
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest
from PIL import Image

from tests.data.pictures import content, files, picture, tree
from workbench.core.errors import UserError
from workbench.data import Dataset, open_data, recognise
from workbench.data.checks import require_trainable
from workbench.data.image_folder import ImageFolderSettings


def opened(path: Path, **settings: object) -> Dataset:
    return open_data(ImageFolderSettings.model_validate({"path": str(path), **settings}))


def counts(dataset: Dataset) -> list[int]:
    return [len(split) for split in dataset.splits.values()]


def words(dataset: Dataset) -> str:
    return " ".join(str(problem.words) for problem in dataset.problems)


def test_class_folders_become_classes(tmp_path: Path) -> None:
    dataset = opened(tree(tmp_path, files(20)))
    assert dataset.classes == ("cat", "dog")
    assert counts(dataset) == [32, 4, 4]
    assert dataset.counts("training").tolist() == [16, 16]


def test_every_image_is_what_lies_in_its_file(tmp_path: Path) -> None:
    dataset = opened(tree(tmp_path, files(6)))
    for split in dataset.splits.values():
        for image, name, target in zip(split.rows(), split.names, split.targets, strict=True):
            assert np.array_equal(image, np.asarray(Image.open(tmp_path / name)))
            assert name.startswith(dataset.classes[target])


@pytest.mark.parametrize(
    "names", [("train", "val", "test"), ("training", "validation", "testing"), ("Train", "valid", "TEST")]
)
@pytest.mark.parametrize("above", ["", "flowers/", "a/b/"])
def test_folders_of_splits_are_honoured(names: tuple[str, str, str], above: str, tmp_path: Path) -> None:
    given: dict[str, bytes] = {}
    for split, count in zip(names, (7, 3, 2), strict=True):
        given |= files(count, above=f"{above}{split}/")
    dataset = opened(tree(tmp_path, given))
    assert counts(dataset) == [14, 6, 4]
    assert dataset.classes == ("cat", "dog")
    assert all("val" in name.lower() for name in dataset.validation.names)


def test_validation_is_taken_from_training_where_it_is_missing(tmp_path: Path) -> None:
    dataset = opened(tree(tmp_path, files(20, above="train/") | files(5, above="test/")))
    assert counts(dataset) == [36, 4, 10]
    assert all(name.startswith("train") for name in dataset.validation.names)


def test_classes_that_are_numbers_are_in_order(tmp_path: Path) -> None:
    dataset = opened(tree(tmp_path, files(3, classes=("10", "9", "1"))))
    assert dataset.classes == ("1", "9", "10")


def test_a_table_labels_a_flat_folder(tmp_path: Path) -> None:
    given = {f"{number}.png": content(number) for number in range(12)}
    table = "".join(f"{number}.png,{'odd' if number % 2 else 'even'}\n" for number in range(11))
    given["labels.csv"] = ("image,kind\n" + table + "gone.png,odd\n").encode()
    dataset = opened(tree(tmp_path, given), validation=0, test=0)
    assert dataset.classes == ("even", "odd")
    assert [str(dataset.classes[target]) for target in dataset.training.targets[:3]] == ["even", "odd", "even"]
    assert {item.name: str(item.reason) for item in dataset.skipped} == {
        "11.png": "It is not listed in labels.csv.",
        "gone.png": "It is listed in labels.csv, but it is not there.",
    }


@pytest.mark.parametrize("header", ["", "file,whatever\n"])
@pytest.mark.parametrize("ending", [".png", ""])
def test_a_table_needs_no_header_and_no_endings(header: str, ending: str, tmp_path: Path) -> None:
    given = {f"images/{number:02d}.png": content(number) for number in range(10)}
    given["labels.csv"] = (header + "".join(f"{n:02d}{ending},{'ab'[n % 2]}\n" for n in range(10))).encode()
    dataset = opened(tree(tmp_path, given))
    assert dataset.classes == ("a", "b")
    assert len(dataset) == 10
    assert not dataset.skipped


def test_bad_files_are_listed_and_the_rest_is_kept(tmp_path: Path) -> None:
    given = files(10)
    given["cat/text.png"] = b"this is a text"
    given["cat/empty.jpg"] = b""
    given["dog/cut.jpg"] = content(5, 64, form="JPEG")[:700]
    dataset = opened(tree(tmp_path, given))
    assert {item.name: str(item.reason) for item in dataset.skipped} == {
        "cat/empty.jpg": "It is empty.",
        "cat/text.png": "It is not an image of a known format.",
        "dog/cut.jpg": "It ends too early.",
    }
    assert len(dataset) == 20
    assert "3 of 23 could not be read and are skipped." in words(dataset)
    names = [name for split in dataset.splits.values() for name in split.names]
    assert not any(item.name in names for item in dataset.skipped)


def test_nothing_readable_is_refused(tmp_path: Path) -> None:
    with pytest.raises(UserError, match=r"Not one of the 2 images.*a/1.png: It is empty"):
        opened(tree(tmp_path, {"a/1.png": b"", "b/2.png": b"x"}))


def test_one_class_cannot_be_trained_on(tmp_path: Path) -> None:
    dataset = opened(tree(tmp_path, files(12, classes=("cat",))))
    with pytest.raises(UserError, match="only one class, cat") as caught:
        require_trainable(dataset)
    assert "one more class" in str(caught.value.hint)


def test_images_without_folders_are_refused(tmp_path: Path) -> None:
    with pytest.raises(UserError, match=r"no class folders and no labels\.csv"):
        opened(tree(tmp_path, {"a.png": content(1), "b.png": content(2)}))


def test_an_empty_folder_is_named(tmp_path: Path) -> None:
    with pytest.raises(UserError, match="is empty"):
        recognise(tmp_path)
    with pytest.raises(UserError, match="is empty"):
        opened(tmp_path)


def test_a_folder_of_something_else_is_described(tmp_path: Path) -> None:
    tree(tmp_path, {"a.pdf": b"x", "b.pdf": b"x", "c.docx": b"x"})
    with pytest.raises(UserError, match=r"2 × \.pdf, 1 × \.docx"):
        recognise(tmp_path)


def test_a_file_that_is_no_data_is_named(tmp_path: Path) -> None:
    (tmp_path / "song.mp3").write_bytes(b"ID3")
    with pytest.raises(UserError, match=r"song\.mp3 is not data"):
        recognise(tmp_path / "song.mp3")


def test_mixed_sizes_are_brought_to_a_typical_one(tmp_path: Path) -> None:
    given = {f"{'ab'[n % 2]}/{n}.png": content(n, side) for n, side in enumerate([20, 30, 33, 35, 50, 33, 33, 90])}
    dataset = opened(tree(tmp_path, given))
    assert dataset.inputs.shape == (3, 32, 32)
    assert "The images have 6 sizes; all are brought to 32 × 32." in words(dataset)


def test_grey_stays_grey_until_one_is_in_colour(tmp_path: Path) -> None:
    given = {f"{'ab'[n % 2]}/{n:03d}.png": content(n, mode="L") for n in range(200)}
    assert opened(tree(tmp_path, given)).inputs.shape == (1, 8, 8)
    (tmp_path / "a" / "100.png").write_bytes(content(7))  # not among those that are looked at first
    assert opened(tmp_path).inputs.shape == (3, 8, 8)
    assert opened(tmp_path, channels="grey", size="4").inputs.shape == (1, 4, 4)


def test_an_odd_size_is_found_though_the_first_look_missed_it(tmp_path: Path) -> None:
    given = {f"{'ab'[n % 2]}/{n:03d}.png": content(n) for n in range(200)}
    given["a/100.png"] = content(1, 24)
    dataset = opened(tree(tmp_path, given))
    assert dataset.inputs.shape == (3, 16, 16)  # the least side of a typical size
    assert dataset.facts["sizes"] == [[8, 8, 199], [24, 24, 1]]


@pytest.mark.parametrize("size", ["0", "5000", "x", "3x", "a", "-4", "1x2x3"])
def test_impossible_sizes_are_refused(size: str) -> None:
    with pytest.raises(UserError, match="not a size"):
        open_data({"kind": "image_folder", "path": "x", "size": size})


def test_duplicates_across_splits_are_named(tmp_path: Path) -> None:
    given = files(10, above="train/") | files(4, above="test/")
    given["test/cat/copy.png"] = given["train/cat/000.png"]
    given["train/dog/wrong.png"] = given["train/cat/001.png"]
    dataset = opened(tree(tmp_path, given), validation=0)
    found = {str(problem.words): problem.items for problem in dataset.problems}
    assert next(items for text, items in found.items() if text.startswith("1 in validation or test")) == (
        "test/cat/copy.png",
    )
    contradicting = next(items for text, items in found.items() if "another label" in text)
    assert set(contradicting) == {"train/cat/001.png", "train/dog/wrong.png"}


def test_a_changed_added_or_removed_file_is_noticed(tmp_path: Path) -> None:
    tree(tmp_path, files(5))
    caches = {opened(tmp_path).cache}
    time.sleep(0.01)
    (tmp_path / "cat" / "000.png").write_bytes(content(99))
    caches.add(opened(tmp_path).cache)
    (tmp_path / "cat" / "new.png").write_bytes(content(98))
    caches.add(opened(tmp_path).cache)
    (tmp_path / "dog" / "000.png").unlink()
    caches.add(opened(tmp_path).cache)
    assert len(caches) == 4


def test_hidden_files_and_those_of_other_systems_are_passed_over(tmp_path: Path) -> None:
    given = files(5) | {
        "__MACOSX/cat/._000.png": b"x",
        ".cache/a.png": b"x",
        "cat/.hidden.png": b"x",
        "cat/notes.md": b"x",
    }
    dataset = opened(tree(tmp_path, given))
    assert len(dataset) == 10
    assert not dataset.skipped


@pytest.mark.skipif(os.name == "nt", reason="links need rights there")
def test_links_that_go_round_do_not_hang(tmp_path: Path) -> None:
    tree(tmp_path, files(4))
    (tmp_path / "cat" / "round").symlink_to(tmp_path)
    (tmp_path / "bird").mkdir()
    (tmp_path / "bird" / "linked.png").symlink_to(tmp_path / "cat" / "000.png")
    (tmp_path / "bird" / "broken.png").symlink_to(tmp_path / "nowhere.png")
    dataset = opened(tmp_path)
    assert dataset.classes == ("bird", "cat", "dog")
    assert len(dataset) == 9


@pytest.mark.skipif(os.name == "nt", reason="names are UTF-16 there")
def test_names_that_are_not_utf8_are_shown_escaped(tmp_path: Path) -> None:
    tree(tmp_path, files(4))
    path = os.path.join(os.fsencode(tmp_path), b"cat", b"caf\xe9\n.png")
    with open(path, "wb") as file:
        file.write(content(77))
    dataset = opened(tmp_path)
    names = [name for split in dataset.splits.values() for name in split.names]
    assert "cat/caf\\xe9\\n.png" in names


def test_what_was_done_to_images_is_said(tmp_path: Path) -> None:
    given = files(4)
    tree(tmp_path, given)
    picture(3, mode="RGBA").save(tmp_path / "cat" / "alpha.png")
    assert "Transparency is shown over white: 1." in words(opened(tmp_path))


def test_a_full_disk_is_noticed_before(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("workbench.data.cache.shutil.disk_usage", lambda path: SimpleNamespace(free=1000))
    with pytest.raises(UserError, match="only 0 MB is free"):
        opened(tree(tmp_path, files(4)))


@pytest.mark.skipif(os.name == "nt" or os.geteuid() == 0, reason="rights do not stop this user")
def test_a_folder_that_may_not_be_read_is_named(tmp_path: Path) -> None:
    tree(tmp_path, files(4))
    tmp_path.chmod(0)
    try:
        with pytest.raises(UserError, match="could not be read"):
            opened(tmp_path)
    finally:
        tmp_path.chmod(0o700)
