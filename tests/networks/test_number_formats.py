"""Weights in fewer bits: every architecture with weights in every format, against the same in float32."""

from pathlib import Path

import pytest
import torch
from safetensors.torch import save_file
from torch import nn

from tests.architectures.test_architectures import FIRST, made
from workbench.networks.int8 import Int8Linear, computes_in_int8, quantized
from workbench.networks.number_formats import FORMATS, SCALE, compute_in, narrowed, share, short_numbers, widened
from workbench.networks.tensor_reading import read_tensors

CPU = torch.device("cpu")
MOST = {"int8-dynamic": 0.15, "bfloat16": 0.1}  # of the deviation of the outputs


@pytest.mark.parametrize("kind", ["int8-dynamic", "bfloat16"])  # a CPU computes with the others as with float32
@pytest.mark.parametrize("case", FIRST, ids=lambda case: "-".join(case))
def test_every_architecture_tells_about_the_same(case: tuple[str, str, str], kind: str) -> None:
    network, inputs = made(*case)
    network.eval().requires_grad_(False)
    with torch.inference_mode():
        before = network(inputs)
    kept = narrowed(network.state_dict(), kind)
    network.load_state_dict(widened(kept))
    compute_in(network, kind, kept, CPU)
    with torch.inference_mode():
        after = network(inputs)
    assert after.dtype == torch.float32
    assert (after - before).abs().mean() <= MOST[kind] * before.std().clamp_min(1e-3)


def test_a_row_is_so_many_steps_of_its_own_size() -> None:
    weight = torch.randn(6, 4, 3, 3) * torch.logspace(-3, 3, 6)[:, None, None, None]
    whole, scale = quantized(weight)
    assert whole.dtype == torch.int8
    steps = scale[:, None, None, None]
    assert bool(((whole * steps - weight).abs() <= steps * 0.501).all()), "half a step is the most that is lost"


def test_products_of_whole_numbers_are_those_of_a_linear_layer() -> None:
    if not computes_in_int8(CPU):
        pytest.skip("this processor computes in float32 instead")
    layer = nn.Linear(300, 40)
    inputs = torch.randn(2, 5, 300)
    whole, scale = quantized(layer.weight)
    made_whole = Int8Linear(whole, scale, layer.bias)
    torch.testing.assert_close(made_whole.weight, whole * scale[:, None])
    assert (made_whole(inputs) - layer(inputs)).abs().max() < 0.03
    assert torch.equal(made_whole(torch.zeros(1, 300))[0], layer.bias.detach()), "nothing is divided by nothing"


def test_linear_layers_compute_in_whole_numbers_and_others_do_not() -> None:
    network, _ = made("convnet", "image", "classification")
    kept = narrowed(network.state_dict(), "int8-dynamic")
    compute_in(network, "int8-dynamic", kept, CPU)
    found = [type(module) for module in network.modules()]
    assert (Int8Linear in found) == computes_in_int8(CPU)
    assert nn.Conv2d in found


def test_sixteen_bits_are_computed_with_where_the_device_has_them() -> None:
    network, inputs = made("mlp", "table", "classification")
    kept = narrowed(network.state_dict(), "bfloat16")
    compute_in(network, "bfloat16", kept, CPU)
    types = {layer.weight.dtype for layer in network.modules() if isinstance(layer, nn.Linear)}
    assert types == {torch.bfloat16 if short_numbers(CPU) else torch.float32}
    assert network(inputs).dtype == torch.float32


def test_what_is_tied_is_kept_once(tmp_path: Path) -> None:
    network, _ = made("gpt", "text", "next_token")
    state = network.state_dict()
    kept = narrowed(state, "int8")
    assert kept["output.weight"] is kept["token_embedding.weight"]
    assert kept["output.weight" + SCALE] is kept["token_embedding.weight" + SCALE]


def test_a_file_of_eight_bits_is_about_a_quarter(tmp_path: Path) -> None:
    state = nn.Linear(512, 256).state_dict()
    sizes = {}
    for kind in ("float32", *FORMATS):
        kept = state if kind == "float32" else narrowed(state, kind)
        save_file({name: tensor.contiguous() for name, tensor in kept.items()}, tmp_path / kind)
        sizes[kind] = (tmp_path / kind).stat().st_size
        wide = widened(read_tensors(tmp_path / kind))
        assert wide.keys() == state.keys()
        assert (wide["weight"] - state["weight"]).abs().max() < 3e-4
    assert sizes["int8"] < 0.26 * sizes["float32"]
    assert sizes["float16"] < 0.51 * sizes["float32"]
    assert share(narrowed(state, "int8"), "int8") == pytest.approx(512 * 256 / (512 * 256 + 2 * 256))
