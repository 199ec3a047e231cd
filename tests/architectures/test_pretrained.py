"""Pretrained models: the numbers of transformers' own, three ways to train them, and a run that needs nothing else."""

import json
import shutil
from pathlib import Path
from typing import Any

import pytest
import torch
from torch import Tensor

from tests import checkpoints
from tests.training.runs import Seen, make_run
from workbench.architectures import architectures, build
from workbench.core.errors import UserError
from workbench.core.events import Finished, Warned
from workbench.core.registry import build_settings
from workbench.core.run_folder import RunFolder
from workbench.data import open_data
from workbench.data.preprocessing import fit, from_plain
from workbench.inference.generation import Writing
from workbench.inference.predictor import Item, Predictor
from workbench.inference.sampling import Sampling
from workbench.training.worker import train_run

pytestmark = pytest.mark.slow  # the import of transformers alone takes seconds
REVIEWS = {"kind": "samples", "name": "reviews", "validation": 0.4, "test": 0.4}
TRAINING = {"epochs": 1, "steps": 4, "batch_size": 16, "device": "cpu", "threads": 1}


def settings(folder: Path, **values: Any) -> Any:
    chosen: Any = build_settings(architectures, {"kind": "pretrained", "name": str(folder), **values}, "", "")
    return chosen.completed()


def network(folder: Path, task: str, outputs: int, data: dict[str, Any], **values: Any) -> tuple[Any, Any]:
    """Return a network with the weights of a folder, in use, and its preprocessing."""
    chosen = settings(folder, **values)
    preprocessing: Any = fit(open_data(data), chosen)
    made: Any = build(chosen, preprocessing.inputs, outputs or preprocessing.inputs.vocabulary, task)
    made.load_pretrained()
    return made.eval(), preprocessing


def reviews(path: Path) -> dict[str, Any]:
    rows = [f"{text.replace(',', '')} {place % 5},{place % 2}" for place, text in enumerate(checkpoints.TEXTS * 15)]
    path.write_text("\n".join(["text,label", *rows]), encoding="utf-8")
    return {"kind": "text_table", "path": str(path), "validation": 0.2, "test": 0.2}


def trained(runs: Path, folder: Path, data: dict[str, Any], **values: Any) -> RunFolder:
    architecture = {"kind": "pretrained", "name": str(folder), **values}
    run = make_run(runs, data=data, architecture=architecture, training=TRAINING)
    assert isinstance(train_run(run), Finished)
    return run


def difference(first: Tensor, second: Tensor) -> float:
    return float((first - second).abs().max())


def test_a_classifier_of_texts_says_what_transformers_says(tmp_path: Path) -> None:
    from transformers import AutoTokenizer

    folder = checkpoints.bert(tmp_path / "bert")
    ours, preprocessing = network(folder, "classification", 2, reviews(tmp_path / "few.csv"), length=20)
    texts = ["this is good", "my dog, and my cat is a bad thing too"]
    tokenizer = AutoTokenizer.from_pretrained(folder)
    theirs = checkpoints.opened("AutoModelForSequenceClassification", folder)
    given = tokenizer(texts, padding=True, truncation=False, return_tensors="pt")
    ids = preprocessing.tensor(torch.from_numpy(preprocessing.encode_all(texts)))
    assert torch.equal(ids[:, : given["input_ids"].shape[1]], given["input_ids"])
    with torch.no_grad():
        expected = theirs(input_ids=given["input_ids"], attention_mask=given["attention_mask"]).logits
        assert difference(ours(ids), expected) < 1e-5


@pytest.mark.parametrize("padding", [0, 1])
def test_a_masked_language_model_says_what_transformers_says(tmp_path: Path, padding: int) -> None:
    folder = checkpoints.bert(tmp_path / "bert", kind="BertForMaskedLM", pad_token_id=padding)
    data = {**reviews(tmp_path / "few.csv"), "task": "masked_token"}
    ours, preprocessing = network(folder, "masked_token", 0, data, length=20)
    assert from_plain(preprocessing.to_plain()) == preprocessing
    ids = preprocessing.tensor(torch.from_numpy(preprocessing.encode_all(["this [MASK] is good", "my cat"])))
    own = ours._swapped(ids)  # as transformers has them
    theirs = checkpoints.opened("AutoModelForMaskedLM", folder)
    with torch.no_grad():
        expected = theirs(input_ids=own, attention_mask=(ids != 0).long()).logits
        found = ours(ids)
    there = ids != 0
    every = torch.arange(expected.shape[-1])
    assert difference(found[there][:, ours._swapped(every)], expected[there]) < 1e-5


def test_a_causal_language_model_says_what_transformers_says_and_remembers(tmp_path: Path) -> None:
    folder = checkpoints.gpt2(tmp_path / "gpt2")
    data = {**reviews(tmp_path / "few.csv"), "task": "next_token"}
    ours, preprocessing = network(folder, "next_token", 0, data, length=24)
    ids = torch.from_numpy(preprocessing.stream(["this is a good thing, and my dog is too"]))[None].long()
    assert preprocessing.decode(ids[0].tolist()) == "this is a good thing, and my dog is too"
    theirs = checkpoints.opened("AutoModelForCausalLM", folder)
    every = torch.arange(preprocessing.inputs.vocabulary)
    with torch.no_grad():
        expected = theirs(input_ids=ours._swapped(ids)).logits
        found = ours(ids)
        assert difference(found[..., ours._swapped(every)], expected) < 1e-5
        first, memory = ours.continued(ids[:, :5])
        second, _ = ours.continued(ids[:, 5:], memory)
    assert difference(first, found[:, 4]) < 1e-5
    assert difference(second, found[:, -1]) < 1e-5


def test_a_classifier_of_images_says_what_transformers_says(tmp_path: Path) -> None:
    folder = checkpoints.vit(tmp_path / "vit", labels=10)
    digits = {"kind": "samples", "name": "digits"}
    ours, preprocessing = network(folder, "classification", 10, digits)
    assert preprocessing.inputs.shape == (3, 16, 16)
    images = preprocessing.tensor(torch.from_numpy(open_data(digits).training.rows(slice(0, 4))))
    assert images.shape == (4, 3, 16, 16)
    assert images.min() >= -1.001
    assert images.max() <= 1.001
    with torch.no_grad():
        expected = checkpoints.opened("AutoModelForImageClassification", folder)(pixel_values=images).logits
        assert difference(ours(images), expected) < 1e-5


@pytest.mark.parametrize("how", ["all", "head", "lora"])
def test_what_is_trained_is_what_was_chosen_and_the_folder_is_not_needed_afterwards(tmp_path: Path, how: str) -> None:
    folder = checkpoints.bert(tmp_path / "bert", labels=5)
    data = reviews(tmp_path / "few.csv")
    before = network(folder, "classification", 2, data, train=how)[0].state_dict()
    run = trained(tmp_path / "runs", folder, data, train=how)
    shutil.rmtree(folder)
    predictor = Predictor.of_run(run)
    after = predictor.model.network.state_dict()
    assert before.keys() == after.keys()
    changed = {name for name in after if not torch.equal(before[name], after[name])}
    below = {name for name in changed if "classifier" not in name and "lora_" not in name}
    assert any("classifier" in name for name in changed)
    assert bool(below) == (how == "all")
    assert any("lora_" in name for name in changed) == (how == "lora")
    found = predictor.predict([Item("a", "this is a good thing")])[0]
    assert found.answer["label"] in ("0", "1")
    assert dict(Predictor.of_run(run).predict([Item("a", "this is a good thing")])[0].answer) == dict(found.answer)


def test_images_of_any_size_are_learned(tmp_path: Path) -> None:
    folder = checkpoints.vit(tmp_path / "vit")
    run = trained(tmp_path / "runs", folder, {"kind": "samples", "name": "digits", "validation": 0.45, "test": 0.45})
    shutil.rmtree(folder)
    assert Predictor.of_run(run).model.outputs == 10


def test_masked_tokens_are_told_with_the_models_own_tokens(tmp_path: Path) -> None:
    folder = checkpoints.bert(tmp_path / "bert", kind="BertForMaskedLM")
    run = trained(tmp_path / "runs", folder, {**reviews(tmp_path / "few.csv"), "task": "masked_token"}, train="lora")
    found = Predictor.of_run(run).predict([Item("a", "my [MASK] is good")])[0].answer
    assert [place["token"] for place in found["tokens"]] == ["my", "", "is", "good"]
    assert len(found["masks"]) == 1


def test_a_causal_model_writes_on_without_its_folder(tmp_path: Path) -> None:
    folder = checkpoints.gpt2(tmp_path / "gpt2")
    run = trained(tmp_path / "runs", folder, {**reviews(tmp_path / "few.csv"), "task": "next_token"}, length=16)
    shutil.rmtree(folder)
    writing = Writing(Predictor.of_run(run), "this is", Sampling(max_tokens=30, seed=1))
    assert 1 <= len(list(writing)) <= 30


def test_kinds_that_transformers_does_not_know_are_refused(tmp_path: Path) -> None:
    folder = checkpoints.bert(tmp_path / "bert")
    config = json.loads((folder / "config.json").read_text(encoding="utf-8"))
    (folder / "config.json").write_text(json.dumps({**config, "model_type": "evil"}), encoding="utf-8")
    with pytest.raises(UserError, match=r"This kind of model is not known: evil\."):
        settings(folder)


def test_a_task_that_the_model_cannot_do_is_refused(tmp_path: Path) -> None:
    folder = checkpoints.vit(tmp_path / "vit")
    (folder / "tokenizer.json").write_text("{}", encoding="utf-8")
    run = make_run(
        tmp_path / "runs", data=REVIEWS, architecture={"kind": "pretrained", "name": str(folder)}, training=TRAINING
    )
    ended = train_run(run)
    assert not isinstance(ended, Finished)


def test_a_text_longer_than_the_model_reads_is_refused(tmp_path: Path) -> None:
    folder = checkpoints.bert(tmp_path / "bert")
    with pytest.raises(UserError, match=r"reads at most 40 tokens of a text, and 50 are asked for\."):
        fit(open_data(reviews(tmp_path / "few.csv")), settings(folder, length=50))


def test_a_tokenizer_that_knows_more_than_the_model_is_refused(tmp_path: Path) -> None:
    folder, other = checkpoints.bert(tmp_path / "bert"), checkpoints.gpt2(tmp_path / "gpt2")
    shutil.copy(other / "tokenizer.json", folder / "tokenizer.json")
    with pytest.raises(UserError, match="they do not belong together"):
        fit(open_data(reviews(tmp_path / "few.csv")), settings(folder))


def test_a_layer_for_lora_that_is_not_there_is_named(tmp_path: Path) -> None:
    folder = checkpoints.bert(tmp_path / "bert")
    data = reviews(tmp_path / "few.csv")
    with pytest.raises(UserError, match=r"No linear layer of this network is called nowhere\."):
        network(folder, "classification", 2, data, train="lora", targets="nowhere")


@pytest.mark.parametrize("train", ["all", "lora"])
def test_it_trains_privately_one_sample_after_the_other(tmp_path: Path, train: str) -> None:
    architecture = {
        "kind": "pretrained",
        "name": str(checkpoints.bert(tmp_path / "bert")),
        "length": 20,
        "train": train,
    }
    privacy = {"on": True, "noise": 1.0, "accountant": "rdp"}
    training = {**TRAINING, "privacy": privacy}
    run = make_run(tmp_path / "runs", data=reviews(tmp_path / "few.csv"), architecture=architecture, training=training)
    seen = Seen()
    ending = train_run(run, on_event=seen)
    assert isinstance(ending, Finished)
    assert ending.metrics["epsilon"] > 0
    said = " ".join(str(event.message) for event in seen.of(Warned))
    assert "one after the other" in said
    assert "is not counted" in said
