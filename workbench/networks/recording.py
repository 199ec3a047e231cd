"""Work on a CUDA device recorded once and repeated, so that the device waits for no Python between its kernels."""

from collections.abc import Callable
from typing import Any

import torch

Work = Callable[[], None]
Record = Callable[[Work], Work]


class CudaRecorder:
    """Records on the device at hand; all that is recorded shares its memory, since one is replayed after the other."""

    def __init__(self) -> None:
        self._pool: Any = None

    def __call__(self, work: Work) -> Work:
        """Return what repeats all that `work` does on the device; raises RuntimeError where it waits for it.

        Nothing is computed here. What `work` reads and writes must stay where it is.
        """
        graph = torch.cuda.CUDAGraph()
        # Threads that read data pin memory meanwhile, which is forbidden to this thread alone.
        with torch.cuda.graph(graph, pool=self._pool, capture_error_mode="thread_local"):
            work()
        self._pool = graph.pool()
        return graph.replay
