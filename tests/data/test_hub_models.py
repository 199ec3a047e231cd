"""Models of the hub: from a name to a prediction, offline afterwards, and what is refused before its weights come."""

import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests import checkpoints
from tests.data.hub_server import Hub, in_use
from tests.training.runs import make_run
from workbench.core.errors import UserError
from workbench.core.events import Failed, Finished
from workbench.data import Progress, hub_models
from workbench.inference.predictor import Item, Predictor
from workbench.networks.pretrained_folder import hub_place
from workbench.training.worker import train_run

pytestmark = pytest.mark.slow  # the import of transformers alone takes seconds
NAME = "somebody/tiny-bert"


@pytest.fixture
def hub(tmp_path: Path) -> Iterator[Hub]:
    folder = checkpoints.bert(tmp_path / "bert")
    files = {path.name: path.read_bytes() for path in folder.iterdir()}
    with in_use(Hub(own={NAME: {**files, "pytorch_model.bin": b"code", "modeling.py": b"code"}})) as made:
        yield made


def obtained() -> list[Progress]:
    seen: list[Progress] = []
    hub_models.obtained(NAME, seen.append)
    return seen


def refused() -> str:
    with pytest.raises(UserError) as caught:
        obtained()
    return str(caught.value)


def test_a_name_trains_and_needs_no_network_later(hub: Hub, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    rows = [f"this is {'good' if place % 2 else 'bad'} {place % 5},{place % 2}" for place in range(60)]
    table = tmp_path / "few.csv"
    table.write_text("\n".join(["text,label", *rows]), encoding="utf-8")
    data = {"kind": "text_table", "path": str(table), "validation": 0.2, "test": 0.2}
    training = {"epochs": 1, "steps": 2, "batch_size": 16, "device": "cpu", "threads": 1}

    def trained() -> Path:
        run = make_run(tmp_path, data=data, architecture={"kind": "pretrained", "name": NAME}, training=training)
        assert isinstance(train_run(run), Finished)
        assert Predictor.of_run(run).predict([Item("a", "this is good")])[0].error is None
        return run.path

    trained()
    kept = hub_place(NAME)
    assert kept is not None
    assert {path.name for path in kept.iterdir()} <= {
        "config.json", "model.safetensors", "tokenizer.json", "tokenizer_config.json"
    }  # fmt: skip
    monkeypatch.setenv("HF_ENDPOINT", "http://127.0.0.1:9")
    trained()


def test_a_line_that_breaks_goes_on_where_it_broke(hub: Hub) -> None:
    hub.cut_after, hub.cuts = 20_000, 1
    seen = obtained()
    assert hub_place(NAME) is not None
    assert seen[-1].done == seen[-1].total > 20_000
    asked = len(hub.asked)
    obtained()
    assert len(hub.asked) == asked


def test_other_bytes_than_the_hub_names_are_not_kept(hub: Hub) -> None:
    hub.spoiled = True
    assert "its checksum differs" in refused()
    assert hub_place(NAME) is None


def test_code_is_refused_before_the_weights_are_asked_for(hub: Hub) -> None:
    config = json.loads(hub.own[NAME]["config.json"])
    hub.own[NAME]["config.json"] = json.dumps({**config, "auto_map": {"AutoModel": "modeling.Evil"}}).encode()
    assert refused() == "config.json asks for code that is not part of transformers: auto_map."
    assert len(hub.downloads()) == 1
    hub.own[NAME]["config.json"] = json.dumps({**config, "model_type": "evil"}).encode()
    assert refused() == "This kind of model is not known: evil."


def test_pickled_weights_are_refused_by_their_list(hub: Hub) -> None:
    del hub.own[NAME]["model.safetensors"]
    assert refused() == f"{NAME} has no weights as safetensors on the hub."
    assert hub.downloads() == []


def test_a_name_that_nobody_has_says_so(hub: Hub, tmp_path: Path) -> None:
    with pytest.raises(UserError, match=r"The hub has no model called somebody/else\."):
        hub_models.obtained("somebody/else", lambda _: None)
    run = make_run(
        tmp_path,
        data={"kind": "samples", "name": "reviews"},
        architecture={"kind": "pretrained", "name": "somebody/else"},
    )
    assert isinstance(train_run(run), Failed)


def test_without_a_network_it_says_what_to_do(hub: Hub, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HF_HUB_OFFLINE", "1")
    assert refused() == f"{NAME} is not here, and HF_HUB_OFFLINE forbids to download it."
    monkeypatch.delenv("HF_HUB_OFFLINE")
    monkeypatch.setenv("HF_ENDPOINT", "http://127.0.0.1:9")
    assert refused() == f"The hub cannot be reached, and {NAME} is not here yet."
