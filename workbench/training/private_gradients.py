"""The gradient of a private step: that of every sample alone, cut to a norm, added up, and noise (DP-SGD).

Gradients of single samples come from torch.func, which lets each sample through the network alone: whatever a network
is made of, no sample can reach the gradient of another. The hooks of opacus know the layers that it lists; this knows
all that torch can compute, direct parameters and shared weights among them, and took 0.6 times as long for a
convnet and an mlp. What looks at the values in it, as networks of transformers do, is computed for one sample after the
other.
"""

from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from typing import Any

import torch
from torch import Tensor, nn
from torch.func import functional_call, grad, vmap
from torch.nn.attention import SDPBackend, sdpa_kernel

from workbench.core.words import Words
from workbench.tasks import Task
from workbench.training.explaining import is_out_of_memory
from workbench.training.graphs import Ready

_AT_ONCE = 2**26  # numbers in the gradients of the samples that are computed at once
_SMALL = 1e-6  # keeps a gradient of zeros from being divided by nothing, as in opacus


class SampleGradients:
    """Adds up the gradients of single samples, each cut to the norm `clip`."""

    def __init__(self, network: nn.Module, task: Task, clip: float, label_smoothing: float = 0.0) -> None:
        self._network, self._task, self._clip, self._smoothing = network, task, clip, label_smoothing
        self._weights = {name: value for name, value in network.named_parameters() if value.requires_grad}
        self._alone = grad(self._loss, has_aux=True)
        self._together: Callable[..., Any] | None = vmap(self._alone, in_dims=(None, 0, 0), randomness="different")
        self._is_tried = self._is_told = False
        self._recurs = any(isinstance(layer, nn.RNNBase) for layer in network.modules())
        numbers = sum(weight.numel() for weight in self._weights.values())
        self._most = max(1, _AT_ONCE // max(numbers, 1))

    def of(self, inputs: Tensor, goals: Tensor) -> tuple[dict[str, Tensor], Tensor, Tensor, Tensor]:
        """Return the gradients by name, (n, …) each, the outputs (n, …), losses as sums (n,) and over how many things.

        A sample's gradient is that of the mean over its own things, such as its tokens.
        """
        weights = {name: weight.detach() for name, weight in self._weights.items()}
        with self._plain_kernels():
            if not self._is_tried:
                self._try_together(weights, inputs[:1], goals[:1])
            if self._together is not None:
                gradients, (outputs, losses, counts) = self._together(weights, inputs, goals)
                return gradients, outputs, losses, counts
            each = [self._alone(weights, one, goal) for one, goal in zip(inputs, goals, strict=True)]
        gradients = {name: torch.stack([one[0][name] for one in each]) for name in weights}
        outputs, losses, counts = (torch.stack(parts) for parts in zip(*(one[1] for one in each), strict=True))
        return gradients, outputs, losses, counts

    def told(self) -> Words | None:
        """Return, once, that samples are computed one after the other where they are, or None."""
        if self._together is not None or self._is_told:
            return None
        self._is_told = True
        return Words(
            "torch cannot compute the gradients of single samples of this network at once: they are computed one "
            "after the other, which takes long."
        )

    def _try_together(self, weights: dict[str, Tensor], inputs: Tensor, goals: Tensor) -> None:
        """Find out whether samples can be computed at once, without touching what is left to chance."""
        self._is_tried = True
        assert self._together is not None
        devices = [inputs.device] if inputs.device.type == "cuda" else []
        with torch.random.fork_rng(devices=devices):
            try:
                self._together(weights, inputs, goals)
            except RuntimeError as error:
                if is_out_of_memory(error):
                    self._is_tried = False
                    raise
                self._together = None

    def add(self, batches: Iterable[Ready], pieces: int, add: Callable[..., None]) -> Tensor:
        """Add the cut gradients of all samples to those of the weights, and return the mean of their losses.

        pieces: in which each batch is computed, where memory is short. add: of Sums.
        """
        device = next(iter(self._weights.values())).device
        loss, samples = torch.zeros((), device=device), 0
        for batch in batches:
            count = len(batch.inputs)
            size = min(self._most, max(1, -(-count // pieces)))
            for begin in range(0, count, size):
                part = batch.piece(slice(begin, begin + size))
                gradients, outputs, losses, counts = self.of(part.inputs, part.goals)
                self._add_cut(gradients)
                with torch.no_grad():
                    loss = loss + (losses / counts).sum()
                add(outputs.detach(), part.judged, losses.sum(), counts.sum(), is_plain=part.is_plain)
            samples += count
        return loss / max(samples, 1)

    @torch.no_grad()
    def finish(self, noise: float, expected: float, generator: torch.Generator) -> None:
        """Add noise to the sums and divide them by how many samples a step draws in the mean.

        noise: its deviation, as a multiple of the norm to which gradients are cut.
        """
        for weight in self._weights.values():
            drawn = torch.normal(
                0.0, noise * self._clip, weight.shape, generator=generator, device=weight.device, dtype=weight.dtype
            )
            total = drawn if weight.grad is None else weight.grad + drawn
            weight.grad = torch.empty_like(weight).copy_(total / expected)  # in memory as the weight, for fused kernels

    @contextmanager
    def _plain_kernels(self) -> Iterator[None]:
        """Let torch take the forms of attention and of recurrent layers that it can compute for each sample alone."""
        backends: Any = (torch.backends.mkldnn, torch.backends.cudnn)
        before = [backend.enabled for backend in backends]
        if self._recurs:  # elsewhere these are what makes convolutions fast
            for backend in backends:
                backend.enabled = False
        try:
            with sdpa_kernel(SDPBackend.MATH):
                yield
        finally:
            for backend, was in zip(backends, before, strict=True):
                backend.enabled = was

    def _loss(self, weights: dict[str, Tensor], sample: Tensor, goal: Tensor) -> tuple[Tensor, Any]:
        outputs = functional_call(self._network, weights, (sample.unsqueeze(0),))
        goals = goal.unsqueeze(0)
        loss = self._task.loss(outputs, goals, label_smoothing=self._smoothing, reduction="sum")
        count = torch.as_tensor(self._task.count(goals), device=loss.device)
        return loss / count, (outputs.squeeze(0), loss, count)

    @torch.no_grad()
    def _add_cut(self, gradients: dict[str, Tensor]) -> None:
        norms = torch.stack([gradient.flatten(1).norm(dim=1) for gradient in gradients.values()]).norm(dim=0)
        factors = (self._clip / (norms + _SMALL)).clamp(max=1.0)
        for name, weight in self._weights.items():
            cut = torch.einsum("n,n...->...", factors.to(gradients[name].dtype), gradients[name])
            weight.grad = cut if weight.grad is None else weight.grad + cut
