"""The transformer: padding is invisible, each task has its shape, and its settings are checked."""

import pytest
import torch
from pydantic import ValidationError
from torch import Tensor, nn

from workbench.architectures import architectures, build
from workbench.core.signature import Inputs
from workbench.networks.attention import MultiHeadAttention, mean_of, seen

ENTRY = architectures["transformer"]
TEXT, SERIES = Inputs("text", (12,), 30), Inputs("series", (12, 3))


def network(inputs: Inputs, outputs: int = 4, task: str = "classification", **settings: object) -> nn.Module:
    torch.manual_seed(0)
    chosen = ENTRY.settings.model_validate({"width": 16, "layers": 2, "heads": 2, "dropout": 0.1, **settings})
    return build(chosen, inputs, outputs, task).eval()


def ids(*lengths: int, total: int = 12) -> Tensor:
    torch.manual_seed(1)
    rows = torch.randint(1, 30, (len(lengths), total))
    return rows * (torch.arange(total) < torch.tensor(lengths)[:, None])


@pytest.mark.parametrize("pooling", ["mean", "first"])
@pytest.mark.parametrize("positions", ["learned", "sinusoidal"])
@pytest.mark.parametrize("norm", ["pre", "post"])
def test_padding_changes_no_output_of_a_text(pooling: str, positions: str, norm: str) -> None:
    model = network(TEXT, pooling=pooling, positions=positions, norm=norm)
    padded = ids(5, 12, 1)
    alone = torch.cat([model(row[:length][None]) for row, length in zip(padded, (5, 12, 1), strict=True)])
    torch.testing.assert_close(model(padded), alone, atol=1e-6, rtol=1e-5)


def test_padding_changes_no_output_of_a_series() -> None:
    model = network(SERIES)
    series = torch.randn(2, 12, 3)
    series[0, 7:] = torch.nan
    torch.testing.assert_close(model(series)[:1], model(series[:1, :7]), atol=1e-6, rtol=1e-5)
    series[1, 3, 1] = torch.nan  # one value alone is no padding: it counts as zero
    zero = series.nan_to_num()
    torch.testing.assert_close(model(series)[1:], model(zero[1:]))
    assert model(series).isfinite().all()


def test_padding_changes_no_masked_token() -> None:
    model = network(TEXT, 30, "masked_token")
    padded = ids(5)
    assert model(padded).shape == (1, 12, 30)
    torch.testing.assert_close(model(padded)[:, :5], model(padded[:, :5]), atol=1e-6, rtol=1e-5)


def test_padding_gets_no_gradient() -> None:
    model = network(TEXT)
    model(ids(5, 3)).sum().backward()
    embedding = model.get_submodule("embedding")
    assert isinstance(embedding, nn.Embedding)
    assert embedding.weight.grad is not None
    assert not embedding.weight.grad[0].any()
    assert not embedding.weight[0].any()


def test_a_text_without_tokens_has_a_finite_answer_and_gradient() -> None:
    model = network(TEXT)
    outputs = model(ids(0, 4))
    outputs.sum().backward()
    assert outputs.isfinite().all()
    assert all(part.grad is None or part.grad.isfinite().all() for part in model.parameters())


def test_attention_is_torchs_own() -> None:
    ours = MultiHeadAttention(16, 4)
    theirs = nn.MultiheadAttention(16, 4, batch_first=True)
    parts = (ours.query, ours.key, ours.value)
    with torch.no_grad():
        theirs.in_proj_weight.copy_(torch.cat([part.weight for part in parts]))
        theirs.in_proj_bias.copy_(torch.cat([ours.query.bias, torch.zeros(16), ours.value.bias]))
        theirs.out_proj.weight.copy_(ours.output.weight)
        theirs.out_proj.bias.copy_(ours.output.bias)
    values, real = torch.randn(3, 9, 16), torch.arange(9) < torch.tensor([[9], [4], [1]])
    expected, _ = theirs(values, values, values, key_padding_mask=~real)
    torch.testing.assert_close(ours(values, real), expected, atol=1e-5, rtol=1e-5)


def test_means_leave_out_padding() -> None:
    real = torch.tensor([[True, True, False], [False, False, False]])
    values = torch.tensor([[[1.0], [3.0], [9.0]], [[5.0], [7.0], [9.0]]])
    assert mean_of(values, real).tolist() == [[2.0], [0.0]]
    assert seen(real).tolist() == [[True, True, False], [True, False, False]]


@pytest.mark.parametrize("preset", ENTRY.presets)
def test_presets_build(preset: str) -> None:
    settings = ENTRY.settings.model_validate(ENTRY.presets[preset])
    with torch.device("meta"):
        model = build(settings, Inputs("text", (64,), 1000), 2, "classification")
    assert sum(part.numel() for part in model.parameters()) > 0


def test_heads_have_to_share_the_width() -> None:
    with pytest.raises(ValidationError, match="cannot be shared out among"):
        ENTRY.settings.model_validate({"width": 10, "heads": 4})
