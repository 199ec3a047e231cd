"""Whatever a training was set to, its script does it: the losses are the same to the last bit."""

from pathlib import Path
from typing import Any

import pytest

from tests.export.scripts.repeating import assert_repeated, write_script
from tests.training.runs import FEW_DIGITS, make_run
from workbench.core.events import Finished
from workbench.data.augmentation import Augmentation
from workbench.optimizers import optimizers
from workbench.schedules import schedules
from workbench.training.worker import train_run

pytestmark = pytest.mark.slow
REVIEWS = {"kind": "samples", "name": "reviews", "validation": 0.4, "test": 0.4}
TEXTCNN = {"kind": "textcnn", "embedding": 8, "filters": 8, "windows": [2], "vocabulary": 200, "dropout": 0.2}
GPT = {"kind": "gpt", "tokens": "bpe", "vocabulary": 300, "context": 16, "layers": 1, "heads": 2, "width": 16}
BERT = {"kind": "bert", "width": 16, "feedforward": 16, "layers": 1, "heads": 2, "vocabulary": 300, "length": 24}


def repeats(place: Path, *assignments: str, **sections: Any) -> None:
    """Train a small run with these settings and assert that its script repeats it."""
    run = make_run(place / "runs", *assignments, **sections)
    assert isinstance(train_run(run), Finished)
    write_script(run, place / "out")
    assert_repeated(run, place / "out")


@pytest.mark.parametrize("speed", ["fast", "plain"])
@pytest.mark.parametrize("kind", optimizers)
def test_optimizers(kind: str, speed: str, own_folders: Path):
    repeats(own_folders, f"training.optimizer.kind={kind}", f"training.speed={speed}")


@pytest.mark.parametrize("kind", schedules)
def test_schedules(kind: str, own_folders: Path):
    repeats(own_folders, f"training.schedule.kind={kind}", "training.epochs=5")


def test_a_rate_that_drops_on_plateaus(own_folders: Path):
    repeats(
        own_folders,
        "training.schedule.kind=reduce_on_plateau",
        "training.schedule.patience=0",
        "training.schedule.threshold=0.2",
        "training.schedule.warmup=0.1",
        "training.epochs=8",
    )


@pytest.mark.parametrize(
    "assignments",
    [
        ("training.accumulation=4",),
        ("training.accumulation=3", "training.gradient_clip=0.5", "data.augmentation.crop=1"),
        ("training.gradient_clip=0.1",),
        ("training.ema=0.9",),
        ("training.ema=0.9", "training.schedule.kind=reduce_on_plateau", "training.schedule.patience=0"),
        ("training.label_smoothing=0.1",),
        ("training.class_weights=balanced",),
        ("training.class_weights=balanced", "training.label_smoothing=0.1"),
        ("training.batch_size=all",),
        ("training.batch_size=89",),  # a last sample alone joins the batch before it
        ("training.seed=123",),
        ("training.steps=9",),
        ("training.precision=bfloat16",),
        ("training.precision=float16", "training.gradient_clip=1"),
        ("training.memory_layout=contiguous",),
        ("training.memory_layout=contiguous", "data.augmentation.rotation=20"),
        ("training.speed=plain",),
        ("training.test_time_augmentation=mirror and shift", "training.schedule.kind=reduce_on_plateau"),
        ("training.threads=2",),
        ("architecture.dropout=0.5", "architecture.normalization=batch"),
        ("training.freeze=features.0",),
    ],
    ids=" ".join,
)
def test_training(assignments: tuple[str, ...], own_folders: Path):
    repeats(own_folders, *assignments)


@pytest.mark.parametrize("name", Augmentation.model_fields)
def test_augmentation(name: str, own_folders: Path):
    values = {"crop": 2, "rotation": 15.0, "mixup": 0.4, "cutmix": 0.4}
    settings = Augmentation.model_fields[name].annotation
    value = values.get(name, True if settings is bool else 0.3)
    repeats(own_folders, data={**FEW_DIGITS, "augmentation": {name: value}})


def test_all_augmentation_at_once(own_folders: Path):
    every = {
        "crop": 1, "horizontal_flip": True, "alternating_flip": True, "vertical_flip": True, "rotation": 10.0,
        "brightness": 0.2, "contrast": 0.2, "saturation": 0.2, "trivial_augment": True, "erasing": 0.5, "mixup": 0.3,
        "cutmix": 0.3,
    }  # fmt: skip
    assert set(every) == set(Augmentation.model_fields)
    repeats(own_folders, "training.accumulation=2", data={**FEW_DIGITS, "augmentation": every})


@pytest.mark.parametrize("grouped", [True, False])
@pytest.mark.parametrize("speed", ["fast", "plain"])
def test_texts_of_different_lengths(grouped: bool, speed: str, own_folders: Path):
    settings = f"training.group_lengths={str(grouped).lower()}", f"training.speed={speed}"
    repeats(own_folders, *settings, data=REVIEWS, architecture=BERT)


@pytest.mark.parametrize(
    ("task", "architecture"),
    [
        ("next_token", {**GPT, "dropout": 0.1}),
        ("next_token", {**GPT, "tokens": "character"}),
        ("masked_token", BERT),
        ("masked_token", {**BERT, "next_sentence": True}),
        ("classification", TEXTCNN),
    ],
)
def test_texts(task: str, architecture: dict[str, Any], own_folders: Path):
    repeats(own_folders, "training.steps=14", data={**REVIEWS, "task": task}, architecture=architecture)


@pytest.mark.parametrize("loss", ["mse", "mae", "huber"])
@pytest.mark.parametrize("name", ["diabetes", "series"])
def test_losses_of_numbers(name: str, loss: str, own_folders: Path):
    mlp = {"kind": "mlp", "hidden": [8]}
    repeats(own_folders, f"training.loss={loss}", data={"kind": "samples", "name": name}, architecture=mlp)


@pytest.mark.parametrize("settings", [{"noise": 0.3}, {"noise": 0.3, "noise_form": "erased"}, {"variational": True}])
def test_autoencoders(settings: dict[str, Any], own_folders: Path):
    data = {**FEW_DIGITS, "task": "reconstruction"}
    repeats(own_folders, data=data, architecture={"kind": "autoencoder", **settings})


@pytest.mark.parametrize("architecture", [TEXTCNN, GPT], ids=["rows", "stream"])
def test_masked_texts(architecture: dict[str, Any], own_folders: Path):
    table = own_folders / "people.csv"
    lines = [
        f'"write to a{number}@example.com about tea {number % 7}, {"good" if number % 2 else "bad"}"'
        for number in range(80)
    ]
    table.write_text("\n".join(["text,label", *(f"{line},{number % 2}" for number, line in enumerate(lines))]))
    data = {"kind": "text_table", "path": str(table), "masking": {"mail": True}}
    if architecture is GPT:
        (own_folders / "people.txt").write_text("\n".join(lines))
        data = {**data, "kind": "text_file", "path": str(own_folders / "people.txt")}
    repeats(own_folders, "training.epochs=2", data=data, architecture=architecture)
