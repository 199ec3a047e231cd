import pytest
import torch

from workbench.core.words import from_plain
from workbench.engine import ask, devices


def test_the_processor_is_always_there() -> None:
    found = ask("devices.list")
    cpu = found["devices"][-1]
    assert cpu["name"] == "cpu"
    assert cpu["title"]
    assert cpu["cores"] >= 1
    assert cpu["memory"] > 1e8


def test_either_a_gpu_is_listed_or_it_is_said_why_none_is() -> None:
    found = ask("devices.list")
    assert bool(str(from_plain(found["why"]))) == (len(found["devices"]) == 1)


def test_a_card_without_cuda_in_torch_is_pointed_out(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(torch.backends.cuda, "is_built", lambda: False)
    monkeypatch.setattr(torch.version, "hip", None)
    monkeypatch.setattr(devices, "nvidia_card", lambda: "NVIDIA T4")
    assert str(devices.why_no_gpu()) == "This machine has NVIDIA T4, but this build of torch has no CUDA."
    monkeypatch.setattr(devices, "nvidia_card", lambda: "")
    assert str(devices.why_no_gpu()) == "This build of torch has no CUDA."


def test_a_hidden_card_and_a_broken_driver_are_named(monkeypatch: pytest.MonkeyPatch) -> None:
    def fail() -> None:
        raise RuntimeError("Found no NVIDIA driver on your system.\nMore.")

    monkeypatch.setattr(torch.backends.cuda, "is_built", lambda: True)
    monkeypatch.setattr(devices, "nvidia_card", lambda: "NVIDIA T4")
    monkeypatch.setattr(torch.cuda, "init", fail)
    assert str(devices.why_no_gpu()) == "torch sees no GPU: Found no NVIDIA driver on your system."
    monkeypatch.setenv("CUDA_VISIBLE_DEVICES", "")
    assert "CUDA_VISIBLE_DEVICES" in str(devices.why_no_gpu())
