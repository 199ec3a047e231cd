"""Writing 200 characters with a small GPT: ours against the loop that reads everything again for each of them."""

import copy
import os
from collections.abc import Callable, Iterator
from types import SimpleNamespace
from typing import Any

import torch
from torch import Tensor, nn

from tests.benchmarks.measuring import Amount, Figure, Result, Row, alternate
from workbench.architectures.gpt import GPT, GPTSettings
from workbench.data.text_preprocessing import TextPreprocessing
from workbench.inference.generation import Writing
from workbench.inference.sampling import Sampling
from workbench.tasks import tasks

TOKENS = 200
SETTINGS = GPTSettings(tokens="character", context=256, layers=6, heads=6, width=384)
_DEVICE = "cuda" if torch.cuda.is_available() else "cpu"
LETTERS = tuple(map(chr, range(33, 33 + 63)))  # and two ids that stand for nothing: 65


def _measure(rounds: int) -> Iterator[Result]:
    predictor = _predictor((os.cpu_count() or 1) if _DEVICE == "cpu" else 1)
    network = copy.deepcopy(predictor.model.network)  # as it is: writing lays weights out anew
    weights = sum(parameter.numel() for parameter in network.parameters()) - network.position_embedding.weight.numel()  # pyright: ignore[reportOptionalMemberAccess]
    yield Amount("Weights without positions", "million", [weights / 1e6])
    likeliest = Sampling(max_tokens=TOKENS, temperature=0)
    ours = [token.id for token in Writing(predictor, "!", likeliest)]
    assert ours == _by_hand(network, predictor, "!", lambda logits: logits.argmax(dim=-1, keepdim=True))
    for threads in range(1, predictor.model.threads + 1):
        predictor.model.threads = threads
        found = Figure(f"{TOKENS} characters, {threads} threads", "loop that reads all again", "ours", reach=8)
        yield alternate(found, *_ways(network, predictor, threads), rounds)


def _ways(network: GPT, predictor: Any, threads: int) -> tuple[Callable[[], object], Callable[[], object]]:
    def by_hand() -> None:
        torch.set_num_threads(threads)
        _by_hand(network, predictor, "!", lambda logits: torch.multinomial(torch.softmax(logits / 0.8, dim=-1), 1))

    return by_hand, lambda: list(Writing(predictor, "!", Sampling(max_tokens=TOKENS)))


@torch.no_grad()
def _by_hand(network: nn.Module, predictor: Any, prompt: str, choose: Callable[[Tensor], Tensor]) -> list[int]:
    """Write as scripts for small GPTs do: the whole context goes through the network for each token."""
    ids = torch.tensor([predictor.preprocessing.stream([prompt]).tolist()], device=_DEVICE)
    begin = ids.shape[1]
    for _ in range(TOKENS):
        logits = network(ids[:, -SETTINGS.context :])[:, -1]
        logits[:, :2] = -torch.inf
        ids = torch.cat((ids, choose(logits)), dim=1)
    return ids[0, begin:].tolist()


def _predictor(threads: int) -> Any:
    """Return a GPT with fresh weights, made a bit larger so that it does not only repeat itself."""
    preprocessing = TextPreprocessing("character", LETTERS, SETTINGS.context)
    inputs = preprocessing.inputs
    torch.manual_seed(0)
    network = GPT(SETTINGS, inputs, inputs.vocabulary).to(_DEVICE).eval().requires_grad_(False)
    for parameter in network.parameters():
        parameter.mul_(2)
    model = SimpleNamespace(network=network, inputs=inputs, outputs=inputs.vocabulary, threads=threads)
    task = tasks["next_token"]
    return SimpleNamespace(model=model, task=task, preprocessing=preprocessing, device=torch.device(_DEVICE))


ROW = Row(12, "200 characters of a GPT with 10.65 million weights", _measure)
