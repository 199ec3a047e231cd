"""encrypt and decrypt: what a run knows, behind a passphrase that is typed or comes from a file, never an argument."""

import getpass
import sys
from typing import Any

import typer

from workbench.commands import options
from workbench.commands.output import say, say_json
from workbench.core import passphrases
from workbench.core.errors import UserError
from workbench.core.locked_run import decrypt_run, encrypt_run
from workbench.core.run_folder import RunFolder, find_run
from workbench.core.words import plural, tr


def encrypt(context: typer.Context, run: options.Run, runs: options.Runs = None, as_json: options.Json = False) -> None:
    """Encrypt the models, checkpoints and evaluations of a run with a passphrase."""
    folder = RunFolder(find_run(run, options.runs_folder(context, runs)).path.absolute())
    count = encrypt_run(folder, _chosen())
    if as_json:
        say_json({"run": str(folder.path), "encrypted": count})
    else:
        say(plural(count, "{count} file is encrypted now.", "{count} files are encrypted now."))


def decrypt(context: typer.Context, run: options.Run, runs: options.Runs = None, as_json: options.Json = False) -> None:
    """Take the encryption of a run away; its passphrase is asked for."""
    folder = options.run_of(context, run, runs)
    count = decrypt_run(folder)
    if as_json:
        say_json({"run": str(folder.path), "decrypted": count})
    else:
        say(plural(count, "{count} file is decrypted now.", "{count} files are decrypted now."))


def _chosen() -> str:
    """Return the passphrase to encrypt with: of the environment, else typed twice."""
    known: list[Any] = passphrases.known()
    if known:
        return known[0]
    if not sys.stdin.isatty():
        raise UserError(
            "There is no passphrase to encrypt with.",
            hint="Name a file that holds it in {variable}, or type it in a terminal.",
            variable=passphrases.FILE,
        )
    first = getpass.getpass(tr("New passphrase: "))
    if getpass.getpass(tr("Again: ")) != first:
        raise UserError("The two passphrases are not the same.", hint="Try again: nothing was changed.")
    return first
