"""Every architecture, whichever files there are: it builds, learns, keeps its settings and says what it is."""

import tomllib
from typing import Any

import pytest
import tomli_w
import torch
from torch import Tensor, nn
from torch.nn.functional import cross_entropy

from workbench.architectures import Architecture, architectures, best_for, build, register, why_not
from workbench.core.errors import UserError
from workbench.core.registry import build_settings
from workbench.core.settings import Settings
from workbench.core.signature import Inputs
from workbench.tasks import tasks

EXAMPLES = {"image": Inputs("image", (3, 28, 28)), "text": Inputs("text", (20,), vocabulary=50)}
CASES = [(kind, inputs) for kind, entry in architectures.items() for inputs in entry.inputs]
OUTPUTS = 4


def example(inputs: Inputs, count: int = 3) -> Tensor:
    """Return a batch of made-up samples."""
    generator = torch.Generator().manual_seed(1)
    if inputs.kind == "text":
        return torch.randint(inputs.vocabulary, (count, *inputs.shape), generator=generator)
    return torch.randn((count, *inputs.shape), generator=generator)


def made(kind: str, inputs_kind: str, **values: Any) -> tuple[nn.Module, Tensor]:
    torch.manual_seed(0)
    inputs = EXAMPLES[inputs_kind]
    return build(architectures[kind].settings(**values), inputs, OUTPUTS), example(inputs)


@pytest.mark.parametrize("kind", architectures)
def test_it_says_what_it_is(kind: str) -> None:
    entry = architectures[kind]
    assert entry.kind == kind == entry.settings().model_dump()["kind"]
    assert entry.title
    assert entry.summary.endswith(".")
    assert entry.inputs
    assert set(entry.inputs) <= set(EXAMPLES)
    assert entry.tasks
    assert set(entry.tasks) <= set(tasks)
    assert entry.picture[0] == "input"


@pytest.mark.parametrize("kind", architectures)
def test_every_setting_explains_itself(kind: str) -> None:
    for name, field in architectures[kind].settings.model_fields.items():
        if name != "kind":
            assert field.title, name
            assert field.description, name
            assert field.description.endswith("."), name


@pytest.mark.parametrize(("kind", "inputs"), CASES)
def test_gradients_reach_every_parameter(kind: str, inputs: str) -> None:
    network, batch = made(kind, inputs)
    logits = network(batch)
    assert logits.shape == (len(batch), OUTPUTS)
    cross_entropy(logits, torch.arange(len(batch))).backward()
    for name, parameter in network.named_parameters():
        assert parameter.grad is not None, name
        assert torch.isfinite(parameter.grad).all(), name
        assert parameter.grad.abs().sum() > 0, name


@pytest.mark.parametrize(("kind", "inputs"), CASES)
def test_one_seed_gives_one_network(kind: str, inputs: str) -> None:
    first, second = made(kind, inputs)[0].state_dict(), made(kind, inputs)[0].state_dict()
    assert first.keys() == second.keys()
    assert all(torch.equal(first[name], second[name]) for name in first)


@pytest.mark.parametrize(("kind", "inputs"), CASES)
def test_weights_go_from_one_network_to_another(kind: str, inputs: str) -> None:
    network, batch = made(kind, inputs)
    torch.manual_seed(7)
    other = build(architectures[kind].settings(), EXAMPLES[inputs], OUTPUTS)
    other.load_state_dict(network.state_dict())
    with torch.no_grad():
        assert torch.equal(network.eval()(batch), other.eval()(batch))


@pytest.mark.parametrize("kind", [kind for kind, inputs in CASES if inputs == "image"])
def test_the_memory_layout_does_not_matter(kind: str) -> None:
    network, batch = made(kind, "image")
    network.eval()
    with torch.no_grad():
        plain = network(batch)
        network.to(memory_format=torch.channels_last)  # type: ignore[call-overload]
        turned = network(batch.contiguous(memory_format=torch.channels_last))
    torch.testing.assert_close(turned, plain, rtol=1e-4, atol=1e-5)


@pytest.mark.parametrize("kind", architectures)
def test_settings_survive_a_file(kind: str) -> None:
    entry = architectures[kind]
    for values in ({}, *entry.presets.values()):
        settings = entry.settings(**values)
        text = tomli_w.dumps(settings.model_dump(mode="json"))
        assert build_settings(architectures, tomllib.loads(text), kind, "architecture") == settings


@pytest.mark.parametrize(("kind", "inputs"), CASES)
def test_presets_can_be_built(kind: str, inputs: str) -> None:
    for values in architectures[kind].presets.values():
        network, batch = made(kind, inputs, **values)
        assert network(batch).shape == (len(batch), OUTPUTS)


@pytest.mark.parametrize("task", tasks)
@pytest.mark.parametrize("inputs", EXAMPLES)
def test_the_best_one_fits(inputs: str, task: str) -> None:
    assert why_not(best_for(inputs, task), inputs, task) is None


def test_pictures_begin_with_convolutions_and_texts_too() -> None:
    assert best_for("image") == "convnet"
    assert best_for("text") == "textcnn"


def test_what_does_not_fit_says_why() -> None:
    assert str(why_not("convnet", EXAMPLES["text"], ["classification"])) == "Takes images, and these are texts."
    assert str(why_not("textcnn", "image", ["classification"])) == "Takes texts, and these are images."
    assert str(why_not("mlp", "image", ["dreaming"])) == "Cannot be trained for this task: dreaming."
    with pytest.raises(UserError, match=r"No architecture takes images for dreaming\."):
        best_for("image", ["dreaming"])


def test_an_architecture_is_registered_in_a_few_lines(monkeypatch: pytest.MonkeyPatch) -> None:
    class TinySettings(Settings):
        kind: str = "tiny"

    entries: dict[str, Architecture] = {}
    monkeypatch.setattr(architectures, "add", entries.__setitem__)

    @register("tiny", settings=TinySettings, title="Tiny", summary="One layer.", inputs=("image",))
    def tiny(settings: TinySettings, inputs: Inputs, outputs: int) -> nn.Module:
        return nn.Sequential(nn.Flatten(), nn.LazyLinear(outputs))

    network = entries["tiny"].build(TinySettings(), EXAMPLES["image"], 2)
    assert network(example(EXAMPLES["image"])).shape == (3, 2)
