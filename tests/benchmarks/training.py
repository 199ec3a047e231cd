"""A whole training, with everything that is on by default, against the loop one would write by hand."""

import subprocess
import sys
import tempfile
from pathlib import Path

import numpy as np

from tests.benchmarks.measuring import Figure, alternate

EPOCHS = 3
BATCH = 64

BY_HAND = f"""
import sys, numpy, torch
from torch import nn
images, labels = (torch.from_numpy(numpy.load(f"{{sys.argv[1]}}/{{name}}.npy")) for name in ("images", "labels"))
images = (images.float() / 255 - 0.5) / 0.25
torch.manual_seed(0)
network = nn.Sequential(
    nn.Conv2d(1, 32, 3, padding=1), nn.ReLU(), nn.MaxPool2d(2), nn.Conv2d(32, 64, 3, padding=1), nn.ReLU(),
    nn.MaxPool2d(2), nn.Flatten(), nn.Linear(64 * 7 * 7, 128), nn.ReLU(), nn.Linear(128, 10))
optimizer = torch.optim.AdamW(network.parameters(), lr=1e-3)
loader = torch.utils.data.DataLoader(torch.utils.data.TensorDataset(images, labels), {BATCH}, shuffle=True)
for epoch in range({EPOCHS}):
    for inputs, targets in loader:
        optimizer.zero_grad()
        loss = nn.functional.cross_entropy(network(inputs), targets)
        loss.backward()
        optimizer.step()
        loss.item()
"""


def figure(rounds: int) -> Figure:
    """Return a hand-written script against `workbench train`, both as whole processes, on 10,000 images of 28×28."""
    with tempfile.TemporaryDirectory() as place:
        folder = Path(place)
        _write_data(folder, 10_000)
        recipe = folder / "recipe.toml"
        recipe.write_text(
            f'[data]\nkind = "idx"\npath = "idx"\nvalidation = 0\ntest = 0.01\n'
            f"[training]\nepochs = {EPOCHS}\nbatch_size = {BATCH}\n"
        )
        script = folder / "by_hand.py"
        script.write_text(BY_HAND)
        ours = [sys.executable, "-m", "workbench", "train", str(recipe), "--runs", str(folder / "runs"), "--json"]
        return alternate(
            Figure("Training DCNN 28×28", "loop by hand", "workbench train"),
            lambda: subprocess.run([sys.executable, str(script), place], check=True),
            lambda: subprocess.run(ours, check=True, stdout=subprocess.DEVNULL),
            rounds,
        )


def _write_data(folder: Path, count: int) -> None:
    random = np.random.default_rng(0)
    labels = random.integers(0, 10, count)
    images = random.integers(0, 128, (count, 1, 28, 28), dtype=np.uint8)
    images[np.arange(count), 0, labels * 2 + 4] += 100
    np.save(folder / "images.npy", images)
    np.save(folder / "labels.npy", labels)
    (folder / "idx").mkdir()
    for name, part in (("train", slice(None)), ("t10k", slice(0, 100))):
        (folder / "idx" / f"{name}-images-idx3-ubyte").write_bytes(_header(0x803, images[part, 0]))
        (folder / "idx" / f"{name}-labels-idx1-ubyte").write_bytes(_header(0x801, labels[part].astype(np.uint8)))


def _header(magic: int, array: np.ndarray) -> bytes:
    return np.array([magic, *array.shape], ">u4").tobytes() + array.tobytes()
