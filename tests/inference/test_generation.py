"""Writing on: the same with and without a memory, by its seed, within its limits, and as far as it is told."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
import torch
from torch import Tensor, nn

from tests.training.runs import trained
from workbench.core.errors import UserError
from workbench.core.events import Finished
from workbench.data.text_preprocessing import TextPreprocessing
from workbench.data.token_preprocessing import SubwordPreprocessing, trained_bpe
from workbench.data.tokenizer_files import tokenizer_from
from workbench.inference import generation
from workbench.inference.generation import Writing, marks_of, written
from workbench.inference.predictor import Predictor
from workbench.inference.sampling import Sampling, drawn, penalised
from workbench.networks.causal import Decoder
from workbench.networks.variant import Variant
from workbench.tasks import tasks

LETTERS = tuple("abcdefghijklmnopqrstuvwxyz .,\n")


class Whole(nn.Module):
    """The same network without its memory."""

    def __init__(self, network: Decoder) -> None:
        super().__init__()
        self.network = network

    def forward(self, tokens: Tensor) -> Tensor:
        return self.network(tokens)


def predictor(
    context: int = 16, *, whole: bool = False, preprocessing: Any = None, variant: Variant | None = None
) -> Any:
    preprocessing = preprocessing or TextPreprocessing("character", LETTERS, context)
    vocabulary = preprocessing.inputs.vocabulary
    torch.manual_seed(0)
    size: dict[str, Any] = {"context": context, "layers": 2, "heads": 2, "width": 16}
    network: Any = Decoder(vocabulary=vocabulary, outputs=vocabulary, variant=variant or Variant(), **size)
    with torch.no_grad():
        for parameter in network.parameters():
            parameter.mul_(3)
        if variant:
            for table in network.ngram_embedding.embeddings:
                table.weight.normal_()
    network.eval()
    model = SimpleNamespace(
        network=Whole(network) if whole else network, inputs=preprocessing.inputs, outputs=vocabulary, threads=1
    )
    task = tasks["next_token"]
    return SimpleNamespace(model=model, task=task, preprocessing=preprocessing, device=torch.device("cpu"))


@dataclass
class Told:
    """A network that wants to write a given text."""

    text: str
    context: int = 1000
    reads: list[int] = field(default_factory=list)

    def continued(self, tokens: Tensor, memory: Any = None) -> tuple[Tensor, Any]:
        self.reads.append(tokens.shape[1])
        done = len(self.reads) - 1
        logits = torch.zeros(1, len(LETTERS) + 2)
        logits[0, LETTERS.index(self.text[done % len(self.text)]) + 2] = 20.0
        return logits, "memory"


def telling(text: str) -> Any:
    made = predictor()
    made.model.network = Told(text)
    return made


def test_the_memory_changes_nothing_while_the_context_lasts() -> None:
    sampling = Sampling(max_tokens=12, seed=3)
    assert written(predictor(), "abc", sampling) == written(predictor(whole=True), "abc", sampling)


@pytest.mark.parametrize("temperature", [0, 1])
def test_it_writes_what_reading_everything_again_would_write(temperature: float) -> None:
    context, kept = 16, 12
    made = predictor(context)
    sampling = Sampling(max_tokens=60, temperature=temperature, seed=7)
    writing = Writing(made, "abc", sampling)
    tokens = [token.id for token in writing]
    ids, begin, chance = writing.ids[:3], 0, torch.Generator().manual_seed(7)
    for token in tokens:
        if len(ids) - begin > context:  # it is full: the newest part is read as if the text began there
            begin = len(ids) - kept
        with torch.no_grad():
            logits = made.model.network(torch.tensor([ids[begin:]]))[0, -1].double()
        logits[:2] = -torch.inf
        ids.append(drawn(logits.numpy(), sampling, chance))
        assert token == ids[-1]


def test_the_seed_decides() -> None:
    texts = [written(predictor(), "abc", Sampling(max_tokens=60, seed=seed)) for seed in (1, 1, 2)]
    assert texts[0] == texts[1] != texts[2]
    assert len(texts[0]) == 60


def test_without_temperature_the_likeliest_is_taken() -> None:
    tokens = list(Writing(predictor(), "abc", Sampling(max_tokens=40, temperature=0, seed=5)))
    assert all(token.text == token.candidates[0][0] for token in tokens)
    assert all(token.probability == pytest.approx(token.candidates[0][1]) for token in tokens)


@pytest.mark.parametrize("context", [2, 3, 16])
def test_it_goes_on_beyond_the_context(context: int) -> None:
    writing = Writing(predictor(context), "a" * 40, Sampling(max_tokens=3 * context + 5))
    assert len("".join(token.text for token in writing)) == 3 * context + 5
    assert writing.reason == "length"
    assert str(writing.notes[0]) == f"The text has 40 tokens. The model reads the last {context} of them."


@pytest.mark.parametrize("variant", [None, Variant(positions="rotary", qk_norm=True, ngrams=3, ngram_rows=64)])
def test_recorded_tokens_are_those_that_would_be_written(
    variant: Variant | None, monkeypatch: pytest.MonkeyPatch
) -> None:
    usual = predictor(8, variant=variant)
    sampling = Sampling(max_tokens=40)  # far beyond the context
    expected = list(Writing(usual, "abc", sampling))
    recorded: list[Any] = []

    def recorder(work: Any) -> Any:
        recorded.append(work)
        return work

    monkeypatch.setattr(generation, "_records", lambda device: True)
    monkeypatch.setattr(generation, "CudaRecorder", lambda: recorder)
    found = list(Writing(usual, "abc", sampling))
    assert len(recorded) == 1
    assert [token.id for token in found] == [token.id for token in expected]
    assert [token.probability for token in found] == pytest.approx([token.probability for token in expected], rel=1e-4)


def test_the_newest_part_of_a_full_context_is_read_again() -> None:
    network = Told("ab", context=8)
    made = predictor()
    made.model.network = network
    list(Writing(made, "abc", Sampling(max_tokens=12)))
    assert network.reads == [3, 1, 1, 1, 1, 1, 6, 1, 1, 6, 1, 1, 6]


def test_probabilities_are_those_of_the_model() -> None:
    made = predictor()
    tokens = list(Writing(made, "abc", Sampling(max_tokens=5, temperature=0.3, top_k=3)))
    ids = [int(place) for place in made.preprocessing.stream(["abc"])]
    for token in tokens:
        logits = made.model.network(torch.tensor([ids]))[0, -1].detach().double()
        logits[:2] = -torch.inf
        assert token.probability == pytest.approx(float(torch.softmax(logits, 0)[token.id]), rel=1e-4)
        assert len(token.candidates) == 5
        ids.append(token.id)


@pytest.mark.parametrize(
    ("stop", "expected"),
    [(("cd",), "ab"), (("d",), "abc"), (("zz", "bc"), "a"), (("abcz",), "abcdabcdabcd"), (("",), "abcdabcdabcd")],
)
def test_it_ends_before_a_stop_text(stop: tuple[str, ...], expected: str) -> None:
    writing = Writing(telling("abcd"), "x", Sampling(max_tokens=12, stop=stop))
    assert "".join(token.text for token in writing) == expected
    assert writing.reason == ("length" if len(expected) == 12 else "stop")


def test_a_text_is_told_at_once_when_it_can_be_no_stop() -> None:
    network = Told("abcd")
    made = predictor()
    made.model.network = network
    writing = iter(Writing(made, "x", Sampling(max_tokens=8, stop=("cX",))))
    assert [next(writing).text, len(network.reads)] == ["a", 1]
    assert [next(writing).text, len(network.reads)] == ["b", 2]
    assert [next(writing).text, len(network.reads)] == ["c", 4]  # it waited for what came behind it


def test_half_characters_wait_for_their_rest() -> None:
    bpe = SubwordPreprocessing("bpe", trained_bpe(["plain letters"], 256, ("end",)), 32)
    made = predictor(32, preprocessing=bpe)
    ids = bpe.stream(["é好a"]).tolist()

    class Spells:
        context = 32

        def __init__(self) -> None:
            self.done = 0

        def continued(self, tokens: Tensor, memory: Any = None) -> tuple[Tensor, Any]:
            logits = torch.zeros(1, bpe.inputs.vocabulary)
            logits[0, ids[self.done] if self.done < len(ids) else bpe.special["end"]] = 30.0
            self.done += 1
            return logits, None

    made.model.network = Spells()
    writing = Writing(made, "x", Sampling(max_tokens=20, temperature=0))
    assert [token.text for token in writing] == ["", "é", "", "", "好", "a"]
    assert writing.reason == "end"


@pytest.mark.slow
def test_a_pretrained_model_writes_too(own_folders: Path) -> None:
    from safetensors.torch import save_file
    from transformers import GPT2Config, GPT2LMHeadModel

    folder = own_folders / "gpt2"
    tokenizer = trained_bpe(["Works well and looks good. Broke at once."], 300, ("end",))
    end = tokenizer_from(tokenizer).token_to_id("<|endoftext|>")
    config = GPT2Config(
        vocab_size=300, n_positions=32, n_embd=16, n_layer=1, n_head=2, bos_token_id=end, eos_token_id=end
    )
    torch.manual_seed(0)
    folder.mkdir()
    weights = {
        name: tensor for name, tensor in GPT2LMHeadModel(config).state_dict().items() if name != "lm_head.weight"
    }
    save_file(weights, folder / "model.safetensors", {"format": "pt"})
    config.architectures = ["GPT2LMHeadModel"]
    config.to_json_file(folder / "config.json")
    (folder / "tokenizer.json").write_text(tokenizer)
    (folder / "tokenizer_config.json").write_text('{"eos_token": "<|endoftext|>", "bos_token": "<|endoftext|>"}')
    run, ending = trained(
        own_folders / "runs",
        data={"kind": "samples", "name": "reviews", "task": "next_token", "validation": 0.4, "test": 0.4},
        architecture={"kind": "pretrained", "name": str(folder), "length": 16},
        training={"epochs": 1, "batch_size": 16, "device": "cpu", "threads": 1, "steps": 2},
    )
    assert isinstance(ending, Finished), ending
    used = Predictor.of_run(run)
    for prompt in ("Works", "", "Works well and looks good. " * 20):
        texts = [written(used, prompt, Sampling(max_tokens=40, seed=1)) for _ in range(2)]
        assert texts[0] == texts[1]


def test_an_empty_prompt_begins_a_text() -> None:
    assert len(written(predictor(), "", Sampling(max_tokens=4))) == 4


def test_what_stands_for_nothing_is_never_written() -> None:
    made = predictor()
    assert marks_of(made.preprocessing, 32) == (None, [0, 1])
    ids = [token.id for token in Writing(made, "a", Sampling(max_tokens=100, temperature=100))]
    assert min(ids) >= 2


def test_a_classifier_writes_no_texts() -> None:
    made = predictor()
    made.task = tasks["classification"]
    with pytest.raises(UserError, match="This model does not write texts"):
        Writing(made, "a")


@pytest.mark.parametrize(
    ("values", "message"),
    [
        ({"temperature": -1}, "temperature must lie between 0 and 100, but is -1."),
        ({"temperature": float("nan")}, "temperature must lie between 0 and 100, but is nan."),
        ({"top_p": 0}, "top_p must lie between 0 and 1, but is 0."),
        ({"max_tokens": 0}, "max_tokens must lie between 1 and 1,000,000, but is 0."),
        ({"repetition_penalty": 0}, "repetition_penalty must lie between 0.01 and 100, but is 0."),
    ],
)
def test_values_that_mean_nothing_are_refused(values: dict[str, Any], message: str) -> None:
    with pytest.raises(UserError) as caught:
        Sampling(**values)
    assert str(caught.value) == message


def shares(draws: Iterable[int], count: int) -> np.ndarray:
    return np.bincount(list(draws), minlength=count) / 4000


def many(sampling: Sampling) -> np.ndarray:
    logits = np.log([0.5, 0.25, 0.15, 0.1])
    chance = torch.Generator().manual_seed(0)
    return shares((drawn(logits, sampling, chance) for _ in range(4000)), 4)


def test_tokens_are_drawn_by_their_probability() -> None:
    assert many(Sampling(temperature=1)) == pytest.approx([0.5, 0.25, 0.15, 0.1], abs=0.03)
    squares = np.array([0.25, 0.0625, 0.0225, 0.01])
    assert many(Sampling(temperature=0.5)) == pytest.approx(squares / squares.sum(), abs=0.03)


def test_only_the_likeliest_are_drawn_from() -> None:
    assert many(Sampling(temperature=1, top_k=2)) == pytest.approx([2 / 3, 1 / 3, 0, 0], abs=0.03)
    assert many(Sampling(temperature=1, top_p=0.6)) == pytest.approx([2 / 3, 1 / 3, 0, 0], abs=0.03)
    assert many(Sampling(temperature=1, top_p=0.45)) == pytest.approx([1, 0, 0, 0])
    assert many(Sampling(temperature=1, top_k=1)) == pytest.approx([1, 0, 0, 0])


def test_repeats_are_made_less_likely() -> None:
    logits = np.array([2.0, -1.0, 0.5])
    assert penalised(logits, [0, 1, 0], 2.0).tolist() == [1.0, -2.0, 0.5]
    assert penalised(logits, [], 2.0) is logits
    assert len(set(written(predictor(), "abc", Sampling(max_tokens=25, temperature=0, repetition_penalty=50)))) > 15
