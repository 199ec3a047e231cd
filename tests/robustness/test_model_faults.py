"""Faults of models that others made, by their numbers: each is tried, and what is said and kept is looked at."""

import io
import json
import os
import shutil
import struct
import sys
from pathlib import Path
from typing import Any

import pytest
import torch
from PIL import Image
from safetensors.torch import save_file

from tests.robustness.goals.hostile_models import GOAL
from tests.robustness.hostile_models import corpus, safetensors
from tests.robustness.hostile_pickles import call
from tests.training.runs import trained
from workbench.architectures import architectures, build
from workbench.core import limited
from workbench.core.errors import UserError
from workbench.core.run_folder import RunFolder
from workbench.core.signature import Inputs
from workbench.core.words import from_plain
from workbench.engine import ask
from workbench.engine._predictors import predictor_of
from workbench.inference.predictor import Item
from workbench.networks import tensor_reading
from workbench.networks.tensor_file import tensors_in
from workbench.networks.tensor_reading import read_tensors
from workbench.training import pickled_weights
from workbench.training.starting import source_of, start

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="the limits are those of POSIX")
MLP = {"kind": "mlp", "hidden": [4]}
SHAPE: dict[str, Any] = {"inputs": {"kind": "image", "shape": [1, 2, 2]}, "outputs": 3}


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> RunFolder:
    return trained(tmp_path_factory.mktemp("runs"), "training.steps=2")[0]


def refused(action: Any, *arguments: Any) -> str:
    with pytest.raises(UserError) as caught:
        action(*arguments)
    return caught.value.translated()


def match(path: Path) -> dict[str, Any]:
    return ask("start.match", {"architecture": MLP, **SHAPE, "start_from": str(path)})


def test_m1_a_pickle_that_calls_something_is_refused_without_effect(tmp_path: Path) -> None:
    canary, path = tmp_path / "canary", tmp_path / "weights.pth"
    path.write_bytes(call("os", "system", (f"touch {canary}",)))
    said = refused(match, path)
    assert said.startswith("weights.pth contains code or other things than tensors, so it was not loaded.")
    assert "Get the weights as a .safetensors file, or save the state_dict alone." in said
    assert not canary.exists()


def test_m1_no_pickle_of_the_corpus_has_an_effect(tmp_path: Path) -> None:
    canaries = tmp_path / "canaries"
    canaries.mkdir()
    files = [path for path in corpus(tmp_path / "hostile", canaries).values() if path.suffix in (".pth", ".pt")]
    assert len(files) > 100
    out = tmp_path / "out.safetensors"
    for path in files:
        try:
            code = pickled_weights.convert(str(path), str(out))
        except Exception:  # noqa: BLE001 - the child ends by it
            continue
        assert code, path.name
    assert not out.exists()
    assert not list(canaries.iterdir())


CARELESS = """import io, pickle, sys, zipfile
content = open(sys.argv[1], "rb").read()
stream = io.BytesIO(zipfile.ZipFile(io.BytesIO(content)).read("archive/data.pkl") if content[:2] == b"PK" else content)
while True:
    pickle.Unpickler(stream).load()
"""


@pytest.mark.slow
def test_m1_the_corpus_harms_whoever_reads_it_carelessly(tmp_path: Path) -> None:
    canaries = tmp_path / "canaries"
    canaries.mkdir()
    script = tmp_path / "read.py"
    script.write_text(CARELESS, encoding="utf-8")
    harmed = 0
    for name, path in corpus(tmp_path / "hostile", canaries).items():
        if name[:3].isdigit() and b"canaries" in path.read_bytes():
            before = len(list(canaries.iterdir()))
            limited.run(script, str(path), place=tmp_path, memory=2**31, seconds=5, largest=2**20)
            harmed += len(list(canaries.iterdir())) > before
    assert harmed >= 40


@pytest.mark.slow
def test_m1_hostile_models_have_no_effect_at_any_door(tmp_path: Path) -> None:
    found = GOAL.try_it(12, 1, tmp_path)
    assert not found.failures, "\n".join(found.failures[:5])
    assert found.tried >= 12


SOUND = safetensors({"w": (2, 2), "b": (2,)})
DAMAGED = {
    "header": (SOUND.replace(b"{", b"[", 1), "Its head is no JSON."),
    "length": (b"\xff" * 7 + SOUND[7:], "The length of its head does not fit the file."),
    "type": (SOUND.replace(b"F32", b"Q32", 1), "w is of the unknown type Q32."),
    "offsets": (SOUND.replace(b"[16, 24]", b"[20, 28]"), "its tensors overlap or leave a gap."),
    "cut": (SOUND[:-5], f"It should have {len(SOUND):,} bytes and has {len(SOUND) - 5:,}."),
    "size": (SOUND.replace(b"[0, 16]", b"[0, 15]"), "w needs 16 bytes and has 15."),
}


@pytest.mark.parametrize("kind", list(DAMAGED))
def test_m2_damaged_weights_are_told_with_the_place(tmp_path: Path, kind: str) -> None:
    content, reason = DAMAGED[kind]
    path = tmp_path / "net.safetensors"
    path.write_bytes(content)
    said = refused(match, path)
    assert said.startswith("net.safetensors is damaged, or no safetensors file: ")
    assert reason in said
    assert "Get the file again." in said


@pytest.mark.slow  # a process of its own imports torch
def test_m2_a_damaged_archive_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "net.pt"
    torch.save({"weight": torch.ones(100)}, path)
    content = path.read_bytes()
    path.write_bytes(content[:300] + b"\xff" * 60 + content[360:])
    said = refused(match, path)
    assert said.startswith("net.pt ")
    assert "safetensors" in said


def test_m2_the_open_model_stays_when_another_is_damaged(run: RunFolder, tmp_path: Path) -> None:
    other = RunFolder(tmp_path / run.name)
    shutil.copytree(run.path, other.path)
    picture = io.BytesIO()
    Image.new("L", (8, 8), 120).save(picture, "PNG")

    def answered(folder: RunFolder) -> Any:
        return predictor_of(str(folder.path)).predict([Item("digit.png", picture.getvalue())])[0].answer

    before = answered(run)
    model = other.best_model()
    assert model is not None
    (model / "model.safetensors").write_bytes(b"nonsense")
    said = refused(answered, other)
    assert "is damaged: model.safetensors is not what was written." in said
    assert answered(run) == before


def test_m4_weights_that_are_cut_short_while_open_end_nothing(tmp_path: Path) -> None:
    path = tmp_path / "net.safetensors"
    save_file({"w": torch.arange(4_000_000, dtype=torch.float32)}, path)
    tensors = read_tensors(path)
    os.truncate(path, 100)
    assert (
        tensors["w"].sum() == torch.arange(4_000_000, dtype=torch.float32).sum()
    )  # a memory map would end the process
    assert refused(read_tensors, path).endswith("has 100. Get the file again.")


def test_m4_weights_that_are_cut_short_between_head_and_tensors_say_so(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def looked_at(path: Path) -> Any:
        declared = tensors_in(path)
        os.truncate(path, path.stat().st_size - 4)
        return declared

    path = tmp_path / "net.safetensors"
    path.write_bytes(SOUND)
    monkeypatch.setattr(tensor_reading, "tensors_in", looked_at)
    assert refused(match, path) == (
        "net.safetensors was changed while it was read. Wait until whatever writes it is done, then try again."
    )


LIMITED = """import sys, time
from pathlib import Path
from workbench.core.errors import UserError
from workbench.networks.tensor_file import tensors_in
begun = time.monotonic()
try:
    tensors_in(Path(sys.argv[1]))
except UserError as error:
    sys.stderr.write(error.translated())
    sys.exit(7 if time.monotonic() - begun < 2 else 8)
"""
_ONE = {"dtype": "F32", "shape": [2**31, 2**31], "data_offsets": [0, 4]}
HUGE = {
    "shape": (json.dumps({"w": _ONE}).encode(), "w needs 18,446,744,073,709,551,616 bytes and has 4."),
    "tensors": (
        json.dumps({str(n): {"dtype": "F32", "shape": [0], "data_offsets": [0, 0]} for n in range(100_001)}).encode(),
        "Its head is no list of tensors.",
    ),
}


@pytest.mark.parametrize("kind", list(HUGE))
def test_m5_what_declares_too_much_is_refused_at_once_and_with_little_memory(tmp_path: Path, kind: str) -> None:
    head, reason = HUGE[kind]
    path, script = tmp_path / "net.safetensors", tmp_path / "read.py"
    path.write_bytes(struct.pack("<Q", len(head)) + head + bytes(4))
    script.write_text(LIMITED, encoding="utf-8")
    ended = limited.run(script, str(path), place=tmp_path, memory=500 * 2**20, seconds=20, largest=2**20)
    assert ended.code == 7, ended.said
    assert reason in ended.said


def test_m6_wrong_names_shapes_and_types_are_listed_and_the_rest_is_taken(tmp_path: Path) -> None:
    path = tmp_path / "net.safetensors"
    network = build(architectures["mlp"].settings.model_validate(MLP), Inputs("image", (1, 2, 2)), 3)
    weights = {name: tensor.clone() for name, tensor in network.state_dict().items()}
    first, second, third, *_ = weights
    whole = weights[third].to(torch.int64)
    edited = {name: tensor for name, tensor in weights.items() if name != first}
    save_file({**edited, "unknown": weights[first], second: torch.ones(7), third: whole}, path)
    found = match(path)
    assert (found["loaded"], found["all"]) == (len(weights) - 3, len(weights))
    rows = {row["tensor"]: row for row in found["rows"]}
    assert {name: row["state"] for name, row in rows.items() if row["state"] != "loaded"} == {
        first: "fresh", second: "fresh", third: "fresh", "unknown": "left over"
    }  # fmt: skip
    assert str(from_plain(rows[first]["reason"])) == "It is not among them."
    assert str(from_plain(rows[second]["reason"])).startswith("It is 7 there and ")
    assert str(from_plain(rows[third]["reason"])) == "Its numbers are int64 there and float32 here."
    assert str(from_plain(rows["unknown"]["reason"])) == "The network has no such layer."
    save_file({"other": torch.ones(2)}, path)
    said = refused(start, network, source_of(str(path), tmp_path))
    assert said.startswith("Nothing in net.safetensors fits this network. Choose the architecture with which")
    assert all(torch.equal(tensor, weights[name]) for name, tensor in network.state_dict().items())
