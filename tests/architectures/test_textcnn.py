"""The convolutional network for texts."""

import torch
from torch import Tensor

from workbench.architectures.textcnn import TextCnn, TextCnnSettings
from workbench.core.signature import Inputs


def network(length: int = 12) -> TextCnn:
    torch.manual_seed(0)
    return TextCnn(TextCnnSettings(embedding=8, filters=6), Inputs("text", (length,), 30), 2).eval()


def scores(model: TextCnn, tokens: Tensor) -> Tensor:
    with torch.no_grad():
        return model(tokens)


def test_kims_network_has_its_size() -> None:
    model = TextCnn(TextCnnSettings(embedding=300, windows=(3, 4, 5)), Inputs("text", (50,), 1000), 2)
    convolutions = sum(300 * window * 100 + 100 for window in (3, 4, 5))
    assert sum(p.numel() for p in model.parameters()) == 1000 * 300 + convolutions + 300 * 2 + 2


def test_a_phrase_counts_wherever_it_stands() -> None:
    model = network()
    early, late = torch.zeros(2, 12, dtype=torch.int64)
    early[3:6] = late[5:8] = torch.tensor([7, 8, 9])
    torch.testing.assert_close(scores(model, early[None]), scores(model, late[None]))


def test_a_text_shorter_than_the_widest_window_can_be_read() -> None:
    assert scores(network(2), torch.tensor([[3, 4]])).shape == (1, 2)


def test_padding_is_not_learned() -> None:
    model = network().train()
    model(torch.tensor([[3, 4, 5, 6, 0, 0]])).sum().backward()
    assert model.embedding.weight.grad is not None
    assert not model.embedding.weight.grad[0].any()
    assert not model.embedding.weight[0].any()
