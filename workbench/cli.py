"""The command line: `workbench` opens the window, and everything the window does is also a command."""

import os
import sys
import traceback
from collections.abc import Sequence
from pathlib import Path
from typing import Annotated, Any

from workbench.core import paths, words
from workbench.core.errors import UserError
from workbench.core.words import tr

FAILED, WRONG_USAGE, INTERRUPTED = 1, 2, 130


def main(arguments: Sequence[str] | None = None) -> int:
    """Do what the command line asks for and return the exit code: 0 done, 1 failed, 2 wrong usage, 130 interrupted."""
    words.use_language(words.system_language())
    given = list(sys.argv[1:] if arguments is None else arguments)
    debug = "--debug" in given
    given = [argument for argument in given if argument != "--debug"]
    try:
        wanted = _window(given)
        if wanted is not None:
            return _show_window(*wanted)
        application()(args=given, prog_name="workbench")
    except SystemExit as end:  # typer has said what was wrong about the usage
        return end.code if isinstance(end.code, int) else FAILED
    except KeyboardInterrupt:
        return INTERRUPTED
    except UserError as error:
        _tell(error, debug)
        return getattr(error, "exit_code", FAILED)
    except BrokenPipeError:  # whoever read our output has gone, as `head` does
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return FAILED
    except OSError as error:
        shown = UserError(
            "{path} cannot be used: {reason}.",
            hint="See that it is there and that you may read and write it.",
            details=traceback.format_exc(),
            path=str(error.filename or "?"),
            reason=error.strerror or str(error),
        )
        _tell(shown, debug)
        return FAILED
    except Exception as error:  # noqa: BLE001 - a person gets a sentence; --debug shows the rest
        shown = UserError(
            "Something unexpected went wrong: {reason}.",
            hint="Add --debug to see where.",
            details=traceback.format_exc(),
            reason=f"{type(error).__name__}: {error}".rstrip(". "),
        )
        _tell(shown, debug)
        return FAILED
    return 0


def _tell(error: UserError, debug: bool) -> None:
    from workbench.commands.output import show_error

    show_error(error, debug=debug)


def _window(given: Sequence[str]) -> tuple[Path, bool] | None:
    """Return the folder of runs and whether the demo is meant when only the window is asked for, else None.

    The window is what most starts are for, and it opens sooner when no command is imported.
    """
    rest, demo, runs = list(given), False, ""
    while rest:
        match rest.pop(0):
            case "--demo":
                demo = True
            case "--runs" if rest and not rest[0].startswith("-"):
                runs = rest.pop(0)
            case _:
                return None  # a command, help, or something to complain about
    return (Path(runs).expanduser().absolute() if runs else paths.runs()), demo


def _show_window(runs: Path, demo: bool) -> int:
    from workbench.commands import window
    from workbench.commands.requirements import require_packages

    require_packages()
    return window.show_window(runs, demo=demo)


def application() -> Any:
    """Return the typer application with every command, its help in the chosen language."""
    import typer

    from workbench.commands import window
    from workbench.commands.requirements import require_packages

    app = typer.Typer(
        add_completion=False,
        pretty_exceptions_enable=False,
        rich_markup_mode=None,
        context_settings={"help_option_names": ["-h", "--help"]},
    )

    @app.callback(
        invoke_without_command=True,
        help=tr("Train and use neural networks. Without a command the window opens."),
    )
    def start(
        context: typer.Context,
        demo: Annotated[
            bool, typer.Option("--demo", help=tr("Open the handwritten digits and start training."))
        ] = False,
        runs: Annotated[
            Path | None,
            typer.Option("--runs", metavar="DIR", help=tr("The folder of runs."), show_default=False),
        ] = None,
        version: Annotated[bool, typer.Option("--version", help=tr("Print the version."))] = False,
        debug: Annotated[
            bool, typer.Option("--debug", help=tr("When something goes wrong, show where in the program."))
        ] = False,
    ) -> None:
        if version:
            import workbench

            print(workbench.__version__)  # noqa: T201
            return
        if context.invoked_subcommand != "doctor":  # which is there to find out what is wrong
            require_packages()
        if context.invoked_subcommand is not None:
            return
        from workbench.commands.options import runs_folder

        raise typer.Exit(window.show_window(runs_folder(context, runs), demo=demo))

    _add_commands(app)
    return app


def _add_commands(app: Any) -> None:
    from workbench.commands import (
        benching,
        comparing,
        compressing,
        doctor,
        encrypting,
        exporting,
        generating,
        launching,
        listing,
        masking,
        serving,
        training,
        using,
    )

    app.command(help=tr("Train a recipe and show how it goes."))(training.train)
    app.command(help=tr("Go on with a run that was stopped, or give a finished one more epochs."))(training.resume)
    app.command(help=tr("Print how a recipe is started on several machines, or on several GPUs of one."))(
        launching.launch
    )
    app.command(help=tr("List all runs, the newest last."))(listing.runs)
    app.command(help=tr("Show what personal data there is in tables or texts, and what would take its place."))(
        masking.personal
    )
    app.command(help=tr("Measure a run's best model on its validation and test splits."))(using.evaluate)
    app.command(help=tr("Say what a run's best model makes of images or texts."))(using.predict)
    app.command(help=tr("Write on from a text, with the best model of a run."))(generating.generate)
    app.command(help=tr("Write a run's best model in a form that other programs take."))(exporting.export)
    app.command(help=tr("Hold the best models of runs against each other: how good, how large, how fast."))(
        comparing.compare
    )
    app.command(help=tr("Keep the weights of a run's best model in fewer bits, as a new run."))(compressing.compress)
    app.command(help=tr("Answer over HTTP with the best models of runs, until interrupted."))(serving.serve)
    app.command(help=tr("Encrypt the models, checkpoints and evaluations of a run with a passphrase."))(
        encrypting.encrypt
    )
    app.command(help=tr("Take the encryption of a run away; its passphrase is asked for."))(encrypting.decrypt)
    app.add_typer(_tokens(), name="tokens")
    app.command(help=tr("List the layers of a recipe's network, with their parameters and operations."))(using.describe)
    app.command(help=tr("Say how fast this machine trains, and find the fastest settings."))(benching.bench)
    app.command(help=tr("Say what was found on this machine, and why a GPU is not used."))(doctor.doctor)


def _tokens() -> Any:
    """Return the commands below `tokens`."""
    import typer

    from workbench.commands import serving

    tokens = typer.Typer(help=tr("Who may ask what is served."), no_args_is_help=True, rich_markup_mode=None)
    tokens.command("add", help=tr("Make a token and print it: it is kept nowhere and cannot be shown again."))(
        serving.add
    )
    tokens.command("revoke", help=tr("Take a token back; services that run refuse it from now on."))(serving.revoke)
    tokens.command("list", help=tr("List the tokens there are, without the tokens themselves."))(serving.listed)
    return tokens


if __name__ == "__main__":
    sys.exit(main())
