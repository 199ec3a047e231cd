"""Copies of runs: complete, in one piece, and nothing left behind when they fail."""

import shutil
import zipfile
from pathlib import Path

import pytest

from workbench.core.errors import UserError
from workbench.engine import ask

MODEL = "step-00000010-a001"


@pytest.fixture
def run(tmp_path: Path) -> Path:
    folder = tmp_path / "runs" / "2026_net"
    (folder / "models" / MODEL).mkdir(parents=True)
    (folder / "recipe.toml").write_text("[data]\n")
    (folder / "lock").touch()
    (folder / "models" / "best.json").write_text(f'{{"name": "{MODEL}"}}')
    (folder / "models" / MODEL / "model.safetensors").write_bytes(b"weights")
    (folder / "models" / MODEL / "model.json").write_text("{}")
    return folder


def test_the_key_of_private_noise_is_not_packed(run: Path, tmp_path: Path) -> None:
    checkpoint = run / "checkpoints" / MODEL
    checkpoint.mkdir(parents=True)
    (checkpoint / "state.json").write_text("{}")
    for private, packed in (("false", True), ("true", False)):
        (run / "recipe.toml").write_text(f"[training.privacy]\non = {private}\n")
        answer = ask("sharing.pack", {"run": str(run), "path": str(tmp_path / f"{private}.zip")})
        with zipfile.ZipFile(answer["path"]) as archive:
            assert (f"2026_net/checkpoints/{MODEL}/state.json" in archive.namelist()) is packed


def test_packs_everything_but_what_belongs_to_a_running_trainer(run: Path, tmp_path: Path) -> None:
    reports: list[tuple[int, int]] = []
    answer = ask(
        "sharing.pack",
        {"run": str(run), "path": str(tmp_path / "b.zip")},
        lambda stage, done, total: reports.append((done, total)),
    )
    with zipfile.ZipFile(answer["path"]) as archive:
        names = archive.namelist()
        assert archive.testzip() is None
    assert "2026_net/recipe.toml" in names
    assert f"2026_net/models/{MODEL}/model.safetensors" in names
    assert "2026_net/lock" not in names
    assert answer["size"] == (tmp_path / "b.zip").stat().st_size
    assert reports[0][1] == sum(file.stat().st_size for file in run.rglob("*") if file.is_file())


def test_copies_the_model_to_a_new_folder(run: Path, tmp_path: Path) -> None:
    ask("sharing.copy_model", {"run": str(run), "path": str(tmp_path / "model")})
    assert {file.name for file in (tmp_path / "model").iterdir()} == {"model.safetensors", "model.json"}
    with pytest.raises(UserError, match="not empty"):
        ask("sharing.copy_model", {"run": str(run), "path": str(tmp_path / "model")})


def test_copies_the_recipe(run: Path, tmp_path: Path) -> None:
    ask("sharing.copy_recipe", {"run": str(run), "path": str(tmp_path / "r.toml")})
    assert (tmp_path / "r.toml").read_text() == "[data]\n"


def test_a_cancelled_copy_leaves_nothing(run: Path, tmp_path: Path) -> None:
    def stop(*_: object) -> None:
        raise KeyboardInterrupt

    target = tmp_path / "out"
    target.mkdir()
    for name, place in (("pack", "b.zip"), ("copy_model", "model")):
        with pytest.raises(KeyboardInterrupt):
            ask(f"sharing.{name}", {"run": str(run), "path": str(target / place)}, stop)
    assert not list(target.iterdir())


def test_says_what_is_wrong(run: Path, tmp_path: Path) -> None:
    with pytest.raises(UserError, match="not a run any more"):
        ask("sharing.pack", {"run": str(tmp_path / "gone"), "path": str(tmp_path / "b.zip")})
    with pytest.raises(UserError, match="cannot be written"):
        ask("sharing.pack", {"run": str(run), "path": str(tmp_path / "no" / "such" / "b.zip")})
    shutil.rmtree(run / "models")
    with pytest.raises(UserError, match="no model yet"):
        ask("sharing.copy_model", {"run": str(run), "path": str(tmp_path / "m")})
