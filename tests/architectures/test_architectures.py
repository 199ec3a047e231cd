"""Every architecture, whichever files there are: it builds, learns, keeps its settings and says what it is."""

import tomllib
from math import prod

import pytest
import tomli_w
import torch
from torch import Tensor, nn

from workbench.architectures import Architecture, architectures, best_for, build, register, why_not
from workbench.core.errors import UserError
from workbench.core.registry import build_settings
from workbench.core.settings import Settings
from workbench.core.signature import Inputs
from workbench.tasks import tasks

EXAMPLES = {
    "image": Inputs("image", (3, 28, 28)),
    "text": Inputs("text", (20,), vocabulary=50),
    "table": Inputs("table", (6,)),
    "series": Inputs("series", (12, 3)),
}
LARGE = Inputs("image", (3, 224, 224))  # of which every preset can make something
OF_TEXTS, OF_SAMPLES = ("next_token", "masked_token"), ("classification", "multi_label", "regression")
POSED = {  # what such inputs can pose
    "image": (*OF_SAMPLES, "reconstruction"),
    "text": (*OF_SAMPLES, *OF_TEXTS),
    "table": (*OF_SAMPLES, "reconstruction"),
    "series": (*OF_SAMPLES, "forecasting", "reconstruction"),
}
ELSEWHERE = {"pretrained"}  # is nothing without a folder: its own tests make one
CASES = [
    (kind, inputs, task)
    for kind, entry in architectures.items()
    for inputs in entry.inputs
    for task in entry.tasks
    if task in POSED[inputs] and task in tasks and kind not in ELSEWHERE
]
FIRST = [case for number, case in enumerate(CASES) if case[:2] not in [other[:2] for other in CASES[:number]]]
OUTPUTS = 4


def example(inputs: Inputs, count: int = 3) -> Tensor:
    """Return a batch of made-up samples."""
    generator = torch.Generator().manual_seed(1)
    if inputs.kind == "text":
        return torch.randint(1, inputs.vocabulary, (count, *inputs.shape), generator=generator)
    return torch.randn((count, *inputs.shape), generator=generator)


def outputs_for(inputs: Inputs, task: str) -> int:
    return tasks[task].outputs(OUTPUTS, inputs)


def made(kind: str, inputs_kind: str, task: str) -> tuple[nn.Module, Tensor]:
    """Return the tiny network of this kind, and a batch for it."""
    torch.manual_seed(0)
    inputs, entry = EXAMPLES[inputs_kind], architectures[kind]
    settings = entry.settings.model_validate(dict(entry.tiny))
    return build(settings, inputs, outputs_for(inputs, task), task), example(inputs)


def expected(inputs: Inputs, task: str, batch: int = 3) -> tuple[int, ...]:
    """Return the shape of what a network gives for a task."""
    if task == "reconstruction":
        return (batch, *inputs.shape)
    return (batch, *inputs.shape, inputs.vocabulary) if task in OF_TEXTS else (batch, outputs_for(inputs, task))


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


@pytest.mark.parametrize(("kind", "inputs", "task"), CASES)
def test_gradients_reach_every_parameter(kind: str, inputs: str, task: str) -> None:
    network, batch = made(kind, inputs, task)
    outputs = network(batch)
    assert outputs.shape == expected(EXAMPLES[inputs], task)
    (outputs * torch.rand_like(outputs)).square().sum().backward()
    for name, parameter in network.named_parameters():
        assert parameter.grad is not None, name
        assert torch.isfinite(parameter.grad).all(), name
        assert parameter.grad.abs().sum() > 0, name


@pytest.mark.parametrize(("kind", "inputs", "task"), FIRST)
def test_one_seed_gives_one_network(kind: str, inputs: str, task: str) -> None:
    first, second = made(kind, inputs, task)[0].state_dict(), made(kind, inputs, task)[0].state_dict()
    assert first.keys() == second.keys()
    assert all(torch.equal(first[name], second[name]) for name in first)


@pytest.mark.parametrize(("kind", "inputs", "task"), FIRST)
def test_weights_go_from_one_network_to_another(kind: str, inputs: str, task: str) -> None:
    network, batch = made(kind, inputs, task)
    other = made(kind, inputs, task)[0]
    with torch.no_grad():
        for parameter in other.parameters():
            parameter.add_(1.0)
    other.load_state_dict(network.state_dict())
    with torch.no_grad():
        assert torch.equal(network.eval()(batch), other.eval()(batch))


@pytest.mark.parametrize(("kind", "task"), [(kind, task) for kind, inputs, task in FIRST if inputs == "image"])
def test_the_memory_layout_does_not_matter(kind: str, task: str) -> None:
    network, batch = made(kind, "image", task)
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


@pytest.mark.parametrize(("kind", "inputs", "task"), FIRST)
def test_presets_can_be_built(kind: str, inputs: str, task: str) -> None:
    given = LARGE if inputs == "image" else EXAMPLES[inputs]
    for values in ({}, *architectures[kind].presets.values()):
        settings = architectures[kind].settings.model_validate(dict(values))
        with torch.device("meta"):  # of shapes alone: some of them are large
            try:
                network = build(settings, given, outputs_for(given, task), task).eval()
            except UserError:
                assert inputs != architectures[kind].inputs[0]  # a preset may be for one kind of inputs alone
                continue
            batch = torch.empty((3, *given.shape), dtype=torch.int64 if given.kind == "text" else torch.float32)
            found = network(batch)
        assert found.numel() >= prod(expected(given, task))


@pytest.mark.parametrize(
    ("inputs", "task"), [(inputs, task) for inputs in EXAMPLES for task in POSED[inputs] if task in tasks]
)
def test_the_best_one_fits(inputs: str, task: str) -> None:
    assert why_not(best_for(inputs, [task]), inputs, [task]) is None


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
