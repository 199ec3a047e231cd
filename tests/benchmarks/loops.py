"""The loops by hand that reach or have a test accuracy: `python -m tests.benchmarks.loops fashion|cifar FILE SEED …`.

FILE: .npz with images (N, H, W, C) uint8 and labels, and test_images and test_labels.
fashion RECIPE: trains the recipe's network with AdamW until 0.90 of the test images are right, and prints
{"epochs", "accuracy"}. cifar SECONDS STEM: trains a ResNet-18 for so long with SGD, and prints {"steps", "accuracy"}.
"""

import json
import sys
import time
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn.functional import cross_entropy
from torch.utils.data import DataLoader, TensorDataset

WANTED = 0.90
_MOST_EPOCHS = 30
_DEVICE = "cuda" if torch.cuda.is_available() else "cpu"


def main() -> None:
    """Train as asked for, and print what came of it as one JSON object."""
    what, file, seed, *more = sys.argv[1:]
    torch.manual_seed(int(seed))
    arrays = np.load(file)
    images = torch.from_numpy(arrays["images"]).permute(0, 3, 1, 2).float() / 255
    mean, std = images.mean(dim=(0, 2, 3), keepdim=True), images.std(dim=(0, 2, 3), keepdim=True)
    training = TensorDataset((images - mean) / std, torch.from_numpy(arrays["labels"]))
    tests = (torch.from_numpy(arrays["test_images"]).permute(0, 3, 1, 2).float() / 255 - mean) / std
    test = TensorDataset(tests, torch.from_numpy(arrays["test_labels"]))
    found = _until_wanted(training, test, *more) if what == "fashion" else _for_a_time(training, test, *more)
    print(json.dumps(found))


def _until_wanted(training: TensorDataset, test: TensorDataset, recipe: str) -> dict[str, float]:
    network = _network_of(recipe, training.tensors[0]).to(_DEVICE)
    optimizer = torch.optim.AdamW(network.parameters(), lr=1e-3)
    loader = DataLoader(training, 64, shuffle=True)
    accuracy = 0.0
    for epoch in range(_MOST_EPOCHS):
        for inputs, targets in loader:
            _step(network, optimizer, inputs, targets)
        accuracy = _accuracy(network, test)
        print(f"epoch {epoch + 1}: {accuracy:.4f}", file=sys.stderr)
        if accuracy >= WANTED:
            return {"epochs": epoch + 1, "accuracy": accuracy}
    raise SystemExit(f"after {_MOST_EPOCHS} epochs only {accuracy:.4f} were right")


def _for_a_time(training: TensorDataset, test: TensorDataset, seconds: str, stem: str) -> dict[str, float]:
    from workbench.architectures.resnet import ResNet, ResNetSettings
    from workbench.core.signature import Inputs

    settings = ResNetSettings.model_validate({"depth": 18, "stem": stem})
    network = ResNet(settings, Inputs("image", (3, 32, 32)), 10).to(_DEVICE)
    optimizer = torch.optim.SGD(network.parameters(), lr=0.1, momentum=0.9, weight_decay=5e-4)
    loader = DataLoader(training, 128, shuffle=True)
    began, steps = time.perf_counter(), 0
    while time.perf_counter() - began < float(seconds):
        for inputs, targets in loader:
            _step(network, optimizer, inputs, targets)
            steps += 1
            if time.perf_counter() - began >= float(seconds):
                break
    return {"steps": steps, "accuracy": _accuracy(network, test)}


def _network_of(recipe: str, images: Tensor) -> nn.Module:
    """Return the whitened network of a recipe, prepared with training images as ours is."""
    import tomllib

    from workbench.architectures.whitened_convnet import WhitenedConvNet, WhitenedConvNetSettings
    from workbench.core.signature import Inputs

    plain: dict[str, Any] = tomllib.loads(Path(recipe).read_text(encoding="utf-8"))
    settings = WhitenedConvNetSettings.model_validate(plain["architecture"])
    network = WhitenedConvNet(settings, Inputs("image", tuple(images.shape[1:])), 10)
    network.prepare(images[:: max(1, len(images) // 5000)])
    return network


def _step(network: nn.Module, optimizer: torch.optim.Optimizer, inputs: Tensor, targets: Tensor) -> None:
    optimizer.zero_grad()
    cross_entropy(network(inputs.to(_DEVICE)), targets.to(_DEVICE)).backward()
    optimizer.step()


def _accuracy(network: nn.Module, test: TensorDataset) -> float:
    network.eval()
    with torch.inference_mode():
        right = [
            (network(inputs.to(_DEVICE)).argmax(1).cpu() == targets).sum() for inputs, targets in DataLoader(test, 500)
        ]
    network.train()
    return float(sum(right)) / len(test)


if __name__ == "__main__":
    main()
