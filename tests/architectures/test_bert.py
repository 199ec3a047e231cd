"""BERT: the numbers of transformers' own, the published size, masked tokens to the end, and what fine-tuning keeps."""

from pathlib import Path
from typing import Any

import pytest
import torch
from torch import Tensor

from tests.training.runs import make_run
from workbench.architectures import architectures, build
from workbench.core.errors import UserError
from workbench.core.events import Finished
from workbench.core.registry import build_settings
from workbench.core.run_folder import RunFolder
from workbench.core.signature import Inputs
from workbench.inference.predictor import Item, Predictor
from workbench.training.worker import train_run

pytestmark = pytest.mark.slow  # the import of transformers alone takes seconds
SMALL = {"layers": 2, "width": 32, "heads": 4, "feedforward": 64, "positions": 40, "length": 12}
REVIEWS = {"kind": "samples", "name": "reviews", "validation": 0.4, "test": 0.4}
MASKED = {**REVIEWS, "task": "masked_token"}
TRAINING = {"epochs": 2, "batch_size": 32, "device": "cpu", "threads": 1}


def settings(**values: Any) -> Any:
    return build_settings(architectures, {"kind": "bert", **SMALL, **values}, "bert", "architecture")


def network(task: str, outputs: int = 60, **values: Any) -> Any:
    torch.manual_seed(0)
    return build(settings(**values), Inputs("text", (12,), 60), outputs, task).eval()


def theirs(kind: str, labels: int = 2) -> Any:
    import transformers as library

    transformers: Any = library  # its configurations take more than their types say

    config = transformers.BertConfig(
        vocab_size=60, hidden_size=32, num_hidden_layers=2, num_attention_heads=4, intermediate_size=64,
        max_position_embeddings=40, num_labels=labels, attn_implementation="eager",
    )  # fmt: skip
    return getattr(transformers, kind)(config).eval()


def texts(length: int = 12) -> Tensor:
    """Return ids of four texts, each shorter than the one before, filled up with 0."""
    ids = torch.randint(1, 60, (4, length), generator=torch.Generator().manual_seed(1))
    for row in range(4):
        ids[row, length - 2 * row :] = 0
    return ids


def trained(runs: Path, data: dict[str, Any], **changes: Any) -> RunFolder:
    training = {**TRAINING, **changes}
    architecture = {"kind": "bert", **architectures["bert"].tiny}
    folder = make_run(runs, data=data, architecture=architecture, training=training)
    assert isinstance(train_run(folder), Finished)
    return folder


def test_bert_base_has_its_published_size() -> None:
    base = architectures["bert"].presets["BERT base"]
    with torch.device("meta"):
        made = build(settings(**base, positions=512), Inputs("text", (512,), 30_522), 30_522, "masked_token")
    assert sum(parameter.numel() for parameter in made.parameters()) == 109_514_298


@pytest.mark.parametrize(
    ("task", "kind", "outputs"),
    [("masked_token", "BertForMaskedLM", 60), ("classification", "BertForSequenceClassification", 3)],
)
def test_outputs_are_those_of_transformers(task: str, kind: str, outputs: int) -> None:
    ours, other, ids = network(task, outputs), theirs(kind, outputs), texts()
    other.load_state_dict(ours.state_dict(), strict=True)
    with torch.no_grad():
        expected = other(input_ids=ids, attention_mask=(ids != 0).long()).logits
        found = ours(ids)
    there = (ids != 0) if task == "masked_token" else torch.ones(4, dtype=torch.bool)
    assert float((found - expected)[there].abs().max()) < 1e-5


def test_the_next_sentence_is_told_as_transformers_tells_it() -> None:
    ours, other, ids = network("masked_token", next_sentence=True), theirs("BertForPreTraining"), texts()
    other.load_state_dict(ours.state_dict(), strict=True)
    second = torch.zeros_like(ids)
    second[:, 5:] = (ids[:, 5:] != 0).long()
    with torch.no_grad():
        expected = other(input_ids=ids, token_type_ids=second, attention_mask=(ids != 0).long())
        found = ours(ids + 60 * second)
    there = ids != 0
    assert found.shape == (4, 13, 60)
    assert float((found[:, :-1] - expected.prediction_logits)[there].abs().max()) < 1e-5
    assert float((found[:, -1, :2] - expected.seq_relationship_logits).abs().max()) < 1e-5


def test_texts_longer_than_the_positions_are_refused() -> None:
    with pytest.raises(UserError, match=r"Texts of 50 tokens are longer than the 40 positions of the network\."):
        build(settings(length=50), Inputs("text", (50,), 60), 2, "classification")


def test_masked_tokens_are_learned_kept_and_told(tmp_path: Path) -> None:
    folder = trained(tmp_path, MASKED)
    predictor = Predictor.of_run(folder)
    asked = [Item("masked", "The [MASK] works [MASK]."), Item("plain", "It works")]
    masked, plain = predictor.predict(asked)
    assert [len(candidates) for candidates in masked.answer["masks"]] == [5, 5]
    assert all(1 >= first["score"] >= second["score"] for first, second, *_ in masked.answer["masks"])
    assert plain.answer["masks"] == []
    assert [place["token"] for place in plain.answer["tokens"]][:1] == ["it"]
    again = Predictor.of_run(folder).predict(asked)
    assert [dict(found.answer) for found in again] == [dict(masked.answer), dict(plain.answer)]


def test_the_next_sentence_can_be_learned_too(tmp_path: Path) -> None:
    architecture = {"kind": "bert", **architectures["bert"].tiny, "next_sentence": True}
    folder = make_run(tmp_path, data=MASKED, architecture=architecture, training=TRAINING)
    assert isinstance(train_run(folder), Finished)
    found = Predictor.of_run(folder).predict([Item("masked", "The [MASK] works.")])[0]
    assert len(found.answer["masks"]) == 1


def test_fine_tuning_takes_over_weights_and_tokenizer_of_the_run_it_starts_from(tmp_path: Path) -> None:
    first = trained(tmp_path, MASKED)
    english = tmp_path / "few.csv"
    rows = [f"{'good' if place % 2 else 'bad'} thing {place % 7},{place % 2}" for place in range(60)]
    english.write_text("\n".join(["text,label", *rows]), encoding="utf-8")
    data = {"kind": "text_table", "path": str(english), "validation": 0.2, "test": 0.2}
    second = trained(tmp_path, data, start_from=str(first.path))
    before, after = Predictor.of_run(first), Predictor.of_run(second)
    assert after.preprocessing.tokenizer == before.preprocessing.tokenizer
    assert after.model.inputs.vocabulary == before.model.inputs.vocabulary
    assert after.model.task == "classification"
    shared = [name for name in after.model.network.state_dict() if name.startswith("bert.embeddings.word")]
    pretrained, tuned = (found.model.network.state_dict()[shared[0]] for found in (before, after))
    assert float((pretrained - tuned).abs().max()) < 0.05  # a few steps away from where it began
