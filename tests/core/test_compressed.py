"""A run whose model was compressed is known by its model.json alone."""

import json
from pathlib import Path

import pytest

from workbench.core.compressed import format_of, refuse_compressed
from workbench.core.errors import UserError
from workbench.core.run_folder import RunFolder


def run_with(place: Path, description: str) -> RunFolder:
    model = place / "models" / "step-00000001-a001"
    model.mkdir(parents=True)
    (model / "model.safetensors").touch()
    (model / "model.json").write_text(description)
    return RunFolder(place)


def test_a_compressed_run_is_refused_by_name(tmp_path: Path):
    described = {"number_format": "int8", "made_of": "the-original"}
    with pytest.raises(UserError, match=r"weights are kept in int8\.") as refused:
        refuse_compressed(run_with(tmp_path / "small", json.dumps(described)))
    assert "the-original" in refused.value.translated()
    assert format_of(described) == "int8"


@pytest.mark.parametrize("description", ["{}", "[]", "no json", '{"number_format": "float32"}'])
def test_any_other_is_not(tmp_path: Path, description: str):
    refuse_compressed(run_with(tmp_path / "run", description))
    refuse_compressed(RunFolder(tmp_path / "without a model"))
