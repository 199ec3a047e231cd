"""Recurrent networks: plain (Elman 1990), GRU (Cho et al. 2014) and LSTM (Hochreiter and Schmidhuber 1997)."""

from copy import deepcopy
from typing import Annotated, Any, ClassVar, Literal

import torch
from pydantic import Field
from torch import Tensor, nn
from torch.nn.utils.rnn import pack_padded_sequence, pad_packed_sequence

from workbench.architectures import register
from workbench.core.settings import Hint
from workbench.core.signature import Inputs
from workbench.core.words import mark
from workbench.networks.layers import Dropout, Width
from workbench.networks.recurrence import is_of_single_samples, states
from workbench.networks.tokens import TokenSettings
from workbench.networks.two_ways import TwoWays

_CELLS: dict[str, type[nn.RNNBase]] = {"plain": nn.RNN, "gru": nn.GRU, "lstm": nn.LSTM}
_GATES = {"plain": 1, "gru": 3, "lstm": 4}


class RnnSettings(TokenSettings):
    """The cell and how many there are, what is read of them, and how a text is cut up."""

    kind: Literal["rnn"] = "rnn"
    trims_texts: ClassVar[bool] = True  # padding changes nothing, and need not be there
    sees_padding: ClassVar[bool] = True
    cell: Annotated[
        Literal["plain", "gru", "lstm"],
        Field(title="Cell", description="What carries the memory from step to step; gates let it last longer."),
        Hint(choices={"plain": "Plain", "gru": "GRU", "lstm": "LSTM"}),
    ] = "lstm"
    hidden: Annotated[Width, Field(title="Hidden units", description="Numbers that each layer remembers.")] = 256
    layers: Annotated[
        int, Field(ge=1, le=64, title="Layers", description="Recurrent layers, each reading the one below it.")
    ] = 1
    bidirectional: Annotated[
        bool,
        Field(title="Both directions", description="Reads every sequence backwards as well, with weights of its own."),
    ] = False
    dropout: Dropout = 0.0
    read: Annotated[
        Literal["last", "mean"],
        Field(title="Read out", description="What the answer is made from: the last step, or the mean over all steps."),
        Hint(choices={"last": "The last step", "mean": "The mean of all steps"}),
    ] = "last"
    embedding: Annotated[
        Width,
        Field(title="Embedding", description="Numbers that stand for one token of a text, learned from scratch."),
        Hint(advanced=True, inputs="text"),
    ] = 128
    bend: Annotated[
        Literal["tanh", "relu"],
        Field(title="Activation", description="What bends the memory of a plain cell; gated cells have their own."),
        Hint(advanced=True, choices={"tanh": "Tanh", "relu": "ReLU"}),
    ] = "tanh"
    initialization: Annotated[
        Literal["uniform", "orthogonal"],
        Field(
            title="Initial weights",
            description="Orthogonal from step to step and as large as the inputs need, which learns faster, "
            "or uniform within 1/√hidden as PyTorch draws them.",
        ),
        Hint(advanced=True, choices={"uniform": "Uniform", "orthogonal": "Orthogonal"}),
    ] = "orthogonal"
    forget_bias: Annotated[
        float,
        Field(
            ge=0,
            le=10,
            title="Forget bias",
            description="Where the forget gates of an LSTM begin: 1 keeps the memory at first, 0 leaves it to chance.",
        ),
        Hint(advanced=True),
    ] = 1.0


@register(
    "rnn",
    settings=RnnSettings,
    title="Recurrent",
    summary="Reads step by step and remembers: LSTM, GRU or plain. The first choice for series.",
    inputs=("series", "image", "text"),
    tasks=("classification", "multi_label", "regression", "forecasting"),
    default_for=(("series", "forecasting"), ("series", "classification"), ("series", "regression")),
    presets={
        mark("LSTM 50×2"): {"cell": "lstm", "hidden": 50, "layers": 2},
        mark("LSTM 128"): {"cell": "lstm", "hidden": 128, "embedding": 100},
        mark("GRU 128"): {"cell": "gru", "hidden": 128},
        mark("Bidirectional LSTM"): {"cell": "lstm", "hidden": 64, "bidirectional": True, "read": "mean"},
        mark("Elman 1990"): {"cell": "plain", "hidden": 64},
    },
    tiny={"hidden": 16, "embedding": 16},
    paper="Hochreiter and Schmidhuber 1997, Long short-term memory; "
    "Cho et al. 2014, Learning phrase representations using RNN encoder-decoder",
    picture=("input", "recurrent", "recurrent", "linear"),
)
class Rnn(nn.Module):
    """Run cells over the steps of a sequence and answer from what they remember: (batch, …) -> (batch, outputs).

    Takes series (batch, time, channels), images (batch, channels, height, width), each row of pixels one step, and
    token ids (batch, length) with 0 as padding at the end; of series, steps of NaN alone are. Padding is neither read
    out nor run over backwards. `recurrent` is PyTorch's own RNN, GRU or LSTM, with its two biases; `output` is linear.
    """

    def __init__(self, settings: RnnSettings, inputs: Inputs, outputs: int) -> None:
        super().__init__()
        self.inputs = inputs
        self.read_out = settings.read
        self.bidirectional = settings.bidirectional
        self.hidden = settings.hidden
        if inputs.kind == "text":
            self.embedding = nn.Embedding(inputs.vocabulary, settings.embedding, padding_idx=0)
        bend: Any = {"nonlinearity": settings.bend} if settings.cell == "plain" else {}
        made: Any = _CELLS[settings.cell]
        self.recurrent: Any = made(
            _width(settings, inputs),
            settings.hidden,
            settings.layers,
            batch_first=True,
            dropout=settings.dropout if settings.layers > 1 else 0.0,
            bidirectional=settings.bidirectional,
            **bend,
        )
        self.dropout = nn.Dropout(settings.dropout)
        self.output = nn.Linear(settings.hidden * (1 + settings.bidirectional), outputs)
        _begin(self.recurrent, settings)

    def exportable(self) -> "Rnn":
        """Return the same network, for use alone, without packed sequences: they would fix the lengths in a graph."""
        twin = deepcopy(self)
        if self.bidirectional and self.inputs.kind != "image":
            twin.recurrent = TwoWays(self.recurrent)
        return twin

    def forward(self, batch: Tensor) -> Tensor:
        steps, lengths = self._steps(batch)
        if isinstance(self.recurrent, TwoWays):
            return self._answer(self.recurrent(steps, lengths), lengths)
        if is_of_single_samples(steps):
            return self._answer(states(self.recurrent, steps, lengths), lengths)
        if lengths is None or not self.bidirectional or steps.device.type == "meta":
            return self._answer(self.recurrent(steps)[0], lengths)  # what comes after a step cannot change it
        # Backwards, padding would come first: packing leaves it out, at the cost of a wait for the device.
        packed = pack_padded_sequence(steps, lengths.cpu(), batch_first=True, enforce_sorted=False)
        unpacked, _ = pad_packed_sequence(self.recurrent(packed)[0], batch_first=True, total_length=steps.shape[1])
        return self._answer(unpacked, lengths)

    def _steps(self, batch: Tensor) -> tuple[Tensor, Tensor | None]:
        """Return what the cells read, (batch, T, width), and how many steps of it are there, where that may differ."""
        if self.inputs.kind == "image":
            return batch.transpose(1, 2).flatten(2), None  # (batch, height, channels × width)
        if self.inputs.kind == "text":
            return self.embedding(batch), (batch != 0).sum(1).clamp(min=1)
        missing = batch.isnan()
        numbers = torch.arange(1, batch.shape[1] + 1, device=batch.device)
        lengths = (~missing.all(dim=2) * numbers).amax(1).clamp(min=1)
        return batch.masked_fill(missing, 0.0), lengths

    def _answer(self, states: Tensor, lengths: Tensor | None) -> Tensor:
        """Return the outputs from the states of all steps: (batch, T, directions × hidden) -> (batch, outputs)."""
        if self.read_out == "last":
            return self.output(self.dropout(self._last(states, lengths)))
        if lengths is None:
            return self.output(self.dropout(states.mean(1)))
        there = torch.arange(states.shape[1], device=states.device) < lengths[:, None]
        return self.output(self.dropout((states * there.unsqueeze(2)).sum(1) / lengths[:, None]))

    def _last(self, states: Tensor, lengths: Tensor | None) -> Tensor:
        """Return what each direction remembers at its end: backwards, that is the first step."""
        if lengths is None:
            forwards = states[:, -1, : self.hidden]
        else:
            ends = (lengths - 1)[:, None, None].expand(-1, 1, self.hidden)
            forwards = states[..., : self.hidden].gather(1, ends).squeeze(1)
        return torch.cat((forwards, states[:, 0, self.hidden :]), dim=1) if self.bidirectional else forwards


def _width(settings: RnnSettings, inputs: Inputs) -> int:
    """Return how many numbers one step has."""
    if inputs.kind == "image":
        channels, _, width = inputs.shape
        return channels * width
    return settings.embedding if inputs.kind == "text" else inputs.shape[1]


def _begin(recurrent: nn.RNNBase, settings: RnnSettings) -> None:
    """Draw the weights as the settings say.

    Orthogonal: each gate's recurrent matrix after Saxe et al. 2014, the input's after LeCun et al. 1998 (deviation
    1/√inputs, so that standardised inputs move the gates at once), biases 0.
    The forget bias is that of Gers et al. 2000 and Jozefowicz et al. 2015; the second bias of the gate becomes 0.
    """
    hidden, gates = settings.hidden, _GATES[settings.cell]
    with torch.no_grad():
        for name, parameter in recurrent.named_parameters():
            if settings.initialization == "orthogonal":
                if "bias" in name:
                    parameter.zero_()
                else:
                    for gate in parameter.view(gates, hidden, -1):
                        if "weight_hh" in name:
                            nn.init.orthogonal_(gate)
                        else:
                            nn.init.normal_(gate, std=gate.shape[1] ** -0.5)
            if settings.cell == "lstm" and settings.forget_bias and "bias" in name:
                # PyTorch stacks the gates as input, forget, cell, output
                parameter[hidden : 2 * hidden] = settings.forget_bias if "bias_ih" in name else 0.0
