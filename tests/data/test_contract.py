"""What every registered kind of data keeps: a new file is tested by being there."""

import tomllib
from pathlib import Path

import numpy as np
import pytest
import tomli_w

from workbench.core.errors import UserError
from workbench.core.registry import build_settings
from workbench.core.settings import Settings
from workbench.core.signature import SPLITS
from workbench.data import Dataset, Progress, kinds, open_data, recognise
from workbench.data.checks import require_trainable

every_kind = pytest.mark.parametrize("kind", list(kinds))


def opened(kind: str, folder: Path) -> Dataset:
    return open_data(kinds[kind].example(folder))


@every_kind
def test_an_example_opens_and_can_be_trained_on(kind: str, tmp_path: Path) -> None:
    dataset = opened(kind, tmp_path)
    require_trainable(dataset)
    assert dataset.inputs.kind == kinds[kind].example(_fresh(tmp_path)).inputs_kind()
    assert set(dataset.splits) == set(SPLITS)
    assert all(len(dataset.splits[split]) for split in SPLITS)
    assert dataset.task == dataset.tasks[0]
    assert set(dataset.tasks) <= set(kinds[kind].tasks)
    rows = np.concatenate([dataset.splits[split].index for split in SPLITS])
    assert sorted(rows.tolist()) == list(range(len(dataset)))


def _fresh(folder: Path) -> Path:
    fresh = folder / "fresh"
    fresh.mkdir()
    return fresh


@every_kind
def test_splits_hold_what_they_say(kind: str, tmp_path: Path) -> None:
    dataset = opened(kind, tmp_path)
    for split in dataset.splits.values():
        assert len(split.targets) == len(split.names) == len(split)
        if dataset.task == "classification":
            assert split.targets.dtype == np.int64
            assert 0 <= split.targets.min() <= split.targets.max() < len(dataset.classes)
        assert all(isinstance(name, str) and name.isprintable() for name in split.names)
        if dataset.inputs.kind == "image":
            channels, height, width = dataset.inputs.shape
            assert split.rows().shape == (len(split), height, width, channels)
            assert split.rows().dtype == np.uint8
        elif dataset.inputs.kind == "text":
            assert all(split.texts())
        else:
            assert len(split.rows()) == len(split)
            assert split.rows().dtype == np.float32


@every_kind
def test_opening_twice_gives_the_same(kind: str, tmp_path: Path) -> None:
    settings = kinds[kind].example(tmp_path)
    first, second = open_data(settings), open_data(settings)
    assert first.cache == second.cache
    for split in SPLITS:
        assert first.splits[split].index.tolist() == second.splits[split].index.tolist()
        assert list(first.splits[split].names) == list(second.splits[split].names)


@every_kind
def test_the_cache_is_what_the_window_reads(kind: str, tmp_path: Path) -> None:
    dataset = opened(kind, tmp_path)
    splits = np.load(dataset.cache / "splits.npy")
    assert [int((splits == number).sum()) for number in range(3)] == [len(dataset.splits[split]) for split in SPLITS]
    assert len(np.load(dataset.cache / "targets.npy")) == len(splits)
    if dataset.inputs.kind == "image":
        images = np.load(dataset.cache / "images.npy", mmap_mode="r")
        assert np.array_equal(images[dataset.test.index], dataset.test.rows())


@every_kind
def test_progress_is_told_and_can_cancel(kind: str, tmp_path: Path) -> None:
    class Cancelled(Exception):
        pass

    def cancel(progress: Progress) -> None:
        assert str(progress.stage)
        raise Cancelled

    settings = kinds[kind].example(tmp_path)
    with pytest.raises(Cancelled):
        open_data(settings, cancel)
    assert len(open_data(settings))


@every_kind
def test_settings_survive_a_file(kind: str) -> None:
    settings = kinds[kind].settings.model_validate({})
    plain = tomllib.loads(tomli_w.dumps(settings.model_dump(mode="json")))
    assert build_settings(kinds, plain, "samples", "data") == settings


@every_kind
def test_every_setting_explains_itself(kind: str) -> None:
    def look(settings: type[Settings]) -> None:
        for name, field in settings.model_fields.items():
            if name == "kind":
                continue
            assert field.title, name
            assert (field.description or "").endswith("."), name
            if isinstance(field.annotation, type) and issubclass(field.annotation, Settings):
                look(field.annotation)

    look(kinds[kind].settings)


@every_kind
def test_what_is_dropped_is_recognised(kind: str, tmp_path: Path) -> None:
    settings = kinds[kind].example(tmp_path)
    path = getattr(settings, "path", "")
    if path:
        assert getattr(recognise(path), "kind", "") == kind


@every_kind
def test_a_missing_path_is_named(kind: str, tmp_path: Path) -> None:
    if "path" in kinds[kind].settings.model_fields:
        settings = kinds[kind].settings.model_validate({"path": str(tmp_path / "nowhere")})
        with pytest.raises(UserError, match="nowhere"):
            open_data(settings)


@every_kind
def test_classes_can_be_renamed(kind: str, tmp_path: Path) -> None:
    settings = kinds[kind].example(tmp_path)
    found = open_data(settings).classes
    names = tuple(f"class {number}" for number in range(len(found)))
    assert open_data(settings.model_copy(update={"class_names": names})).classes == names
    with pytest.raises(UserError, match="class names"):
        open_data(settings.model_copy(update={"class_names": ("one",) * (len(found) + 1)}))


@every_kind
def test_the_split_seed_deals_differently_and_keeps_the_cache(kind: str, tmp_path: Path) -> None:
    settings = kinds[kind].example(tmp_path)
    first, second = open_data(settings), open_data(settings.model_copy(update={"split_seed": 5}))
    assert first.cache == second.cache
    assert first.training.index.tolist() != second.training.index.tolist()
