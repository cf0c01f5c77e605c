"""The command line. Every error ends as a sentence and an exit code, never as a traceback."""

from __future__ import annotations

import io
import os
import sys
from importlib.metadata import version
from typing import Annotated

import typer
from rich.console import Console

from bot.config import Settings, load_settings
from bot.errors import EllieError
from bot.log import configure_logging

INTERRUPTED = 130
"""128 + SIGINT, as shells report a program that Ctrl-C ended."""

app = typer.Typer(
    help="Ellie: a self-hosted chat companion that remembers every user personally.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
)
models_app = typer.Typer(help="List, pull and remove language models.")
app.add_typer(models_app, name="models")

User = Annotated[str, typer.Option("--user", help="Be somebody else: each name has a memory.")]


def main() -> None:
    """Run the command line."""
    os.umask(0o077)  # what people wrote is readable to nobody else on this machine
    if isinstance(sys.stdout, io.TextIOWrapper):
        sys.stdout.reconfigure(errors="replace")  # not every terminal knows every character
    try:
        app()
    except EllieError as error:
        print(f"ellie: {error}", file=sys.stderr)  # noqa: T201 - a terminal program speaks here
        sys.exit(error.exit_code)
    except KeyboardInterrupt:
        sys.exit(INTERRUPTED)


@app.command()
def run(user: User = "") -> None:
    """Start Ellie on every platform whose token is set; without any, in the terminal."""
    settings = _settings()
    if settings.discord_token or settings.slack_bot_token or settings.slack_app_token:
        print(  # noqa: T201
            "ellie: a Discord or Slack token is set, but this version cannot connect to either "
            "yet. Starting in the terminal.",
            file=sys.stderr,
        )
    _chat(settings, user)


@app.command()
def chat(user: User = "") -> None:
    """Talk in the terminal, or answer one line of standard input after the other."""
    _chat(_settings(), user)


@app.command()
def check() -> None:
    """Say what would run and what is missing. Changes nothing."""
    from bot.cli.check import check as report  # noqa: PLC0415 - each command loads what it needs

    error = report(_settings(), Console())
    if error is not None:
        sys.exit(error.exit_code)


@app.command(name="version")
def show_version() -> None:
    """Print the version."""
    print(version("ellie"))  # noqa: T201


@models_app.callback(invoke_without_command=True)
def models(context: typer.Context) -> None:
    """List the models and mark the one that would run."""
    if context.invoked_subcommand is None:
        from bot.cli.models import list_models  # noqa: PLC0415

        list_models(_settings(), Console())


@models_app.command()
def pull(name: Annotated[str, typer.Argument(help="Alias, hub id or GGUF file.")] = "") -> None:
    """Fetch a model, or check and repair one that is there."""
    from bot.cli.models import pull_model  # noqa: PLC0415

    pull_model(_settings(), Console(stderr=True), name)


@models_app.command()
def remove(name: Annotated[str, typer.Argument(help="As `ellie models` lists it.")]) -> None:
    """Delete a model from the models folder."""
    from bot.cli.models import remove_model  # noqa: PLC0415

    remove_model(_settings(), Console(stderr=True), name)


def _chat(settings: Settings, user: str) -> None:
    from bot.cli.chat import chat as talk  # noqa: PLC0415

    if not talk(settings, Console(stderr=True), user):
        sys.exit(1)


def _settings() -> Settings:
    settings = load_settings()
    configure_logging(settings.log_level, settings.log_format)
    return settings
