"""What compression must keep, with Fashion-MNIST as it is on disk: int8, pruning and distillation.

python -m pytest -m slow tests/test_compression_figures.py
"""

import gzip
import struct
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from workbench.core.events import Finished
from workbench.core.run_folder import RunFolder, new_run
from workbench.inference.comparing import compare
from workbench.recipe import recipe_from, title_of, to_toml
from workbench.training.compressing import compress
from workbench.training.worker import train_run

FASHION = Path("/usr/share/datasets/fashion-mnist")
TESTED = 10_000
pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(not FASHION.is_dir(), reason="Fashion-MNIST is not on this machine"),
]


def part_of(place: Path, training: int, tested: int = TESTED) -> Path:
    """Write the first samples of Fashion-MNIST as IDX files into the folder `place`."""
    place.mkdir()
    for stem, count in (("train", training), ("t10k", tested)):
        for what in ("images-idx3-ubyte", "labels-idx1-ubyte"):
            raw = gzip.decompress((FASHION / f"{stem}-{what}.gz").read_bytes())
            head = 4 + 4 * raw[3]
            values = np.frombuffer(raw, np.uint8, offset=head).reshape(struct.unpack(f">{raw[3]}I", raw[4:head]))[
                :count
            ]
            (place / f"{stem}-{what}").write_bytes(
                raw[:4] + struct.pack(f">{raw[3]}I", *values.shape) + values.tobytes()
            )
    return place


def trained(runs: Path, data: Path, architecture: dict[str, Any], **training: Any) -> tuple[RunFolder, float]:
    """Train a run, and return it with its accuracy on the test split."""
    plain = {
        "data": {"kind": "idx", "path": str(data)},
        "architecture": architecture,
        "training": {"device": "cpu", "threads": 1, "batch_size": 64, **training},
    }
    recipe = recipe_from(plain)
    folder = new_run(runs, title_of(recipe), to_toml(recipe))
    ending = train_run(folder)
    assert isinstance(ending, Finished)
    return folder, ending.metrics["test_accuracy"]


def adamw(rate: float) -> dict[str, Any]:
    return {"kind": "adamw", "learning_rate": rate}


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("fashion")


@pytest.fixture(scope="module")
def data(place: Path) -> Path:
    return part_of(place / "data", 12_000)


@pytest.fixture(scope="module")
def parent(place: Path, data: Path) -> tuple[RunFolder, float]:
    architecture = {"kind": "convnet", "widths": [16, 32], "hidden": [64]}
    return trained(place / "runs", data, architecture, epochs=4, optimizer=adamw(0.003))


@pytest.mark.parametrize("kind", ["int8", "int8-dynamic", "bfloat16", "float16"])
def test_fewer_bits_keep_accuracy_within_half_a_point(parent: tuple[RunFolder, float], kind: str) -> None:
    original, _ = parent
    found = compare([original, compress(original, kind)])
    before, after = (row["metrics"]["accuracy"] for row in found["rows"])
    sizes = [row["size"] for row in found["rows"]]
    print(f"{kind}: {before:.4f} -> {after:.4f}, {sizes[0]} -> {sizes[1]} bytes")
    assert before > 0.85
    assert abs(before - after) <= 0.005
    assert sizes[1] < (0.3 if kind.startswith("int8") else 0.52) * sizes[0]


@pytest.mark.parametrize("structure", ["unstructured", "structured"])
def test_a_third_pruned_and_fine_tuned_keeps_accuracy_within_a_point(
    place: Path, data: Path, parent: tuple[RunFolder, float], structure: str
) -> None:
    original, before = parent
    pruned, after = trained(
        place / "runs",
        data,
        {"kind": "convnet", "widths": [16, 32], "hidden": [64]},
        epochs=3,
        optimizer=adamw(0.001),
        start_from=str(original.path),
        pruning={"share": 0.3, "structure": structure},
    )
    first, second = compare([original, pruned])["rows"]
    print(f"{structure}: {before:.4f} -> {after:.4f}, {first['nonzero']:,} -> {second['nonzero']:,} weights not zero")
    assert after >= before - 0.01
    assert second["nonzero"] < (0.72 if structure == "unstructured" else 0.55) * first["nonzero"]
    if structure == "structured":
        assert second["size"] < 0.55 * first["size"]
    else:
        assert second["parameters"] == first["parameters"]
        assert second["packed"] < 0.85 * first["packed"]


def test_a_student_of_a_resnet_beats_the_same_one_alone(place: Path, data: Path) -> None:
    teacher, knows = trained(place / "runs", data, {"kind": "resnet", "depth": 8}, epochs=4, optimizer=adamw(0.004))
    few = part_of(place / "few", 1_000)
    common: dict[str, Any] = {"epochs": 40, "batch_size": 32, "optimizer": adamw(0.002)}
    alone, taught = [], []
    for seed in (0, 1):
        student = {"kind": "mlp", "hidden": [256]}
        alone.append(trained(place / "runs", few, student, seed=seed, **common)[1])
        told = {"teacher": str(teacher.path), "teacher_share": 1.0}
        taught.append(trained(place / "runs", few, student, seed=seed, **told, **common)[1])
    print(f"teacher {knows:.4f}, alone {np.round(alone, 4).tolist()}, taught {np.round(taught, 4).tolist()}")
    assert np.mean(taught) > np.mean(alone) + 0.005
