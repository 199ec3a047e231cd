"""generate: a trained language model writes on."""

import sys
from typing import Annotated

import typer

from workbench.commands import options
from workbench.commands.output import say_beside, say_json
from workbench.core.words import tr


def generate(
    context: typer.Context,
    run: options.Run,
    prompt: Annotated[
        str, typer.Option("--prompt", metavar="TEXT", help=tr("What the text begins with; - reads standard input."))
    ] = "",
    max_tokens: Annotated[
        int, typer.Option("--max-tokens", min=1, max=1_000_000, metavar="N", help=tr("How many tokens at most."))
    ] = 200,
    temperature: Annotated[
        float,
        typer.Option("--temperature", min=0, max=100, metavar="T", help=tr("Below 1 is safer, above is bolder.")),
    ] = 0.8,
    top_k: Annotated[
        int, typer.Option("--top-k", min=0, metavar="K", help=tr("Choose among the K likeliest; 0 is all."))
    ] = 0,
    top_p: Annotated[
        float,
        typer.Option("--top-p", min=0, max=1, metavar="P", help=tr("Choose among those that together have P.")),
    ] = 1.0,
    repetition_penalty: Annotated[
        float,
        typer.Option("--repetition-penalty", min=0.01, max=100, help=tr("Above 1, repeats become less likely.")),
    ] = 1.0,
    seed: Annotated[int, typer.Option("--seed", min=0, metavar="S", help=tr("The same seed gives the same text."))] = 0,
    stop: Annotated[
        list[str] | None,
        typer.Option("--stop", metavar="TEXT", help=tr("End before this text; can be given more than once.")),
    ] = None,
    runs: options.Runs = None,
    device: options.Device = None,
    as_json: options.Json = False,
) -> None:
    """Write on from a text, token by token, with the best model of a run."""
    folder = options.run_of(context, run, runs)
    from workbench.commands.using import device_of
    from workbench.inference.generation import Writing
    from workbench.inference.predictor import Predictor
    from workbench.inference.sampling import Sampling

    sampling = Sampling(max_tokens, temperature, top_k, top_p, repetition_penalty, seed, tuple(stop or ()))
    given = sys.stdin.buffer.read().decode("utf-8", "replace") if prompt == "-" else prompt
    writing = Writing(Predictor.of_run(folder, device_of(device)), given, sampling)
    for note in writing.notes:
        say_beside(tr(note))
    _write(given)
    produced = []
    for token in writing:
        _write(token.text)
        produced.append(token)
    _write("\n")
    if as_json:
        text = "".join(token.text for token in produced)
        counts = {"prompt_tokens": writing.prompt_tokens, "tokens": [token.to_plain() for token in produced]}
        say_json({"run": str(folder.path), "prompt": given, "text": text, "ended_by": writing.reason, **counts})


def _write(text: str) -> None:
    """Write a piece at once, whatever signs the terminal knows."""
    encoding = sys.stdout.encoding or "utf-8"
    sys.stdout.write(text.encode(encoding, "replace").decode(encoding))
    sys.stdout.flush()
