"""A small GPT by hand, with nanoGPT's published settings for a CPU: `python characters_by_hand.py TEXT SEED WANTED`.

Learns the first nine tenths of the characters, estimates the loss on the last tenth every 250 steps as nanoGPT does,
and ends once that is WANTED or after 2000 steps. Prints {"steps", "loss"}. Nothing of Workbench is imported.
"""

import json
import math
import sys
from pathlib import Path

import torch
from torch import Tensor, nn
from torch.nn.functional import cross_entropy, scaled_dot_product_attention

LAYERS, HEADS, WIDTH, CONTEXT, BATCH = 4, 4, 128, 64, 12
STEPS, WARMUP, RATE, LEAST_RATE, CLIP = 2000, 100, 1e-3, 1e-4, 1.0
BETAS, DECAY = (0.9, 0.99), 0.1
JUDGED_EVERY, JUDGED_BATCHES = 250, 20


class Block(nn.Module):
    """Attention and two linear layers, each normalized first: (batch, T, width) -> the same shape."""

    def __init__(self) -> None:
        super().__init__()
        self.norm = nn.LayerNorm(WIDTH, bias=False)
        self.projections = nn.Linear(WIDTH, 3 * WIDTH, bias=False)
        self.mix = nn.Linear(WIDTH, WIDTH, bias=False)
        self.inner_norm = nn.LayerNorm(WIDTH, bias=False)
        self.inner = nn.Linear(WIDTH, 4 * WIDTH, bias=False)
        self.outer = nn.Linear(4 * WIDTH, WIDTH, bias=False)

    def forward(self, states: Tensor) -> Tensor:
        parts = self.projections(self.norm(states)).split(WIDTH, dim=2)
        query, key, value = (part.unflatten(2, (HEADS, -1)).transpose(1, 2) for part in parts)
        seen = scaled_dot_product_attention(query, key, value, is_causal=True)
        states = states + self.mix(seen.transpose(1, 2).flatten(2))
        return states + self.outer(nn.functional.gelu(self.inner(self.inner_norm(states))))


class Network(nn.Module):
    """Ids (batch, T) -> logits (batch, T, vocabulary); the head shares the weights of the embedding."""

    def __init__(self, vocabulary: int) -> None:
        super().__init__()
        self.tokens = nn.Embedding(vocabulary, WIDTH)
        self.positions = nn.Embedding(CONTEXT, WIDTH)
        self.blocks = nn.Sequential(*(Block() for _ in range(LAYERS)))
        self.norm = nn.LayerNorm(WIDTH, bias=False)
        self.head = nn.Linear(WIDTH, vocabulary, bias=False)
        self.head.weight = self.tokens.weight
        for name, parameter in self.named_parameters():
            if parameter.ndim > 1:
                writes = name.endswith(("mix.weight", "outer.weight"))
                nn.init.normal_(parameter, std=0.02 / math.sqrt(2 * LAYERS) if writes else 0.02)

    def forward(self, ids: Tensor) -> Tensor:
        states = self.tokens(ids) + self.positions(torch.arange(ids.shape[1]))
        return self.head(self.norm(self.blocks(states)))


def main() -> None:
    """Train until the loss is reached, and print what came of it."""
    text, seed, wanted = Path(sys.argv[1]).read_text(encoding="utf-8"), int(sys.argv[2]), float(sys.argv[3])
    torch.manual_seed(seed)
    letters = {letter: place for place, letter in enumerate(sorted(set(text)))}
    ids = torch.tensor([letters[letter] for letter in text])
    training, validation = ids[: int(0.9 * len(ids))], ids[int(0.9 * len(ids)) :]
    network = Network(len(letters))
    matrices = [parameter for parameter in network.parameters() if parameter.ndim > 1]
    vectors = [parameter for parameter in network.parameters() if parameter.ndim == 1]
    groups = [{"params": matrices, "weight_decay": DECAY}, {"params": vectors, "weight_decay": 0.0}]
    optimizer = torch.optim.AdamW(groups, lr=RATE, betas=BETAS)
    loss = math.inf
    for step in range(STEPS + 1):
        if step % JUDGED_EVERY == 0:
            loss = judged(network, validation)
            print(f"step {step}: {loss:.4f}", file=sys.stderr)
            if loss <= wanted or step == STEPS:
                break
        for group in optimizer.param_groups:
            group["lr"] = rate(step)
        inputs, targets = some(training)
        cross_entropy(network(inputs).flatten(0, 1), targets.flatten()).backward()
        nn.utils.clip_grad_norm_(network.parameters(), CLIP)
        optimizer.step()
        optimizer.zero_grad(set_to_none=True)
    print(json.dumps({"steps": step, "loss": loss}))


def rate(step: int) -> float:
    """Return the learning rate: a warm-up, then half a cosine to a tenth."""
    if step < WARMUP:
        return RATE * (step + 1) / (WARMUP + 1)
    share = (step - WARMUP) / (STEPS - WARMUP)
    return LEAST_RATE + (RATE - LEAST_RATE) * (1 + math.cos(math.pi * share)) / 2


def some(ids: Tensor) -> tuple[Tensor, Tensor]:
    """Return a batch of stretches from anywhere, and what follows each of their characters."""
    begins = torch.randint(len(ids) - CONTEXT, (BATCH,))
    inputs = torch.stack([ids[begin : begin + CONTEXT] for begin in begins])
    targets = torch.stack([ids[begin + 1 : begin + 1 + CONTEXT] for begin in begins])
    return inputs, targets


@torch.no_grad()
def judged(network: Network, ids: Tensor) -> float:
    """Return the mean loss over some batches."""
    losses = []
    for _ in range(JUDGED_BATCHES):
        inputs, targets = some(ids)
        losses.append(cross_entropy(network(inputs).flatten(0, 1), targets.flatten()).item())
    return sum(losses) / len(losses)


if __name__ == "__main__":
    main()
