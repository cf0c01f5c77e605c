"""The commands of whoever runs Ellie: copies of the database, its health, its size, requests."""

from __future__ import annotations

import sys
from collections.abc import Callable
from typing import Annotated

import typer
from rich.console import Console

from bot.config import Settings

Yes = Annotated[bool, typer.Option("--yes", help="Do not ask.")]


def add_instance_commands(app: typer.Typer, settings: Callable[[], Settings]) -> None:
    """Give the command line these commands. ``settings`` are loaded when one is called."""

    @app.command()
    def backup(
        file: Annotated[
            str, typer.Argument(metavar="FILE", help="Where to; else in the data folder.")
        ] = "",
    ) -> None:
        """Copy the database into one file, while Ellie runs or not."""
        from bot.cli.backup import backup as write  # noqa: PLC0415 - as everywhere: loaded late

        write(settings(), Console(), file)

    @app.command()
    def restore(
        file: Annotated[str, typer.Argument(metavar="FILE", help="What `ellie backup` wrote.")],
        *,
        yes: Yes = False,
        discard: Annotated[
            bool, typer.Option("--discard", help="Keep no copy of the present database.")
        ] = False,
    ) -> None:
        """Put a backup in place of the database. What was erased since is erased again."""
        from bot.cli.backup import restore as put_back  # noqa: PLC0415

        put_back(settings(), Console(), file, yes=yes, discard=discard)

    @app.command()
    def erase(
        *,
        person: Annotated[
            str, typer.Option(metavar="WHO", help="An account, say discord:123, or an id.")
        ],
        yes: Yes = False,
    ) -> None:
        """Erase everything of one person for good, as they could with /memory forget everything."""
        from bot.cli.erase import erase as erase_person  # noqa: PLC0415

        erase_person(settings(), Console(), person, yes=yes)

    @app.command(name="serve-model")
    def serve_model(
        *,
        host: Annotated[str, typer.Option(help="Address to answer at.")] = "127.0.0.1",
        port: Annotated[int, typer.Option(min=0, max=65_535, help="0 is any free one.")] = 8000,
        replicas: Annotated[
            str, typer.Option(metavar="N[:MAX]", help="How many engines, on Ray's machines.")
        ] = "",
        address: Annotated[
            str, typer.Option(metavar="auto|HOST:PORT", help="The Ray cluster to run them on.")
        ] = "",
        cpus: Annotated[
            int, typer.Option(min=0, max=1024, help="Processors for each; 0 is all that fit.")
        ] = 0,
    ) -> None:
        """Serve the language model to bots on other machines, from this one or from a cluster."""
        from bot.cli.serve_model import Place  # noqa: PLC0415
        from bot.cli.serve_model import serve_model as serve  # noqa: PLC0415

        place = Place(host=host, port=port, replicas=replicas, address=address, cpus=cpus)
        serve(settings(), Console(stderr=True), place)

    @app.command()
    def doctor(
        *,
        fix: Annotated[bool, typer.Option("--fix", help="Repair what can be safely.")] = False,
        models: Annotated[
            bool, typer.Option("--models", help="Compare every byte of the models, too.")
        ] = False,
    ) -> None:
        """Look for what is wrong with what is stored. Exits with 1 when something is."""
        from bot.cli.doctor import doctor as examine  # noqa: PLC0415

        if not examine(settings(), Console(), fix=fix, models=models):
            sys.exit(1)

    @app.command()
    def stats(*, json: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False) -> None:
        """Count what is stored. Names nobody and quotes nothing."""
        from bot.cli.stats import show_stats  # noqa: PLC0415

        show_stats(settings(), Console(), as_json=json)
