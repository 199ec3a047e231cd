"""Faults of what belongs to foreign models, by their numbers: configurations, downloads, ONNX, tokenizers."""

import errno
import json
import os
import shutil
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.data.hub_server import Hub, in_use
from tests.robustness.hostile_models import corpus, regex_bomb, safetensors
from workbench.core import limited
from workbench.core.errors import UserError
from workbench.data import hub_download, hub_models, tokenizer_files
from workbench.data.tokenizer_files import read_tokenizer
from workbench.engine import ask
from workbench.networks import pretrained_folder, pretrained_models
from workbench.networks.pretrained_folder import hub_folder, hub_place

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="the limits are those of POSIX")
NAME = "somebody/tiny"
CONFIG = {"model_type": "bert", "hidden_size": 8, "vocab_size": 10}
FILES = {
    "config.json": json.dumps(CONFIG).encode(),
    "model.safetensors": safetensors({"bert.embeddings.word_embeddings.weight": (10, 8), "more": (100, 100)}),
    "pytorch_model.bin": b"code",
}


def refused(action: Any, *arguments: Any) -> str:
    with pytest.raises(UserError) as caught:
        action(*arguments)
    return caught.value.translated()


def effects(canaries: Path) -> list[str]:
    return [path.name for path in canaries.iterdir()]


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("hostile")


@pytest.fixture(scope="module")
def canaries(place: Path) -> Path:
    (place / "canaries").mkdir()
    return place / "canaries"


@pytest.fixture(scope="module")
def hostile(place: Path, canaries: Path) -> dict[str, Path]:
    return corpus(place / "hostile", canaries)


def test_m7_a_configuration_with_code_is_refused_by_its_field(hostile: dict[str, Path], canaries: Path) -> None:
    hooks = ("auto_map", "custom_pipelines", "trust_remote_code", "_attn_implementation_internal", "use_kernels",
             "_attn_implementation", "attn_implementation", "experts_implementation", "kernel_config")  # fmt: skip
    for hook in hooks:
        assert refused(pretrained_folder.checked, hostile[f"config-{hook}"]) == (
            f"config.json asks for code that is not part of transformers: {hook}. "
            "Such a model is not loaded. Choose one without code of its own."
        )
    assert effects(canaries) == []
    assert not any(name.startswith(("modeling_evil", "configuration_evil")) for name in sys.modules)


@pytest.mark.slow  # the import of transformers alone takes seconds
def test_m7_an_unknown_architecture_is_named(hostile: dict[str, Path], canaries: Path) -> None:
    folder = hostile["config-model_type"]
    asked = {"architecture": {"kind": "pretrained", "name": str(folder)}, "outputs": 2}
    said = refused(ask, "model.layers", {**asked, "inputs": {"kind": "text", "shape": [], "vocabulary": 0}})
    assert said.startswith("This kind of model is not known: ../../evil.")
    assert "Only models whose code is part of transformers can be used." in said
    assert effects(canaries) == []


@pytest.fixture
def hub(monkeypatch: pytest.MonkeyPatch) -> Iterator[Hub]:
    monkeypatch.setattr(pretrained_models, "fitting", lambda kind: [])  # which imports transformers
    with in_use(Hub(own={NAME: dict(FILES)})) as made:
        yield made


def obtained() -> None:
    hub_models.obtained(NAME, lambda progress: None)


def is_half_installed() -> bool:
    return hub_place(NAME) is not None or (hub_folder(NAME) / "newest.json").exists()


def test_m8_a_download_that_is_cut_goes_on_where_it_was(hub: Hub) -> None:
    hub.cut_after, hub.cuts = 20_000, 1
    obtained()
    place = hub_place(NAME)
    assert place is not None
    assert (place / "model.safetensors").read_bytes() == FILES["model.safetensors"]
    assert not (place / "pytorch_model.bin").exists()
    assert [ranged for _, ranged in hub.downloads() if ranged] == ["bytes=20000-"]


def test_m8_wrong_bytes_are_refused_and_nothing_is_installed(hub: Hub) -> None:
    hub.spoiled = True
    said = refused(obtained)
    assert "did not arrive as the hub has it: its checksum differs. Try again." in said
    assert not is_half_installed()
    hub.spoiled = False
    obtained()
    assert hub_place(NAME) is not None


def test_m8_a_disk_that_is_full_or_fills_up_is_named(hub: Hub, monkeypatch: pytest.MonkeyPatch) -> None:
    with monkeypatch.context() as patch:
        patch.setattr(shutil, "disk_usage", lambda place: shutil._ntuple_diskusage(1, 1, 0))
        assert "but only 0 B is free in " in refused(obtained)
    assert not is_half_installed()
    with monkeypatch.context() as patch:
        patch.setattr(hub_download.os, "replace", _no_space)
        said = refused(obtained)
    assert os.strerror(errno.ENOSPC) in said
    assert not is_half_installed()
    obtained()
    assert hub_place(NAME) is not None


def _no_space(*_: Any) -> None:
    raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))


def test_m8_without_network_or_model_it_says_so(hub: Hub, monkeypatch: pytest.MonkeyPatch) -> None:
    del hub.own[NAME]
    assert refused(obtained).startswith(f"The hub has no model called {NAME}. Look at its name on the hub;")
    monkeypatch.setenv("HF_HUB_OFFLINE", "1")
    assert refused(obtained).startswith(f"{NAME} is not here, and HF_HUB_OFFLINE forbids to download it.")
    monkeypatch.delenv("HF_HUB_OFFLINE")
    monkeypatch.setenv("HF_ENDPOINT", "http://127.0.0.1:9")
    assert refused(obtained).startswith(f"The hub cannot be reached, and {NAME} is not here yet.")
    assert not is_half_installed()


@pytest.mark.parametrize("way", ["up", "absolute", "link", "hard"])
def test_m9_an_onnx_model_is_refused_and_what_it_points_to_stays_unread(
    hostile: dict[str, Path], place: Path, canaries: Path, way: str
) -> None:
    file, folder = hostile[f"onnx-{way}-file"], hostile[f"onnx-{way}"]
    secret = place / "hostile" / "secret.safetensors"
    os.utime(secret, (1, 1))  # so that reading it once is seen, whatever the file system keeps of it
    asked = {"architecture": {"kind": "mlp"}, "inputs": {"kind": "image", "shape": [1, 2, 2]}, "outputs": 3}
    assert refused(ask, "start.match", {**asked, "start_from": str(file)}) == (
        "model.onnx is no file of weights that is read here. "
        "Weights come as .safetensors, .pth or .pt. Of ONNX, Keras and other formats nothing is opened."
    )
    assert refused(pretrained_folder.place_of, str(file)).startswith("model.onnx is a file. A pretrained model is")
    assert refused(pretrained_folder.checked, folder).startswith(f"There is no config.json in {way}.")
    assert refused(ask, "start.match", {**asked, "start_from": str(folder)}).startswith("There is nothing to start")
    assert secret.stat().st_atime == 1
    assert effects(canaries) == []


def test_m11_a_regular_expression_without_end_times_out_in_a_process_of_its_own(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(tokenizer_files, "_TRIAL_SECONDS", 1)
    begun: list[int] = []
    popen = limited.subprocess.Popen

    def noted(*arguments, **options):
        child = popen(*arguments, **options)
        begun.append(child.pid)
        return child

    monkeypatch.setattr(limited.subprocess, "Popen", noted)
    path = tmp_path / "tokenizer.json"
    path.write_text(json.dumps(regex_bomb("(a+)+$")), encoding="utf-8")
    since = time.monotonic()
    with pytest.raises(UserError, match="did not come to an end within 1 s: timed out") as caught:
        read_tokenizer(path)
    assert time.monotonic() - since < 20
    assert "Choose another tokenizer." in caught.value.translated()
    assert len(begun) == 1
    with pytest.raises(ProcessLookupError):
        os.kill(begun[0], 0)
    assert not tokenizer_files._kept(path.read_text(encoding="utf-8")).exists()  # only what came through is remembered


def test_m11_a_tokenizer_that_crashes_the_library_takes_only_its_trial_along(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def crash(*_arguments, place: Path, **limits):
        script = place / "crash.py"
        script.write_text("import os; os.abort()", encoding="utf-8")
        return run(script, place=place, **limits)

    run = limited.run
    monkeypatch.setattr(limited, "run", crash)
    path = tmp_path / "tokenizer.json"
    path.write_text(json.dumps(regex_bomb(r"\d+")), encoding="utf-8")
    with pytest.raises(UserError, match=r"tokenizer\.json failed when it was tried out on short texts\.") as caught:
        read_tokenizer(path)
    assert "It is not used. Choose another tokenizer." in caught.value.translated()


def test_m11_a_sound_tokenizer_is_tried_out_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "tokenizer.json"
    path.write_text(json.dumps(regex_bomb(r"\s+")), encoding="utf-8")
    read_tokenizer(path)
    monkeypatch.setattr(tokenizer_files, "_tried", set())
    monkeypatch.setattr(limited, "run", lambda *_arguments, **_limits: pytest.fail("tried out again"))
    assert read_tokenizer(path).encode("a").ids == [0]
