"""Downloading from the hub: once, whole, right, and gone on with where a line broke."""

import os
import shutil
from collections.abc import Callable, Iterator
from random import Random

import polars
import pytest

from tests.data.hub_server import Hub, git_blob, in_use, parquet
from workbench.core.errors import UserError
from workbench.data import hub_download, hub_files, hub_install
from workbench.data.dataset import Progress, ignore
from workbench.data.hub_install import folder_of, installed, obtained
from workbench.engine.hub import known

NAME = "somebody/pictures"
TRAIN = parquet(polars.DataFrame({"text": [Random(number).randbytes(1000).hex() for number in range(400)]}))
TEST = parquet(polars.DataFrame({"text": [f"another {number}" for number in range(50)]}))


@pytest.fixture
def hub() -> Iterator[Hub]:
    with in_use(Hub({NAME: {"default/train/0000.parquet": TRAIN, "default/test/0000.parquet": TEST}})) as made:
        yield made


def get(progress: Callable[[Progress], None] = ignore, name: str = NAME, **chosen: object) -> hub_install.Installed:
    wanted = {"configuration": "auto", "splits": (), **chosen}
    return obtained(name, progress=progress, **wanted)  # type: ignore[arg-type]


def parts() -> list[str]:
    return sorted(path.suffix for path in folder_of(NAME).iterdir() if path.suffix in (".part", ".parquet"))


def test_a_download_is_complete_and_says_how_far_it_is(hub: Hub) -> None:
    seen: list[Progress] = []
    found = get(seen.append)
    assert {split: [path.read_bytes() for path in files] for split, files in found.splits.items()} == {
        "test": [TEST],
        "train": [TRAIN],
    }
    assert found.configuration == "default"
    assert found.commit == "b" * 40
    assert seen[-1].done == seen[-1].total == len(TRAIN) + len(TEST)
    assert str(seen[-1].stage).startswith(f"Downloading {NAME}: ")


def test_the_rate_is_of_what_arrives(monkeypatch: pytest.MonkeyPatch) -> None:
    now = [100.0]
    monkeypatch.setattr(hub_download.time, "monotonic", lambda: now[0])
    seen: list[Progress] = []
    meter = hub_download.Meter(NAME, 100_000_000, seen.append)
    meter.more(60_000_000, received=False)
    for _ in range(10):
        now[0] += 0.25
        meter.more(500_000)
    rates = [progress.stage.values.get("rate") for progress in seen]
    assert rates == [None, None, *["2.0 MB"] * 9]  # half a second has to be measured
    assert str(seen[-1].stage) == f"Downloading {NAME}: 65.0 MB of 100.0 MB, 2.0 MB a second"
    assert (seen[-1].done, seen[-1].total) == (65_000_000, 100_000_000)


def test_what_is_here_needs_no_network(hub: Hub, monkeypatch: pytest.MonkeyPatch) -> None:
    first = get()
    count = len(hub.asked)
    assert get() == first
    monkeypatch.setenv("HF_ENDPOINT", "http://127.0.0.1:9")
    monkeypatch.setenv("HF_HUB_OFFLINE", "1")
    assert get() == first
    assert len(hub.asked) == count
    with pytest.raises(UserError, match="is not here, and HF_HUB_OFFLINE forbids"):
        get(name="somebody/else")
    first.files[0].write_bytes(b"cut short")
    assert installed(NAME) is None


def test_a_line_that_breaks_is_taken_up_where_it_broke(hub: Hub) -> None:
    hub.cut_after, hub.cuts = len(TRAIN) // 3, 2
    found = get()
    assert found.splits["train"][0].read_bytes() == TRAIN
    begins = [asked for _, asked in hub.downloads() if asked]
    assert begins == [f"bytes={len(TRAIN) // 3}-", f"bytes={2 * (len(TRAIN) // 3)}-"]


def test_a_download_that_was_cancelled_goes_on_and_is_not_there_meanwhile(hub: Hub) -> None:
    def cancel(progress: Progress) -> None:
        if progress.done > len(TEST) + 2000:
            raise KeyboardInterrupt

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(hub_download, "_REPORT_EVERY", 0.0)
        with pytest.raises(KeyboardInterrupt):
            get(cancel)
    assert installed(NAME) is None
    assert parts() == [".parquet", ".part"]
    hub.asked.clear()
    assert get().splits["train"][0].read_bytes() == TRAIN
    ((_, begin),) = hub.downloads()
    assert begin.startswith("bytes=")
    assert parts() == [".parquet", ".parquet"]


def test_a_server_without_ranges_begins_again(hub: Hub) -> None:
    hub.without_ranges, hub.cut_after, hub.cuts = True, 1000, 1
    assert get().splits["train"][0].read_bytes() == TRAIN


def test_wrong_bytes_are_refused_and_not_kept(hub: Hub) -> None:
    hub.spoiled = True
    with pytest.raises(UserError, match="did not arrive as the hub has it: its checksum differs"):
        get()
    assert parts() == []
    hub.spoiled = False
    assert get().splits["train"][0].read_bytes() == TRAIN


def test_small_files_are_checked_by_their_name_in_git(hub: Hub) -> None:
    hub.repositories = {}
    hub.own = {NAME: {"small/train.parquet": TEST}}
    assert get().files[0].name == f"{git_blob(TEST)}.parquet"
    shutil.rmtree(folder_of(NAME))
    hub.spoiled = True
    with pytest.raises(UserError, match="its checksum differs"):
        get()


def test_what_a_data_set_brings_itself_is_second_best(hub: Hub) -> None:
    hub.repositories = {}
    hub.own = {NAME: {"data/train-00000-of-00002-abc.parquet": TRAIN, "data/train-00001-of-00002-abc.parquet": TEST}}
    found = get()
    assert [path.read_bytes() for path in found.splits["train"]] == [TRAIN, TEST]
    assert found.commit == "a" * 40


@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("nobody/nothing", r"The hub has no data set called nobody/nothing\."),
        ("secret/one", r"secret/one asks for consent"),
        ("empty/one", r"empty/one has no Parquet files on the hub\."),
    ],
)
def test_what_cannot_be_had_says_why(hub: Hub, name: str, message: str) -> None:
    hub.gated = ("secret/one",)
    hub.own = {"empty/one": {"README.md": b"hello"}}
    with pytest.raises(UserError, match=message) as caught:
        get(name=name)
    assert str(caught.value.hint)


def test_no_network_says_so(hub: Hub, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HF_ENDPOINT", "http://127.0.0.1:9")
    with pytest.raises(UserError, match="The hub cannot be reached, and somebody/pictures is not here yet"):
        get()


@pytest.mark.parametrize("answer", ["<html>Sign in to our network</html>", "[]", '{"id": 3}', "null"])
def test_what_is_not_the_hub_is_noticed(hub: Hub, answer: str) -> None:
    hub.nonsense = answer
    with pytest.raises(UserError, match=r"What answers is not the hub\."):
        get()
    assert installed(NAME) is None


def test_all_that_is_here_is_listed(hub: Hub) -> None:
    get()
    get(splits=("test",))
    hub.repositories["other/one"] = {"small/train/0000.parquet": TRAIN}
    get(name="other/one", configuration="small")
    folder_of("never/finished").mkdir()
    assert [data for data, _ in hub_install.everything()] == [
        {"name": "other/one", "configuration": "small"},
        {"name": NAME},
        {"name": NAME, "parts": ["test"]},
    ]
    plain = known()
    assert [entry["title"] for entry in plain["others"]] == ["other/one", NAME, NAME]
    assert plain["others"][0]["size"] == len(TRAIN)
    assert not any(entry["here"] for entry in plain["sets"])


def test_a_full_disk_is_noticed_before_the_download(hub: Hub, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(shutil, "disk_usage", lambda folder: shutil._ntuple_diskusage(100, 90, 10))  # type: ignore[attr-defined]
    with pytest.raises(UserError, match="The download needs"):
        get()
    assert hub.downloads() == []


def test_a_disk_that_fills_up_meanwhile_is_named(hub: Hub, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(*arguments: object) -> None:
        raise OSError(28, os.strerror(28))

    monkeypatch.setattr(hub_download.os, "replace", full)
    with pytest.raises(UserError, match="could not be kept: No space left on device"):
        get()


def test_configurations_and_splits_are_chosen(hub: Hub) -> None:
    hub.repositories[NAME] = {"small/train/0000.parquet": TRAIN, "large/unsupervised/0000.parquet": TEST}
    with pytest.raises(UserError, match="has several configurations") as caught:
        get()
    assert "large, small" in caught.value.translated()
    with pytest.raises(UserError, match="has no configuration called tiny"):
        get(configuration="tiny")
    with pytest.raises(UserError, match="has no split called test"):
        get(configuration="small", splits=("test",))
    assert list(get(configuration="large").splits) == ["unsupervised"]
    assert get(configuration="small").others == ("large",)


def test_two_at_once_do_not_disturb_each_other(hub: Hub) -> None:
    folder_of(NAME).mkdir(parents=True)
    held = hub_install.run_lock.take(folder_of(NAME) / "lock")
    assert held
    with held, pytest.raises(UserError, match="is being downloaded by another window or command"):
        get()


@pytest.mark.parametrize("name", ["ylecun/mnist", "mnist", "https://huggingface.co/datasets/ylecun/mnist/"])
def test_names_and_addresses_are_names(name: str) -> None:
    assert hub_files.require_name(name) in ("ylecun/mnist", "mnist")


@pytest.mark.parametrize("name", ["", "a/b/c", "../etc", "a b", "ü/ü"])
def test_what_is_no_name_is_refused(name: str) -> None:
    with pytest.raises(UserError, match="is no name of a data set"):
        hub_files.require_name(name)


def test_a_card_names_the_classes() -> None:
    card = {
        "dataset_info": {
            "features": [
                {"name": "image", "dtype": "image"},
                {"name": "label", "dtype": {"class_label": {"names": {"1": "dog", "0": "cat", "10": "fox"}}}},
            ]
        }
    }
    assert hub_files.names_in_card(card) == {"default": {"label": ("cat", "dog", "fox")}}
    assert hub_files.names_in_card({}) == {}
