"""The examples of the guide work as they stand."""

import re
from collections.abc import Iterator

import pytest
import torch
from torch.nn.functional import cross_entropy

from workbench.architectures import architectures, build
from workbench.core.errors import UserError
from workbench.core.paths import resources
from workbench.core.registry import build_settings
from workbench.core.signature import Inputs


@pytest.fixture
def example() -> Iterator[str]:
    """Run the example of the guide; afterwards the registry is as it was."""
    page = (resources() / "guide" / "adding_an_architecture.md").read_text(encoding="utf-8")
    (code,) = re.findall(r"```python\n(.*?)```", page, flags=re.DOTALL)
    before = dict(architectures)
    exec(compile(code, "adding_an_architecture.md", "exec"), {"__name__": "workbench.architectures.highway"})
    yield code
    architectures._entries.clear()
    architectures._entries.update(before)


def test_the_example_is_short(example: str):
    assert len(example.splitlines()) < 40


def test_the_example_is_registered_with_its_settings(example: str):
    settings = build_settings(architectures, {"kind": "highway", "depth": 4}, "convnet", "architecture")
    assert settings.model_dump() == {"kind": "highway", "width": 64, "depth": 4}
    with pytest.raises(UserError, match="at least 1"):
        build_settings(architectures, {"kind": "highway", "depth": 0}, "convnet", "architecture")


def test_the_example_learns(example: str):
    torch.manual_seed(0)
    settings = build_settings(architectures, {"kind": "highway"}, "convnet", "architecture")
    network = build(settings, Inputs("image", (1, 8, 8)), 10)
    images, labels = torch.randn(60, 1, 8, 8), torch.arange(60) % 10
    optimizer = torch.optim.AdamW(network.parameters(), lr=1e-2)
    for _ in range(60):
        optimizer.zero_grad()
        cross_entropy(network(images), labels).backward()
        optimizer.step()
    assert network(images).shape == (60, 10)
    assert (network(images).argmax(1) == labels).float().mean() > 0.9
