"""The loops that others would write: `python -m tests.benchmarks.peers WAY NETWORK FOLDER BATCH STEPS THREADS`.

WAY: resident (tensors in memory, a fused optimizer, nothing read back), plain (a DataLoader, as in every introduction),
lightning or keras. NETWORK: mlp or dcnn. FOLDER: holds images.npy (N, 1, 28, 28) uint8 and labels.npy (N,).
Prints one JSON object: the seconds of a step, without imports and the first steps, which warm up.
"""

import json
import os
import sys
import time
from collections.abc import Callable, Iterator

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn.functional import cross_entropy
from torch.utils.data import DataLoader, TensorDataset

WARM = 50  # steps that are not timed
DEVICE = "cuda" if torch.cuda.is_available() else "cpu"
NETWORKS: dict[str, Callable[[], nn.Module]] = {
    "mlp": lambda: nn.Sequential(nn.Flatten(), nn.Linear(784, 128), nn.ReLU(), nn.Linear(128, 10)),
    "dcnn": lambda: nn.Sequential(
        nn.Conv2d(1, 32, 3, padding=1), nn.ReLU(), nn.MaxPool2d(2), nn.Conv2d(32, 64, 3, padding=1), nn.ReLU(),
        nn.MaxPool2d(2), nn.Flatten(), nn.Linear(64 * 7 * 7, 128), nn.ReLU(), nn.Linear(128, 10),
    ),
}  # fmt: skip


def main() -> None:
    """Train with the way that was asked for, and print the seconds of a step."""
    way, network, folder, batch, steps, threads = sys.argv[1], sys.argv[2], sys.argv[3], *map(int, sys.argv[4:7])
    torch.set_num_threads(threads)
    torch.manual_seed(0)
    images = torch.from_numpy(np.load(f"{folder}/images.npy"))
    labels = torch.from_numpy(np.load(f"{folder}/labels.npy")).long()
    inputs = (images.float() / 255 - 0.5) / 0.25
    seconds = WAYS[way](network, inputs, labels, batch, steps)
    print(json.dumps({"seconds": seconds}))


def _timed(steps: Iterator[object], count: int) -> float:
    """Return the seconds of each of `count` steps after the first ones."""
    for _ in range(WARM):
        next(steps)
    _wait()
    began = time.perf_counter()
    for _ in range(count):
        next(steps)
    _wait()
    return (time.perf_counter() - began) / count


def _wait() -> None:
    if DEVICE == "cuda":
        torch.cuda.synchronize()


def _resident(name: str, inputs: Tensor, labels: Tensor, batch: int, count: int) -> float:
    network, inputs, labels = NETWORKS[name]().to(DEVICE), inputs.to(DEVICE), labels.to(DEVICE)
    optimizer = torch.optim.Adam(network.parameters(), lr=1e-3, fused=True)

    def steps() -> Iterator[None]:
        while True:
            for rows in torch.randperm(len(inputs), device=DEVICE).split(batch):
                optimizer.zero_grad()
                cross_entropy(network(inputs[rows]), labels[rows]).backward()
                optimizer.step()
                yield

    return _timed(steps(), count)


def _plain(name: str, inputs: Tensor, labels: Tensor, batch: int, count: int) -> float:
    network = NETWORKS[name]().to(DEVICE)
    optimizer = torch.optim.Adam(network.parameters(), lr=1e-3)
    loader = DataLoader(TensorDataset(inputs, labels), batch, shuffle=True)

    def steps() -> Iterator[float]:
        while True:
            for some, goals in loader:
                optimizer.zero_grad()
                loss = cross_entropy(network(some.to(DEVICE)), goals.to(DEVICE))
                loss.backward()
                optimizer.step()
                yield loss.item()

    return _timed(steps(), count)


def _lightning(name: str, inputs: Tensor, labels: Tensor, batch: int, count: int) -> float:
    import lightning

    class Module(lightning.LightningModule):
        def __init__(self) -> None:
            super().__init__()
            self.network = NETWORKS[name]()

        def training_step(self, some: tuple[Tensor, Tensor], number: int) -> Tensor:
            loss = cross_entropy(self.network(some[0]), some[1])
            self.log("training_loss", loss)
            return loss

        def configure_optimizers(self) -> torch.optim.Optimizer:
            return torch.optim.Adam(self.parameters(), lr=1e-3)

    class Times(lightning.Callback):
        began = ended = 0.0

        def on_train_batch_end(self, trainer: lightning.Trainer, *_arguments: object) -> None:
            if trainer.global_step == WARM:
                self.began = time.perf_counter()
            self.ended = time.perf_counter()

    times = Times()
    trainer = lightning.Trainer(
        max_steps=WARM + count, accelerator="auto", callbacks=[times], logger=False, enable_progress_bar=False,
        enable_model_summary=False, enable_checkpointing=False,
    )  # fmt: skip
    trainer.fit(Module(), DataLoader(TensorDataset(inputs, labels), batch, shuffle=True))
    return (times.ended - times.began) / count


def _keras(name: str, inputs: Tensor, labels: Tensor, batch: int, count: int) -> float:
    os.environ["KERAS_BACKEND"] = "torch"
    import keras
    from keras import layers

    flat = [layers.Flatten(), layers.Dense(128, activation="relu"), layers.Dense(10)]
    convolved = [
        layers.Conv2D(32, 3, padding="same", activation="relu"), layers.MaxPooling2D(2),
        layers.Conv2D(64, 3, padding="same", activation="relu"), layers.MaxPooling2D(2), *flat,
    ]  # fmt: skip
    model = keras.Sequential([keras.Input((28, 28, 1)), *(convolved if name == "dcnn" else flat)])
    loss = keras.losses.SparseCategoricalCrossentropy(from_logits=True)
    model.compile(optimizer=keras.optimizers.Adam(1e-3), loss=loss)
    some, goals = inputs.permute(0, 2, 3, 1).numpy(), labels.numpy()
    model.fit(some[: WARM * batch], goals[: WARM * batch], batch_size=batch, verbose=0)  # pyright: ignore[reportArgumentType]
    began = time.perf_counter()
    epochs, rest = divmod(count * batch, len(some))
    if epochs:
        model.fit(some, goals, batch_size=batch, epochs=epochs, verbose=0)  # pyright: ignore[reportArgumentType]
    if rest:
        model.fit(some[:rest], goals[:rest], batch_size=batch, verbose=0)  # pyright: ignore[reportArgumentType]
    return (time.perf_counter() - began) / count


WAYS = {"resident": _resident, "plain": _plain, "lightning": _lightning, "keras": _keras}

if __name__ == "__main__":
    main()
