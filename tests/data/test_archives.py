"""Archives: read where they lie, whatever their packing; refused when they would leave their folder."""

import io
import os
import stat
import tarfile
import zipfile
from pathlib import Path

import numpy as np
import pytest

from tests.data.pictures import content, files, tarred, tree, zipped
from workbench.core.errors import UserError
from workbench.data import Dataset, open_data, recognise

GIVEN = files(8, above="flowers/train/") | files(3, above="flowers/test/")


def opened(path: Path) -> Dataset:
    settings = recognise(path)
    assert getattr(settings, "kind", "") == "image_folder"
    return open_data(settings)


def pixels(dataset: Dataset) -> dict[str, bytes]:
    return {
        name.split("/", 1)[-1] if name.startswith("flowers/") else name: image.tobytes()
        for split in dataset.splits.values()
        for name, image in zip(split.names, split.rows(), strict=True)
    }


@pytest.fixture
def unpacked(tmp_path: Path) -> Dataset:
    return open_data({"kind": "image_folder", "path": str(tree(tmp_path / "unpacked", GIVEN))})


@pytest.mark.parametrize("method", [zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED])
def test_a_zip_is_what_its_folder_is(method: int, unpacked: Dataset, tmp_path: Path) -> None:
    dataset = opened(zipped(tmp_path / "flowers.zip", GIVEN, method))
    assert pixels(dataset) == pixels(unpacked)
    assert dataset.name == "flowers"
    assert [len(split) for split in dataset.splits.values()] == [14, 2, 6]


@pytest.mark.parametrize(
    ("ending", "mode"), [("tar", "w"), ("tar.gz", "w:gz"), ("tgz", "w:gz"), ("tar.bz2", "w:bz2"), ("tar.xz", "w:xz")]
)
def test_a_tar_is_what_its_folder_is(ending: str, mode: str, unpacked: Dataset, tmp_path: Path) -> None:
    dataset = opened(tarred(tmp_path / f"flowers.{ending}", GIVEN, mode))
    assert pixels(dataset) == pixels(unpacked)
    assert dataset.name == "flowers"
    again = opened(tmp_path / f"flowers.{ending}")
    assert again.cache == dataset.cache


@pytest.mark.parametrize("ending", ["zip", "tar", "tar.gz"])
def test_bad_members_are_skipped_and_tables_are_read(ending: str, tmp_path: Path) -> None:
    given = {f"images/{n}.png": content(n) for n in range(10)} | {"images/bad.png": b"no image"}
    table = "".join(f"{n}.png,{'ab'[n % 2]}\n" for n in range(10)) + "bad.png,a\n"
    given["labels.csv"] = table.encode()
    path = tmp_path / f"x.{ending}"
    if ending == "zip":
        zipped(path, given)
    else:
        tarred(path, given, "w" if ending == "tar" else "w:gz")
    dataset = opened(path)
    assert len(dataset) == 10
    assert [item.name for item in dataset.skipped] == ["images/bad.png"]


@pytest.mark.parametrize(
    "name", ["../evil.png", "a/../../evil.png", "/etc/evil.png", "a\\..\\..\\evil.png", "C:\\evil.png"]
)
def test_members_that_leave_the_archive_are_refused(name: str, tmp_path: Path) -> None:
    before = sorted(os.listdir(tmp_path.parent))
    for path in (
        zipped(tmp_path / "x.zip", GIVEN | {name: content(1)}),
        tarred(tmp_path / "x.tar", GIVEN | {name: content(1)}, "w"),
    ):
        with pytest.raises(UserError, match=r"is refused: its member .*evil.png points outside") as caught:
            opened(path)
        assert path.name in str(caught.value)
    assert sorted(os.listdir(tmp_path.parent)) == before


@pytest.mark.parametrize("kind", [tarfile.SYMTYPE, tarfile.LNKTYPE, tarfile.CHRTYPE, tarfile.FIFOTYPE])
@pytest.mark.parametrize("mode", ["w", "w:gz"])
def test_links_and_devices_in_a_tar_are_refused(kind: bytes, mode: str, tmp_path: Path) -> None:
    path = tarred(tmp_path / ("x.tar" if mode == "w" else "x.tar.gz"), GIVEN, mode)
    with tarfile.open(path, mode) as archive:  # type: ignore[call-overload]
        for name, data in GIVEN.items():
            member = tarfile.TarInfo(name)
            member.size = len(data)
            archive.addfile(member, io.BytesIO(data))
        odd = tarfile.TarInfo("flowers/train/cat/odd.png")
        odd.type, odd.linkname = kind, "/etc/passwd"
        archive.addfile(odd)
    with pytest.raises(UserError, match=r"odd\.png is a link or a device"):
        opened(path)


def test_links_in_a_zip_are_refused(tmp_path: Path) -> None:
    path = zipped(tmp_path / "x.zip", GIVEN)
    with zipfile.ZipFile(path, "a") as archive:
        link = zipfile.ZipInfo("cat/link.png")
        link.create_system, link.external_attr = 3, (stat.S_IFLNK | 0o777) << 16
        archive.writestr(link, "/etc/passwd")
    with pytest.raises(UserError, match=r"link\.png is a link"):
        opened(path)


def test_a_damaged_member_is_found_by_its_checksum(tmp_path: Path) -> None:
    path = zipped(tmp_path / "x.zip", {**GIVEN, "flowers/train/cat/last.png": content(5)}, zipfile.ZIP_STORED)
    data = bytearray(path.read_bytes())
    place = bytes(data).index(content(5)) + 60
    data[place] ^= 1
    path.write_bytes(data)
    dataset = opened(path)
    assert [(item.name, str(item.reason)) for item in dataset.skipped] == [
        ("flowers/train/cat/last.png", "It is damaged.")
    ]


def test_an_encrypted_member_is_skipped(tmp_path: Path) -> None:
    path = zipped(tmp_path / "x.zip", GIVEN, zipfile.ZIP_STORED)
    data = bytearray(path.read_bytes())
    data[6] |= 1
    data[bytes(data).index(b"PK\1\2") + 8] |= 1
    path.write_bytes(data)
    assert [str(item.reason) for item in opened(path).skipped] == ["It is encrypted, or packed in an unusual way."]


@pytest.mark.parametrize("name", ["x.zip", "x.tar", "x.tar.gz", "x.tar.xz", "x.tar.bz2"])
@pytest.mark.parametrize("data", [b"", b"PK\3\4 and nothing more", b"\x1f\x8b\x08 and nothing more", b"x" * 5000])
def test_what_is_no_archive_is_named(name: str, data: bytes, tmp_path: Path) -> None:
    (tmp_path / name).write_bytes(data)
    with pytest.raises(UserError, match=rf"{name} is damaged|no images in {name}"):
        opened(tmp_path / name)


@pytest.mark.parametrize(("name", "mode"), [("x.tar.gz", "w:gz"), ("x.tar.xz", "w:xz"), ("x.tar", "w")])
def test_an_archive_that_was_cut_off_is_named(name: str, mode: str, tmp_path: Path) -> None:
    path = tarred(tmp_path / name, GIVEN, mode)
    path.write_bytes(path.read_bytes()[: path.stat().st_size // 2])
    if mode == "w":  # without packing there is no checksum: what is whole is used, if it ends between members
        return
    with pytest.raises(UserError, match="is damaged"):
        opened(path)


def test_an_archive_without_images_is_named(tmp_path: Path) -> None:
    with pytest.raises(UserError, match=r"no images in texts\.zip"):
        opened(zipped(tmp_path / "texts.zip", {"a.txt": b"x"}))


def test_a_zip_is_known_again_by_its_directory_alone(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = zipped(tmp_path / "x.zip", GIVEN)
    first = opened(path)
    monkeypatch.setattr(zipfile, "ZipFile", None)
    os.utime(path, (1, 1))  # a copy is the same data
    again = opened(path)
    assert again.cache == first.cache
    assert np.array_equal(again.test.rows(), first.test.rows())


def test_zip64_is_read(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(zipfile, "ZIP_FILECOUNT_LIMIT", 3)
    monkeypatch.setattr(zipfile, "ZIP64_LIMIT", 200)
    dataset = opened(zipped(tmp_path / "x.zip", GIVEN))
    assert len(dataset) == 22
