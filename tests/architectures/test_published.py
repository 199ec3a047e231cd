"""The published image networks: as many parameters as published, torchvision's names, and small pictures."""

from typing import Any

import pytest
import torch
from torch import Tensor, nn

from workbench.architectures import architectures, build
from workbench.core.errors import UserError
from workbench.core.registry import build_settings
from workbench.core.signature import Inputs
from workbench.networks.pictures import start_convolutions

IMAGENET = (3, 224, 224)
SMALL = (3, 32, 32)
KINDS = ("alexnet", "vgg", "resnet", "vit")
VIT_B = architectures["vit"].presets["ViT-B/16"]


def made(kind: str, inputs: tuple[int, ...] = SMALL, outputs: int = 10, **values: Any) -> nn.Module:
    return build(architectures[kind].settings.model_validate(values), Inputs("image", inputs), outputs)


def on_meta(kind: str, inputs: tuple[int, ...] = IMAGENET, outputs: int = 1000, **values: Any) -> nn.Module:
    with torch.device("meta"):
        return made(kind, inputs, outputs, **values)


@pytest.mark.parametrize(
    ("kind", "values", "parameters"),
    [
        ("alexnet", {}, 61_100_840),
        ("vgg", {"depth": 11, "normalization": "none"}, 132_863_336),
        ("vgg", {"depth": 13, "normalization": "none"}, 133_047_848),
        ("vgg", {"depth": 16, "normalization": "none"}, 138_357_544),
        ("vgg", {"depth": 16, "normalization": "batch"}, 138_365_992),
        ("vgg", {"depth": 19, "normalization": "none"}, 143_667_240),
        ("resnet", {"depth": 18}, 11_689_512),
        ("resnet", {"depth": 34}, 21_797_672),
        ("resnet", {"depth": 50}, 25_557_032),
        ("resnet", {"depth": 101}, 44_549_160),
        ("resnet", {"depth": 152}, 60_192_808),
        ("resnet", {"depth": 50, "width": 2}, 68_883_240),
        ("vit", VIT_B, 86_567_656),
        ("vit", {**VIT_B, "patch": 32}, 88_224_232),
    ],
)
def test_networks_for_photographs_have_their_published_size(kind: str, values: dict[str, Any], parameters: int) -> None:
    assert sum(parameter.numel() for parameter in on_meta(kind, **values).parameters()) == parameters


@pytest.mark.parametrize(
    ("values", "millions"),
    [
        ({"depth": 20}, 0.27),  # He et al. 2016, table 6
        ({"depth": 32}, 0.46),
        ({"depth": 44}, 0.66),
        ({"depth": 56}, 0.85),
        ({"depth": 110}, 1.73),  # "1.7M" in the table
        ({"depth": 40, "width": 4}, 8.9),  # Zagoruyko and Komodakis 2016, tables 3 and 4
        ({"depth": 16, "width": 8}, 11.0),
        ({"depth": 28, "width": 10}, 36.5),
    ],
)
def test_networks_for_small_pictures_have_their_published_size(values: dict[str, int], millions: float) -> None:
    network = on_meta("resnet", SMALL, 10, **values)
    count = sum(parameter.numel() for parameter in network.parameters()) / 1e6
    assert count == pytest.approx(millions, abs=0.005 if millions < 1.5 else 0.05)


@pytest.mark.parametrize(
    ("kind", "values", "names"),
    [
        ("alexnet", {}, {"features.0.weight": (64, 3, 11, 11), "features.10.bias": (256,)}),
        ("alexnet", {}, {"classifier.1.weight": (4096, 9216), "classifier.6.bias": (1000,)}),
        ("vgg", {"depth": 19, "normalization": "none"}, {"features.34.weight": (512, 512, 3, 3)}),
        ("vgg", {"depth": 16}, {"features.41.running_mean": (512,), "classifier.0.weight": (4096, 25088)}),
        ("resnet", {"depth": 18}, {"layer2.0.downsample.0.weight": (128, 64, 1, 1), "fc.bias": (1000,)}),
        ("resnet", {"depth": 50}, {"conv1.weight": (64, 3, 7, 7), "layer3.5.bn3.num_batches_tracked": ()}),
        (
            "vit",
            VIT_B,
            {
                "class_token": (1, 1, 768),
                "conv_proj.weight": (768, 3, 16, 16),
                "encoder.pos_embedding": (1, 197, 768),
                "encoder.layers.encoder_layer_11.self_attention.in_proj_weight": (2304, 768),
                "encoder.layers.encoder_layer_11.self_attention.out_proj.bias": (768,),
                "encoder.layers.encoder_layer_0.mlp.3.weight": (768, 3072),
                "encoder.layers.encoder_layer_0.ln_2.weight": (768,),
                "encoder.ln.bias": (768,),
                "heads.head.weight": (1000, 768),
            },
        ),
    ],
)
def test_weights_are_called_as_in_torchvision(kind: str, values: Any, names: dict[str, tuple[int, ...]]) -> None:
    weights = on_meta(kind, **values).state_dict()
    assert {name: tuple(weights[name].shape) for name in names} == names


def test_a_state_dict_has_as_many_entries_as_torchvisions() -> None:
    counts = {"alexnet": ({}, 16), "vgg": ({"depth": 16}, 97), "resnet": ({"depth": 50}, 320), "vit": (VIT_B, 152)}
    assert {kind: len(on_meta(kind, **values).state_dict()) for kind, (values, _) in counts.items()} == {
        kind: count for kind, (_, count) in counts.items()
    }


@pytest.mark.parametrize("size", [(1, 8, 8), (1, 28, 28), (3, 32, 32), (3, 29, 45)])
@pytest.mark.parametrize("kind", KINDS)
def test_small_pictures_are_read_whole(kind: str, size: tuple[int, int, int]) -> None:
    torch.manual_seed(0)
    network = made(kind, size, 5, **architectures[kind].tiny).eval()
    picture = torch.randn(1, *size)
    changed = picture.clone()
    changed[..., -1, -1] += 3  # the last pixel counts too
    with torch.no_grad():
        assert network(picture).shape == (1, 5)
        assert not torch.equal(network(picture), network(changed))


@pytest.mark.parametrize("depth", [16, 18, 50])
def test_each_design_computes(depth: int) -> None:
    network = made("resnet", (1, 12, 12), 3, depth=depth).eval()
    assert network(torch.randn(2, 1, 12, 12)).shape == (2, 3)


@pytest.mark.parametrize(
    ("kind", "values", "side", "least"),
    [
        ("alexnet", {"stem": "standard"}, 62, "63×63"),
        ("alexnet", {}, 4, "5×5"),
        ("vgg", {}, 3, "4×4"),
        ("resnet", {"depth": 18, "stem": "standard"}, 28, "32×32"),
        ("resnet", {}, 2, "4×4"),
        ("vit", {"patch": 16}, 8, "16×16"),
    ],
)
def test_pictures_that_are_too_small_are_refused(kind: str, values: dict[str, Any], side: int, least: str) -> None:
    with pytest.raises(UserError) as caught:
        on_meta(kind, (3, side, side), **values)
    assert least in str(caught.value)
    assert "larger images" in str(caught.value.hint)


def test_pictures_of_the_least_size_pass() -> None:
    for kind, values, side in (("alexnet", {"stem": "standard"}, 63), ("alexnet", {}, 5), ("vgg", {}, 4)):
        network = made(kind, (3, side, side), **{**architectures[kind].tiny, **values}).eval()
        assert network(torch.zeros(1, 3, side, side)).shape == (1, 10)


def test_filters_begin_with_the_variance_of_their_outputs() -> None:
    torch.manual_seed(0)
    network = made("resnet", depth=16, width=4)
    convolution = network.get_submodule("layer3.1.conv1")
    assert isinstance(convolution, nn.Conv2d)
    assert float(convolution.weight.detach().std()) == pytest.approx((2 / (9 * 256)) ** 0.5, rel=0.01)
    assert network.state_dict()["layer3.1.bn1.weight"].min() == 1


def test_a_bounded_activation_has_a_gain_of_its_own() -> None:
    torch.manual_seed(0)
    layer = nn.Conv2d(64, 64, 3)
    start_convolutions(layer, "tanh")
    assert float(layer.weight.detach().std()) == pytest.approx(5 / 3 / (9 * 64) ** 0.5, rel=0.02)


def test_the_linear_layers_of_vgg_begin_small_where_they_are_wide() -> None:
    torch.manual_seed(0)
    weights = made("vgg", width=0.0625, hidden=4096).state_dict()
    assert float(weights["classifier.3.weight"].std()) == pytest.approx(0.01, rel=0.1)
    assert float(weights["classifier.0.weight"].std()) == pytest.approx((2 / 32) ** 0.5, rel=0.1)


def test_activations_keep_their_scale_through_a_deep_network() -> None:
    torch.manual_seed(0)
    network = made("vgg", normalization="none", width=0.5, hidden=16).eval()
    with torch.no_grad():
        features: Tensor = network.get_submodule("features")(torch.randn(4, 3, 32, 32))
    assert 0.1 < float(features.pow(2).mean().sqrt()) < 10


def test_a_vision_transformer_begins_as_published() -> None:
    torch.manual_seed(0)
    network = made("vit", SMALL, 10)
    weights = network.state_dict()
    assert float(weights["encoder.pos_embedding"].std()) == pytest.approx(0.02, rel=0.05)
    assert float(weights["conv_proj.weight"].std()) == pytest.approx((3 * 4 * 4) ** -0.5, rel=0.05)
    assert not weights["class_token"].any()
    packed = weights["encoder.layers.encoder_layer_0.self_attention.in_proj_weight"]
    assert float(packed.abs().max()) == pytest.approx((6 / (4 * 128)) ** 0.5, rel=0.01)


@pytest.mark.parametrize(("side", "patches"), [(8, 64), (28, 49), (32, 64), (64, 64), (224, 196)])
def test_a_vision_transformer_cuts_small_pictures_into_small_patches(side: int, patches: int) -> None:
    assert on_meta("vit", (3, side, side)).state_dict()["encoder.pos_embedding"].shape[1] == 1 + patches


def test_heads_must_share_the_width() -> None:
    with pytest.raises(UserError, match="A width of 100 cannot be shared out among 3 heads"):
        build_settings(architectures, {"width": 100, "heads": 3}, "vit", "architecture")


def test_attention_is_torchs_own() -> None:
    torch.manual_seed(0)
    layer = made("vit", SMALL, 10).get_submodule("encoder.layers.encoder_layer_0.self_attention")
    reference = nn.MultiheadAttention(128, 4, batch_first=True)
    reference.load_state_dict(layer.state_dict())
    values = torch.randn(2, 5, 128)
    torch.testing.assert_close(layer(values), reference(values, values, values)[0])
