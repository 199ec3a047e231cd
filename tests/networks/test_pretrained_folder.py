"""A folder of transformers is looked at before any of it is believed: each way in which one is refused."""

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from safetensors.numpy import save_file

from workbench.core.errors import UserError
from workbench.networks.pretrained_folder import checked, place_of, require_harmless

CONFIG = {"model_type": "bert", "hidden_size": 4, "vocab_size": 10, "num_hidden_layers": 1, "_name_or_path": "x/y"}


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    place = tmp_path / "model"
    place.mkdir()
    write(place)
    save_file({"embeddings.weight": np.zeros((10, 4), np.float32)}, place / "model.safetensors")
    return place


def write(folder: Path, **changes: Any) -> None:
    (folder / "config.json").write_text(json.dumps({**CONFIG, **changes}), encoding="utf-8")


def refused(folder: Path) -> str:
    with pytest.raises(UserError) as caught:
        checked(folder)
    return str(caught.value)


def test_a_sound_folder_tells_what_it_holds(folder: Path) -> None:
    found = checked(place_of(str(folder)))
    assert found.model_type == "bert"
    assert found.elements == 40
    assert "_name_or_path" not in found.config


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"auto_map": {"AutoModel": "modeling.Evil"}}, "config.json asks for code that is not part of transformers"),
        ({"_attn_implementation_internal": "evil/kernel"}, "config.json asks for code that is not part of"),
        ({"text_config": {"auto_map": {}}}, "config.json asks for code that is not part of transformers: auto_map"),
        ({"attn_implementation": "evil/kernel"}, "config.json asks for code that is not part of transformers"),
        ({"backbone": "resnet50"}, "config.json builds on another model, which is not in this folder: backbone"),
        ({"quantization_config": {"bits": 4}}, "The weights are quantized, and cannot be trained"),
        ({"vocab_size": 2**50}, "config.json asks for something of a size that cannot be: vocab_size"),
        ({"vocab_size": 10_000_000}, "config.json and the weights do not belong together: vocab_size is 10000000"),
        ({"num_hidden_layers": 100_000}, "config.json and the weights do not belong together: num_hidden_layers"),
        ({"model_type": 7}, "config.json does not say which kind of model this is"),
    ],
)
def test_what_a_configuration_may_not_ask_for(folder: Path, changes: dict[str, Any], message: str) -> None:
    write(folder, **changes)
    assert refused(folder).startswith(message)


def test_a_configuration_that_is_nested_without_end_is_refused(folder: Path) -> None:
    deep: dict[str, Any] = {}
    for _ in range(50):
        deep = {"a": deep}
    write(folder, more=deep)
    assert refused(folder) == "config.json is nested too deeply."


def test_weights_that_can_hold_code_are_refused_by_name(folder: Path) -> None:
    (folder / "model.safetensors").rename(folder / "pytorch_model.bin")
    assert refused(folder) == (
        "The weights are in pytorch_model.bin, a format that can contain code. Only safetensors are read."
    )


def test_a_list_of_weights_leads_nowhere_else(folder: Path) -> None:
    (folder / "model.safetensors").rename(folder.parent / "outside.safetensors")
    index = {"weight_map": {"embeddings.weight": "../outside.safetensors"}}
    (folder / "model.safetensors.index.json").write_text(json.dumps(index), encoding="utf-8")
    assert "leads out of the folder" in refused(folder)


def test_what_is_no_model_at_all_says_what_is_missing(tmp_path: Path) -> None:
    (tmp_path / "a.txt").write_text("a", encoding="utf-8")
    with pytest.raises(UserError, match=r"There is no config\.json in "):
        checked(tmp_path)
    with pytest.raises(UserError, match=r"a\.txt is a file\. A pretrained model is a folder"):
        place_of(str(tmp_path / "a.txt"))
    with pytest.raises(UserError, match=r"No pretrained model is chosen\."):
        place_of(" ")
    with pytest.raises(UserError, match=r"is no folder here, and was not downloaded yet\."):
        place_of("google/bert_tiny")


def test_a_damaged_header_and_truncated_weights_are_refused(folder: Path) -> None:
    path = folder / "model.safetensors"
    whole = path.read_bytes()
    path.write_bytes(whole[:-8])
    assert "model.safetensors" in refused(folder)
    path.write_bytes(b"\xff" * 8 + whole[8:])
    assert "model.safetensors" in refused(folder)


def test_a_configuration_from_a_foreign_run_is_held_to_the_same() -> None:
    require_harmless(CONFIG)
    with pytest.raises(UserError, match="asks for code"):
        require_harmless({**CONFIG, "auto_map": {"AutoModel": "x"}})
