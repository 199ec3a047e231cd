"""GPT: the numbers of transformers' own GPT-2, the published size, and a head that is tied through every file."""

from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
import torch

from tests.training.runs import make_run
from workbench.architectures import architectures, best_for, build
from workbench.core.errors import UserError
from workbench.core.events import Finished
from workbench.core.registry import build_settings
from workbench.core.signature import Inputs
from workbench.data import open_data
from workbench.data.preprocessing import fit, from_plain
from workbench.data.token_preprocessing import trained_bpe
from workbench.inference.generation import written
from workbench.inference.predictor import Predictor
from workbench.inference.sampling import Sampling
from workbench.networks.causal import from_gpt2
from workbench.recipe import read_recipe
from workbench.training.checkpoint import newest_sound
from workbench.training.loop import train
from workbench.training.worker import train_run

TINY = {"kind": "gpt", **architectures["gpt"].tiny}
MODERN = (
    "architecture.positions=rotary",
    "architecture.qk_norm=true",
    "architecture.normalization=rms",
    "architecture.activation=squared_relu",
    "architecture.zero_start=true",
    "architecture.tied=false",
    "architecture.bias=false",
    "architecture.ngrams=4",
    "architecture.ngram_rows=500",
    "training.optimizer.kind=muon",
    "training.optimizer.learning_rate=0.05",
)


def settings(**values: Any) -> Any:
    return build_settings(architectures, {"kind": "gpt", **values}, "gpt", "architecture")


@pytest.mark.slow  # networks/test_causal.py counts the same layers
def test_the_shape_of_gpt_2_has_its_published_size() -> None:
    preset = architectures["gpt"].presets["GPT-2"]
    with torch.device("meta"):
        network = build(settings(**preset), Inputs("text", (1024,), 50_257), 50_257, "next_token")
    assert sum(parameter.numel() for parameter in network.parameters()) == 124_439_808


@pytest.mark.slow  # the import of transformers alone takes seconds
@pytest.mark.parametrize("batch", [(1, 16), (3, 7)])
def test_logits_are_those_of_transformers(batch: tuple[int, int]) -> None:
    from transformers import GPT2Config, GPT2LMHeadModel

    torch.manual_seed(0)
    config = GPT2Config(vocab_size=61, n_positions=16, n_embd=24, n_layer=3, n_head=4, initializer_range=0.3)
    theirs = GPT2LMHeadModel(config).eval()
    ours = build(settings(layers=3, heads=4, width=24, context=16), Inputs("text", (16,), 61), 61, "next_token").eval()
    ours.load_state_dict(from_gpt2(theirs.state_dict()), strict=True)
    tokens = torch.randint(0, 61, batch, generator=torch.Generator().manual_seed(1))
    with torch.no_grad():
        difference = (ours(tokens) - theirs(tokens).logits).abs().max()
    assert float(difference) < 1e-5


def test_it_is_the_first_choice_for_next_tokens() -> None:
    assert best_for("text", ["next_token", "masked_token"]) == "gpt"


@pytest.mark.parametrize(
    ("values", "message"),
    [
        ({"width": 100, "heads": 3}, "A width of 100 cannot be shared out among 3 heads."),
        (
            {"width": 12, "heads": 4, "positions": "rotary"},
            "Rotary positions turn pairs of numbers, and a head of 3 is odd.",
        ),
        ({"tokens": "pretrained"}, "It is not said where the tokenizer lies."),
    ],
)
def test_settings_that_cannot_work_are_refused(values: dict[str, Any], message: str) -> None:
    with pytest.raises(UserError) as caught:
        settings(**values)
    assert str(caught.value) == message


@pytest.mark.parametrize("tokens", ["bpe", "character", "wordpiece", "word"])
def test_each_way_to_cut_a_text_gives_as_many_tokens_as_are_read(tokens: str) -> None:
    dataset = open_data({"kind": "samples", "name": "reviews", "task": "next_token"})
    preprocessing: Any = fit(dataset, settings(tokens=tokens, vocabulary=500, context=32))
    assert preprocessing.inputs.shape == (32,)
    ids = preprocessing.stream(["Works well, looks good."])
    assert 0 < len(ids) <= 25
    assert ids.max() < preprocessing.inputs.vocabulary
    text = preprocessing.decode(ids.tolist())
    assert text.lower().replace(" ", "") == ("workswelllooksgood" if tokens == "word" else "workswell,looksgood.")
    again: Any = from_plain(preprocessing.to_plain())
    assert again.stream(["Works well"]).tolist() == preprocessing.stream(["Works well"]).tolist()


def test_a_tokenizer_from_elsewhere_keeps_its_ids(tmp_path: Path) -> None:
    path = tmp_path / "tokenizer.json"
    path.write_text(trained_bpe(["one two three two one"] * 5, 300, ("end",)))
    chosen = settings(tokens="pretrained", tokenizer=str(tmp_path), context=8)
    dataset = open_data({"kind": "samples", "name": "reviews", "task": "next_token"})
    preprocessing: Any = fit(dataset, chosen)
    own: Any = from_plain({"kind": "subwords", "tokens": "bpe", "tokenizer": path.read_text(), "length": 8})
    assert preprocessing.stream(["two one"]).tolist() == own.stream(["two one"]).tolist()
    assert from_plain(preprocessing.to_plain()).inputs == preprocessing.inputs


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ("nothing", "tokenizer.json is not a tokenizer that can be used: JSON."),
        (
            '{"model": {"type": "BPE", "vocab": {}, "merges": []}, "pre_tokenizer": {"type": "Split", "pattern": '
            '{"Regex": "[a-f]{2}"}, "behavior": "Isolated", "invert": false}}',
            "tokenizer.json cuts texts with a regular expression that is not known: [a-f]{2}",
        ),
    ],
)
def test_a_tokenizer_that_is_not_to_be_trusted_is_refused(content: str, message: str, tmp_path: Path) -> None:
    (tmp_path / "tokenizer.json").write_text(content)
    dataset = open_data({"kind": "samples", "name": "reviews", "task": "next_token"})
    with pytest.raises(UserError) as caught:
        fit(dataset, settings(tokens="pretrained", tokenizer=str(tmp_path)))
    assert str(caught.value) == message


def trained(runs: Path, *assignments: str) -> Any:
    training = {"epochs": 1, "batch_size": 32, "device": "cpu", "threads": 1, "steps": 8}
    reviews = {"kind": "samples", "name": "reviews", "task": "next_token", "validation": 0.4, "test": 0.4}
    return make_run(runs, *assignments, data=reviews, architecture=TINY, training=training)


def test_the_tied_head_is_stored_once_and_tied_again(own_folders: Path) -> None:
    folder = trained(own_folders)
    assert isinstance(train_run(folder), Finished)
    predictor = Predictor.of_run(folder)
    network: Any = predictor.model.network
    assert network.output.weight is network.token_embedding.weight
    assert predictor.model.description["aliases"] == {"output.weight": "token_embedding.weight"}
    loaded, complaints = newest_sound(folder)
    assert loaded is not None
    assert not complaints
    assert torch.equal(loaded.weights["output.weight"], loaded.weights["token_embedding.weight"])


def test_with_every_modern_choice_it_learns_and_writes_the_same_with_and_without_a_memory(own_folders: Path) -> None:
    folder = trained(own_folders, *MODERN, "training.steps=30")
    ending = train_run(folder)
    assert isinstance(ending, Finished), ending
    assert ending.metrics["validation_loss"] < 3.7  # a guess is worth 3.9
    predictor = Predictor.of_run(folder)
    network: Any = predictor.model.network
    assert network.output.weight is not network.token_embedding.weight
    sampling = Sampling(max_tokens=12, temperature=0.7, seed=1)
    remembered = written(predictor, "Work", sampling)

    class Whole(torch.nn.Module):
        def forward(self, tokens: torch.Tensor) -> torch.Tensor:
            return network(tokens)

    forgetful: Any = SimpleNamespace(
        model=SimpleNamespace(
            network=Whole(), inputs=predictor.model.inputs, outputs=predictor.model.outputs, threads=1
        ),
        task=predictor.task,
        preprocessing=predictor.preprocessing,
        device=predictor.device,
    )
    assert remembered == written(forgetful, "Work", sampling)
    assert len(written(predictor, "Work", Sampling(max_tokens=50))) == 50  # beyond the context


@pytest.mark.slow
@pytest.mark.parametrize("modern", [(), MODERN], ids=["gpt-2", "modern"])
def test_going_on_gives_what_an_uninterrupted_run_gives(own_folders: Path, modern: tuple[str, ...]) -> None:
    constant = ("training.steps=0", "training.schedule.kind=constant", *modern)
    straight = trained(own_folders / "straight", "training.epochs=2", *constant)
    assert isinstance(train_run(straight), Finished)
    parted = trained(own_folders / "parted", *constant)
    assert isinstance(train_run(parted), Finished)
    longer = read_recipe(parted.recipe, ["training.epochs=2"])
    events = list(train(longer, parted, attempt=2, changed={"training.epochs": 2}))
    assert isinstance(events[-1], Finished), events[-1]
    first, second = (newest_sound(folder)[0] for folder in (straight, parted))
    assert first is not None
    assert second is not None
    assert first.position.step == second.position.step
    assert all(torch.equal(first.weights[name], second.weights[name]) for name in first.weights)
