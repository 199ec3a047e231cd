"""The text of a training script around what is gathered for it: data, steps and the loop, by what a run does.

A line that ends in `#? name` stands in the script only where `name` holds, one in `#? !name` only where it does not,
and of several all must. So the script has no branch that its run never took.
"""

import re
from collections.abc import Iterator, Mapping
from string import Template

_CONDITION = re.compile(r" *#\? (?P<names>[\w! ]+)$")

ROWS = '''
def loaded() -> dict[str, Tensor]:
    """Return the encoded inputs and the targets of each split, on the device."""
    data = load_file(FOLDER / "data.safetensors")
    for split in ("training", "validation"):  #? planar validates
    for split in ("training",):  #? planar !validates
        data[f"{split}.inputs"] = data[f"{split}.inputs"].permute(0, 3, 1, 2).contiguous()  #? planar
    return {name: tensor.to(DEVICE) for name, tensor in data.items()}


def order_of(data: dict[str, Tensor], epoch: int) -> Tensor:
    """Return the order of the samples in an epoch, counted from 0: it follows from the seed and the epoch alone."""
    return $epoch_order(len(data["training.inputs"]), SEED, epoch)  #? !grouped
    order = $epoch_order(len(data["training.inputs"]), SEED, epoch)  #? grouped
    return $by_length(order, lengths(data["training.inputs"]), BATCH_SIZE, $mixed(SEED, epoch, 3))  #? grouped


def in_order(data: dict[str, Tensor]) -> Tensor:  #? validates
    """Return the order in which the samples of the validation split lie."""  #? validates
    return torch.arange(len(data["validation.inputs"]))  #? validates


def lengths(ids: Tensor) -> Tensor:  #? trims
    """Return how many tokens each text has: (N, length) -> (N,)."""  #? trims
    return ((ids != 0) * torch.arange(1, ids.shape[1] + 1, device=ids.device)).amax(1).cpu()  #? trims


def batches(data: dict[str, Tensor], split: str, order: Tensor, size: int) -> Iterator[tuple[Tensor, Tensor]]:
    """Yield inputs and targets, batch by batch."""
    inputs, targets = data[f"{split}.inputs"], data[f"{split}.targets"]
    tokens = lengths(inputs)  #? trims
    for rows in $portions(order, size):
        picked = inputs.index_select(0, rows.to(DEVICE))
        picked = picked.permute(0, 3, 1, 2)  # images, whose channels lie last in memory  #? channels_last
        longest = max(-(-int(tokens[rows].max()) // 8) * 8, 8)  #? trims
        picked = picked[:, :longest]  # the padding that no text of the batch needs is left out  #? trims
        yield picked, targets.index_select(0, rows.to(DEVICE))
'''

STREAM = '''
def loaded() -> dict[str, Tensor]:
    """Return the tokens of each split, one text after the other, with what stands for nothing at the end."""
    data = load_file(FOLDER / "data.safetensors")
    end = torch.full((LENGTH + 1,), $nothing, dtype=torch.int32)
    return {name: torch.cat([tokens, end]).to(DEVICE) for name, tokens in data.items()}


def stretches(tokens: Tensor) -> int:
    """Return in how many stretches of LENGTH tokens each token is once."""
    return -(-(len(tokens) - LENGTH - 1) // LENGTH)  #? framed
    return -(-(len(tokens) - LENGTH - 2) // LENGTH)  # the last token has none that follows  #? !framed


def order_of(data: dict[str, Tensor], epoch: int) -> Tensor:
    """Return where the stretches of an epoch begin, in random order: it follows from the seed and the epoch alone."""
    tokens = data["training.tokens"]
    first = np.random.Generator(np.random.PCG64($mixed(SEED, epoch, 1))).integers(LENGTH)
    begins = $epoch_order(stretches(tokens), SEED, epoch) * LENGTH + int(first)
    return begins.clamp(max=max(len(tokens) - 2 * LENGTH - 2, 0))


def in_order(data: dict[str, Tensor]) -> Tensor:  #? validates
    """Return where the stretches of the validation split begin."""  #? validates
    return torch.arange(stretches(data["validation.tokens"])) * LENGTH  #? validates


def batches(data: dict[str, Tensor], split: str, order: Tensor, size: int) -> Iterator[tuple[Tensor, Tensor]]:
    """Yield stretches of tokens, between the marks of a text, and the same as targets."""  #? framed
    """Yield stretches of tokens, and those that follow each of them."""  #? !framed
    tokens, reach = data[f"{split}.tokens"], torch.arange(LENGTH, device=DEVICE)  #? framed
    tokens, reach = data[f"{split}.tokens"], torch.arange(LENGTH + 1, device=DEVICE)  #? !framed
    for begins in $portions(order.to(DEVICE), size):
        stretch = tokens[begins[:, None] + reach]
        before, after = (stretch.new_tensor(ids).expand(len(stretch), -1) for ids in FRAME)  #? framed
        stretch = torch.cat([before, stretch, after], dim=1)  #? framed
        yield stretch.clamp(min=0), stretch.long()  #? framed
        yield stretch[:, :-1].clamp(min=0), stretch[:, 1:].long()  #? !framed
'''

WINDOWS = '''
def loaded() -> dict[str, Tensor]:
    """Return the series, and where the windows of each split begin."""
    return {name: tensor.to(DEVICE) for name, tensor in load_file(FOLDER / "data.safetensors").items()}


def order_of(data: dict[str, Tensor], epoch: int) -> Tensor:
    """Return the order of the windows in an epoch, counted from 0: it follows from the seed and the epoch alone."""
    return $epoch_order(len(data["training.begins"]), SEED, epoch)


def in_order(data: dict[str, Tensor]) -> Tensor:  #? validates
    """Return the order in which the windows of the validation split lie."""  #? validates
    return torch.arange(len(data["validation.begins"]))  #? validates


def batches(data: dict[str, Tensor], split: str, order: Tensor, size: int) -> Iterator[tuple[Tensor, Tensor]]:
    """Yield windows (n, LENGTH, channels), and their last row with the HORIZON rows that follow, flat."""
    series, read = data["series"], torch.arange(LENGTH, device=DEVICE)
    told = LENGTH - 1 + torch.arange(1 + HORIZON, device=DEVICE)
    for begins in $portions(data[f"{split}.begins"][order.to(DEVICE)], size):
        yield series[begins[:, None] + read], series[begins[:, None] + told][:, :, COLUMNS].flatten(1)
'''

SCHEDULE = '''
def rate_at(step: int) -> float:
    """Return by what the learning rates are multiplied at a step, counted from 0."""
    planned = next(total for begin, total in reversed(PLANNED) if step >= begin)  #? extended
    warmup = round(SCHEDULE.warmup * $planned)  #? warms
    if step < warmup:  #? warms
        return (step + 1) / warmup  #? warms
    return $shape(SCHEDULE, step - warmup, $planned - warmup)  #? warms
    return $shape(SCHEDULE, step, $planned)  #? !warms
'''

TRAINING = '''
def learn(  #? accumulates
    network: nn.Module, inputs: Tensor, targets: Tensor, step: int, part: int, share: float$scaling  #? accumulates
) -> Tensor:  #? accumulates
def learn(network: nn.Module, inputs: Tensor, targets: Tensor, step: int$scaling) -> Tensor:  #? !accumulates
    """Add the gradients of a batch to those of the weights, and return its loss.

    step: how many were taken before, which with the seed decides all that is left to chance.  #? !accumulates
    step: how many were taken before; part: batches of this one that were; with the seed they decide all  #? accumulates
    that is left to chance. share: of the batch in the step.  #? accumulates
    """
    generator = torch.Generator(DEVICE).manual_seed($mixed(SEED, step, $part))  #? augments
    shares = nn.functional.one_hot(targets, OUTPUTS).float()  #? softens
    inputs, targets = augmented(inputs, shares, generator)  #? softens
    inputs = augmented(inputs, generator)  #? augments !softens
    chance = torch.Generator(DEVICE).manual_seed($mixed(SEED, step, $part, 2))  #? draws
    chance = torch.default_generator  # nothing is drawn here  #? !draws
    inputs, goals = TASK.prepare(PREPROCESSING.$ready(inputs), targets, chance, training=True)
    with torch.autocast(DEVICE.type, dtype=torch.$precision):  #? short
        outputs = network(inputs)  #? short
    outputs = network(inputs)  #? !short
    loss = TASK.loss(outputs, goals, reduction="sum")  #? !smooths !weighs
    loss = TASK.loss(outputs, goals, label_smoothing=LABEL_SMOOTHING, reduction="sum")  #? smooths !weighs
    loss = TASK.loss(outputs, goals, weights=CLASS_WEIGHTS, reduction="sum")  #? !smooths weighs
    loss = TASK.loss(  #? smooths weighs
        outputs, goals, weights=CLASS_WEIGHTS, label_smoothing=LABEL_SMOOTHING, reduction="sum"  #? smooths weighs
    )  #? smooths weighs
    loss = loss / TASK.count(goals) * share  #? accumulates
    loss = loss / TASK.count(goals)  #? !accumulates
    loss.backward()  #? !scales
    scaler.scale(loss).backward()  # small gradients would vanish in float16  #? scales
    return loss.detach()


@torch.inference_mode()  #? validates
def validate(network: nn.Module, data: dict[str, Tensor]) -> float:  #? validates
    """Return the mean loss over the validation split."""  #? validates
    network.eval()  #? validates
    total = count = 0  #? validates
    for inputs, targets in batches(data, "validation", in_order(data), JUDGED_AT_ONCE):  #? validates
        ready = PREPROCESSING.$ready(inputs)  #? validates
        ready, goals = TASK.prepare(ready, targets, torch.default_generator, training=False)  #? validates
        with torch.autocast(DEVICE.type, dtype=torch.$precision):  #? validates short
            outputs = $judging  #? validates short
        outputs = $judging  #? validates !short
        total = total + TASK.loss(outputs.float(), goals, reduction="sum").double()  #? validates
        count = count + TASK.count(goals)  #? validates
    network.train()  #? validates
    return float(total) / max(int(count), 1)  #? validates


def train(steps: int = STEPS, out: Path = FOLDER) -> None:
    """Take these steps; write the loss of each to losses.csv, the weights after BEST_STEP to trained.safetensors."""
    torch.set_num_threads(THREADS)
    torch.manual_seed(SEED)  # the first weights are drawn now; what dropout leaves out, later from the same numbers
    network = make()
    network.load_state_dict(load_file(FOLDER / "start.safetensors"), strict=False)  #? starts
    images = load_file(FOLDER / "data.safetensors")["training.inputs"]  #? prepares
    places = np.unique(np.linspace(0, len(images) - 1, $prepared_with).astype(np.int64))  #? prepares
    network.prepare(PREPROCESSING.tensor(images[torch.from_numpy(places)]))  #? prepares
    for name in FROZEN_WEIGHTS:  #? freezes
        network.get_parameter(name).requires_grad_(False)  #? freezes
    network.to(DEVICE)
    network.to(memory_format=torch.channels_last)  #? channels_last
    trained = [(name, weight) for name, weight in network.named_parameters() if weight.requires_grad]
    optimizer = $optimizer(OPTIMIZER, trained, fused=$fused)
    rates = [group["lr"] for group in optimizer.param_groups]
    weights = [weight for group in optimizer.param_groups for weight in group["params"]]  #? clips
    scaler = GradScaler(DEVICE.type)  #? scales
    average = AveragedModel(network, multi_avg_fn=get_ema_multi_avg_fn(EMA), use_buffers=True)  #? averages
    reaction = $reaction(SCHEDULE)  #? reacts
    compute = torch.compile(network)  #? compiles
    network.train()
    data = loaded()
    step = epoch = 0
    with (out / "losses.csv").open("w", newline="\\n") as file:
        file.write("step,loss\\n")
        while step < steps:
            for name in FROZEN_LAYERS:  #? freezes
                network.get_submodule(name).eval()  # what they remember of batches stays as it is, too  #? freezes
            order = order_of(data, epoch)
            seen = batches(data, "training", order, BATCH_SIZE)
            mirrored = $mirrored_rows(len(order), SEED, epoch)  #? turns
            seen = $in_turns(seen, $portions(order, BATCH_SIZE), mirrored)  #? turns
            while step < steps and (parts := list(islice(seen, ACCUMULATION))):  #? accumulates
            for inputs, targets in islice(seen, steps - step):  #? !accumulates
                for group, rate in zip(optimizer.param_groups, rates, strict=True):
                    group["lr"] = rate * rate_at(step)  #? !reacts
                    group["lr"] = rate * (rate_at(step) * reaction.factor)  #? reacts
                optimizer.zero_grad()
                samples = sum(len(inputs) for inputs, _ in parts)  #? accumulates
                losses = [  #? accumulates
                    learn($compute, inputs, targets, step, part, len(inputs) / samples$scaler)  #? accumulates
                    for part, (inputs, targets) in enumerate(parts)  #? accumulates
                ]  #? accumulates
                loss = losses[0] if len(losses) == 1 else torch.stack(losses).sum()  #? accumulates
                loss = learn($compute, inputs, targets, step$scaler)  #? !accumulates
                scaler.unscale_(optimizer)  #? scales clips
                nn.utils.clip_grad_norm_(weights, GRADIENT_CLIP)  #? clips
                optimizer.step()  #? !scales
                scaler.step(optimizer)  #? scales
                scaler.update()  #? scales
                average.update_parameters(network)  #? averages
                step += 1
                if step == min(BEST_STEP, steps):
                    save_model($judged, str(out / "trained.safetensors"))
                file.write(f"{step},{loss.item()!r}\\n")
            epoch += 1
            found = validate($judged, data)  #? validates
            reaction.observe(found)  #? reacts
            print(f"epoch {epoch}, step {step}: loss {loss.item():.4f}, validation {found:.4f}")  #? validates
            print(f"epoch {epoch}, step {step}: loss {loss.item():.4f}")  #? !validates
    recorded = FOLDER / "run_losses.csv"
    if not recorded.is_file():
        print("There is no run_losses.csv to compare losses.csv with.")
    elif step == STEPS:
        same = (out / "losses.csv").read_text() == recorded.read_text()
        print("Every loss is that of the run, to the last bit." if same else "Compare losses.csv with run_losses.csv.")
'''

USING = '''
class Model(nn.Module):
    """The network with what comes before and after it: encoded inputs (batch, …) in, $tells out."""

    def __init__(self, network: nn.Module) -> None:
        super().__init__()
        self.network = network

    def forward(self, encoded: Tensor) -> Tensor:
        outputs = $using
        return TASK.told(outputs.float(), encoded).float()


def load() -> Model:
    """Return the model that train() wrote."""
    network = make()
    load_model(network, FOLDER / "trained.safetensors")
    return Model(network).eval().requires_grad_(False)


if __name__ == "__main__":
    train()
'''


def filled(text: str, holding: Mapping[str, bool], values: Mapping[str, str]) -> str:
    """Return the text with the lines whose conditions hold, and with values for its $names.

    Raises KeyError for a condition or a name that is not among those.
    """
    lines = [line for raw in text.strip("\n").split("\n") if (line := _kept(raw, holding)) is not None]
    return re.sub(r"\n{4,}", "\n\n\n", Template("\n".join(lines)).substitute(values)).strip("\n")


def names() -> Iterator[str]:
    """Yield the names of functions, classes, arguments and variables in the texts, which nothing else may have."""
    for text in (ROWS, STREAM, WINDOWS, SCHEDULE, TRAINING, USING):
        yield from re.findall(r"^(?:def|class) (\w+)", text, re.MULTILINE)
        yield from re.findall(r"(\w+)(?:: [A-Z]\w*| = )", text)


def _kept(line: str, holding: Mapping[str, bool]) -> str | None:
    found = _CONDITION.search(line)
    if found is None:
        return line
    for name in found["names"].split():
        if holding[name.removeprefix("!")] == name.startswith("!"):
            return None
    return line[: found.start()]
