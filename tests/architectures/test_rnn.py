"""The recurrent networks: as large as published, equal to PyTorch's own, and blind to padding."""

from typing import Any

import pytest
import torch
from torch import Tensor, nn

from workbench.architectures import build
from workbench.architectures.rnn import Rnn, RnnSettings
from workbench.core.signature import Inputs

TEXT = Inputs("text", (12,), vocabulary=30)


def made(inputs: Inputs, outputs: int = 3, **values: Any) -> Rnn:
    torch.manual_seed(0)
    network = build(RnnSettings(**values), inputs, outputs)
    assert isinstance(network, Rnn)
    return network.eval()


def count(network: nn.Module) -> int:
    return sum(parameter.numel() for parameter in network.parameters())


def test_it_has_the_published_number_of_parameters() -> None:
    assert count(made(Inputs("series", (20, 10)), 2, cell="lstm", hidden=50, layers=2)) == 32_902
    assert count(made(Inputs("series", (20, 100)), 10, cell="lstm", hidden=128)) == 119_050
    assert count(made(Inputs("image", (1, 28, 28)), 10, hidden=128)) == 4 * 128 * (28 + 128 + 2) + 128 * 10 + 10
    embedded = made(TEXT, 10, hidden=128, embedding=100)
    assert count(embedded) == 119_050 + 30 * 100


@pytest.mark.parametrize("bidirectional", [False, True])
@pytest.mark.parametrize(("cell", "theirs"), [("lstm", nn.LSTM), ("gru", nn.GRU), ("plain", nn.RNN)])
@torch.no_grad()
def test_it_equals_pytorchs_own(cell: str, theirs: Any, bidirectional: bool) -> None:
    network = made(Inputs("series", (15, 4)), cell=cell, hidden=8, layers=2, bidirectional=bidirectional)
    own = theirs(4, 8, 2, batch_first=True, bidirectional=bidirectional)
    own.load_state_dict(network.recurrent.state_dict())
    series = torch.randn(5, 15, 4)
    _, last = own(series)
    last = last[0] if isinstance(last, tuple) else last  # an LSTM gives its cells too
    ends = torch.cat((last[-2], last[-1]), dim=1) if bidirectional else last[-1]
    expected = nn.functional.linear(ends, network.output.weight, network.output.bias)
    assert (network(series) - expected).abs().max() < 1e-6


def test_an_image_is_read_row_by_row() -> None:
    inputs = Inputs("image", (3, 5, 7))
    network, images = made(inputs), torch.randn(2, 3, 5, 7)
    rows = torch.stack([torch.cat([images[:, channel, row] for channel in range(3)], 1) for row in range(5)], 1)
    same = made(Inputs("series", (5, 21)))
    same.load_state_dict(network.state_dict())
    torch.testing.assert_close(network(images), same(rows))


def texts(*lengths: int) -> Tensor:
    """Return made-up ids, each text of its length and then padded."""
    generator = torch.Generator().manual_seed(3)
    ids = torch.randint(1, TEXT.vocabulary, (len(lengths), *TEXT.shape), generator=generator)
    return ids * (torch.arange(TEXT.shape[0]) < torch.tensor(lengths)[:, None])


@pytest.mark.parametrize("read", ["last", "mean"])
@pytest.mark.parametrize("bidirectional", [False, True])
@pytest.mark.parametrize("cell", ["plain", "gru", "lstm"])
@torch.no_grad()
def test_padding_changes_nothing(cell: str, bidirectional: bool, read: str) -> None:
    network = made(TEXT, cell=cell, hidden=8, layers=2, bidirectional=bidirectional, read=read)
    lengths = (12, 7, 1, 4)
    padded = texts(*lengths)
    together = network(padded)
    for row, length in enumerate(lengths):
        torch.testing.assert_close(together[row], network(padded[row : row + 1, :length])[0])


def test_an_empty_text_has_an_answer_too() -> None:
    for bidirectional in (False, True):
        answers = made(TEXT, bidirectional=bidirectional)(texts(0, 3))
        assert torch.isfinite(answers).all()


def test_shapes_are_known_without_computing() -> None:
    with torch.device("meta"):
        network = made(TEXT, bidirectional=True, read="mean")
        assert network(torch.zeros((2, *TEXT.shape), dtype=torch.long)).shape == (2, 3)


def test_an_lstm_begins_by_keeping_its_memory() -> None:
    recurrent = made(Inputs("series", (5, 4)), hidden=6, bidirectional=True, layers=2).recurrent
    for name, parameter in recurrent.named_parameters():
        if "bias" in name:
            assert torch.equal(parameter[6:12], torch.full((6,), 1.0 if "bias_ih" in name else 0.0))
    drawn = made(Inputs("series", (5, 4)), hidden=6, forget_bias=0.0).recurrent.get_parameter("bias_ih_l0")
    assert (drawn.abs() <= 6**-0.5).all()


def test_orthogonal_weights_keep_lengths() -> None:
    for cell, gates in (("plain", 1), ("gru", 3), ("lstm", 4)):
        recurrent = made(Inputs("series", (5, 4)), cell=cell, hidden=6, initialization="orthogonal").recurrent
        for matrix in recurrent.get_parameter("weight_hh_l0").view(gates, 6, 6):
            torch.testing.assert_close(matrix @ matrix.T, torch.eye(6))


def test_dropout_works_in_training_alone() -> None:
    network = made(Inputs("series", (5, 4)), dropout=0.5)
    series = torch.randn(4, 5, 4)
    assert torch.equal(network(series), network(series))
    network.train()
    assert not torch.equal(network(series), network(series))


@pytest.mark.parametrize("bidirectional", [False, True])
@pytest.mark.parametrize("read", ["last", "mean"])
@torch.no_grad()
def test_padded_steps_of_a_series_change_nothing(bidirectional: bool, read: str) -> None:
    network = made(Inputs("series", (9, 2)), hidden=6, bidirectional=bidirectional, read=read)
    series = torch.randn(3, 9, 2)
    series[0, 5:], series[2, 7:] = torch.nan, torch.nan
    together = network(series)
    torch.testing.assert_close(together[0], network(series[:1, :5])[0])
    torch.testing.assert_close(together[1], network(series[1:2])[0])
    torch.testing.assert_close(together[2], network(series[2:, :7])[0])
