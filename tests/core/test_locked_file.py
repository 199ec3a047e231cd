"""Encrypted files: they open with the passphrase only, and whatever is changed in them is noticed."""

import io
import os
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from workbench.core import locked_file, passphrases
from workbench.core.errors import UserError
from workbench.core.locked_file import Lock, Unlocked, head_of, is_locked, lock

CONTENT = bytes(range(256)) * 20
QUICK = (10, 8, 1)  # a cost that tests can pay many times
KEY = Lock(b"s" * 16, QUICK, locked_file.derived("correct horse", b"s" * 16, QUICK))


@pytest.fixture(autouse=True)
def small_chunks(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.setattr(locked_file, "_CHUNK", 10)  # 1 KiB
    passphrases.forget()
    yield
    passphrases.forget()


def locked(path: Path, content: bytes = CONTENT) -> Path:
    lock(io.BytesIO(content).read, path, KEY)
    return path


def read(path: Path) -> bytes:
    with Unlocked(path, KEY.key) as file:
        return file.readall()


@pytest.mark.parametrize("size", [0, 1, 1023, 1024, 1025, 2048, 5000])
def test_gives_back_what_was_encrypted(tmp_path: Path, size: int) -> None:
    path = locked(tmp_path / "x", CONTENT[:size])
    assert is_locked(path)
    assert read(path) == CONTENT[:size]
    with Unlocked(path, KEY.key) as file:
        assert file.size == file.seek(0, os.SEEK_END) == size


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=40, deadline=None)
@given(st.lists(st.tuples(st.integers(0, 5200), st.integers(0, 3000)), max_size=8))
def test_reads_anywhere_like_a_plain_file(tmp_path: Path, jumps: list[tuple[int, int]]) -> None:
    plain = io.BytesIO(CONTENT)
    with io.BufferedReader(Unlocked(locked(tmp_path / "x"), KEY.key)) as file:
        for place, count in jumps:
            assert file.seek(place) == plain.seek(place)
            assert file.read(count) == plain.read(count)


def test_equal_contents_look_different_and_nothing_shows_through(tmp_path: Path) -> None:
    first, second = locked(tmp_path / "1").read_bytes(), locked(tmp_path / "2").read_bytes()
    assert first != second
    assert all(CONTENT[place : place + 8] not in first for place in range(0, 512, 8))


@pytest.mark.parametrize(("size", "step"), [(150, 1), (2500, 23)])
def test_every_flipped_byte_is_noticed(tmp_path: Path, size: int, step: int) -> None:
    path = locked(tmp_path / "x", CONTENT[:size])
    whole = path.read_bytes()
    for place in range(0, len(whole), step):
        path.write_bytes(whole[:place] + bytes([whole[place] ^ (1 << place % 8)]) + whole[place + 1 :])
        if place < len(locked_file.MAGIC):
            assert not is_locked(path)  # so it is taken for what its ending says, which it is not
            continue
        with pytest.raises(UserError, match="is damaged or was changed"):
            read(path)


def test_a_shorter_a_longer_and_a_shuffled_file_are_noticed(tmp_path: Path) -> None:
    path = locked(tmp_path / "x")
    whole = path.read_bytes()
    head, chunk = whole[: len(head_of(path).raw)], 1024 + 16
    chunks = [whole[begin : begin + chunk] for begin in range(len(head), len(whole), chunk)]
    assert len(chunks) == 5
    changed = [whole[:length] for length in range(len(head), len(whole), 41)]
    changed += [head + b"".join(chunks[:count]) for count in range(5)]
    changed += [head + b"".join([*chunks[:1], chunks[2], chunks[1], *chunks[3:]]), head + b"".join(chunks[1:])]
    changed += [whole + b"x", whole + chunks[-1], head + b"".join([*chunks[:2], chunks[1], *chunks[2:]])]
    other = locked(tmp_path / "other").read_bytes()
    changed += [head + other[len(head) :], other[: len(head)] + whole[len(head) :]]
    for content in changed:
        path.write_bytes(content)
        with pytest.raises(UserError, match="is damaged or was changed"):
            read(path)


def test_a_wrong_passphrase_and_a_damaged_file_are_told_apart(tmp_path: Path) -> None:
    path = locked(tmp_path / "x")
    with pytest.raises(UserError, match="is encrypted: its passphrase is needed"):
        passphrases.content(path)
    passphrases.remember("correct house")
    with pytest.raises(UserError, match="The passphrase of x is not right"):
        passphrases.content(path)
    passphrases.remember("correct horse")
    assert passphrases.content(path) == CONTENT
    assert passphrases.size_of(path) == len(CONTENT)
    content = bytearray(path.read_bytes())
    content[-1] ^= 1
    path.write_bytes(content)
    with pytest.raises(UserError, match="is damaged or was changed"):
        passphrases.content(path)


def test_passphrases_come_from_the_environment_or_a_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = locked(tmp_path / "x")
    monkeypatch.setenv(passphrases.VARIABLE, "correct horse")
    assert passphrases.content(path) == CONTENT
    monkeypatch.delenv(passphrases.VARIABLE)
    (tmp_path / "secret").write_text("correct horse\n")
    monkeypatch.setenv(passphrases.FILE, str(tmp_path / "secret"))
    assert passphrases.content(path) == CONTENT
    monkeypatch.setenv(passphrases.FILE, str(tmp_path / "nothing"))
    with pytest.raises(UserError, match="cannot be read"):
        passphrases.content(path)


def test_a_head_that_asks_for_too_much_is_refused_at_once(tmp_path: Path) -> None:
    huge = Lock(KEY.salt, (40, 8, 1), KEY.key)
    lock(io.BytesIO(b"").read, tmp_path / "x", huge)
    passphrases.remember("correct horse")
    with pytest.raises(UserError, match="is damaged"):
        passphrases.content(tmp_path / "x")


def test_memory_stays_that_of_a_chunk(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    import tracemalloc

    monkeypatch.setattr(locked_file, "_CHUNK", 16)
    left = 200

    def much(count: int) -> bytes:
        nonlocal left
        left -= 1
        return b"x" * count if left >= 0 else b""

    read_with = passphrases.opened
    passphrases.remember("correct horse")
    tracemalloc.start()
    lock(much, tmp_path / "x", KEY)  # 13 MB
    with read_with(tmp_path / "x") as file:
        while file.read(1 << 16):
            pass
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert (tmp_path / "x").stat().st_size > 13_000_000
    assert peak < 3_000_000
