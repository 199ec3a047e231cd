"""LitServe with a model of ours: `python -m tests.benchmarks.litserve_peer FOLDER PORT BATCH_TIMEOUT QUEUE`.

FOLDER: of the model. QUEUE: "fast" for ZeroMQ between its processes, "plain" for those of multiprocessing.
"""

import sys
from pathlib import Path
from typing import Any

import litserve
import numpy as np
import torch
from torch import Tensor

from workbench.inference.predictor import Predictor


class Served(litserve.LitAPI):
    """Pictures as lists of numbers in, probabilities and a label out."""

    def setup(self, device: str) -> None:
        torch.set_num_threads(1)
        self.predictor = Predictor(Path(sys.argv[1]))
        self.sides = (self.predictor.preprocessing.height, self.predictor.preprocessing.width, 1)

    def decode_request(self, request) -> np.ndarray:  # without a type, it is the JSON of the body
        return np.array(request["data"], np.uint8).reshape(self.sides)

    def batch(self, inputs: list[np.ndarray]) -> Tensor:
        return self.predictor.ready(np.stack(inputs))

    def predict(self, x: Tensor) -> Tensor:
        return torch.softmax(self.predictor.outputs(x), dim=1)

    def unbatch(self, output: Tensor) -> list[list[float]]:
        return output.tolist()

    def encode_response(self, output: list[float]) -> dict[str, Any]:
        label = self.predictor.model.labels[int(np.argmax(output))]
        return {"probabilities": output, "label": label}


if __name__ == "__main__":
    api = Served(max_batch_size=64, batch_timeout=float(sys.argv[3]))
    server = litserve.LitServer(
        api, accelerator="cpu", workers_per_device=1, timeout=60, fast_queue=sys.argv[4] == "fast"
    )
    server.run(
        host="127.0.0.1", port=int(sys.argv[2]), num_api_servers=1, log_level="warning", generate_client_file=False
    )
