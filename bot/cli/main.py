"""The command line. Every error ends as a sentence and an exit code, never as a traceback."""

from __future__ import annotations

import io
import os
import sys
from importlib.metadata import version
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console

from bot.cli.instance_commands import add_instance_commands
from bot.config import Settings
from bot.config_loading import load_settings
from bot.errors import EllieError, UsageError
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
jobs_app = typer.Typer(help="List, pause and resume what runs by itself.")
app.add_typer(jobs_app, name="jobs")
discord_app = typer.Typer(help="What setting up Discord needs.", no_args_is_help=True)
app.add_typer(discord_app, name="discord")
policy_app = typer.Typer(help="What was decided in a server or workspace.", no_args_is_help=True)
app.add_typer(policy_app, name="policy")
slack_app = typer.Typer(help="What setting up Slack needs.", no_args_is_help=True)
app.add_typer(slack_app, name="slack")

add_instance_commands(app, lambda: _settings())  # noqa: PLW0108 - it is defined below

TenantName = Annotated[
    str, typer.Option("--tenant", metavar="TENANT", help="discord:123 or slack:T1.")
]
JobName = Annotated[str, typer.Argument(metavar="NAME", help="compaction or retention.")]
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
    if settings.discord_token or settings.slack_bot_token:
        from bot.cli.run import serve  # noqa: PLC0415

        serve(settings, Console(stderr=True))
    else:
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


@jobs_app.callback(invoke_without_command=True)
def jobs(context: typer.Context) -> None:
    """List what runs by itself, who is due for compaction, and the latest compactions."""
    if context.invoked_subcommand is None:
        from bot.cli.jobs import list_jobs  # noqa: PLC0415

        list_jobs(_settings(), Console())


@jobs_app.command()
def pause(name: JobName) -> None:
    """Keep a job from running by itself, in every process on this database."""
    from bot.cli.jobs import pause_job  # noqa: PLC0415

    pause_job(_settings(), Console(), name, paused=True)


@jobs_app.command()
def resume(name: JobName) -> None:
    """Let a job run by itself again."""
    from bot.cli.jobs import pause_job  # noqa: PLC0415

    pause_job(_settings(), Console(), name, paused=False)


@discord_app.command()
def invite() -> None:
    """Print the link that adds Ellie to a server, with the least permissions."""
    from bot.cli.discord import invite as print_link  # noqa: PLC0415

    print_link(_settings(), Console())


@slack_app.command(name="manifest")
def slack_manifest(
    http: Annotated[
        str,
        typer.Option(metavar="URL", help="Have Slack send requests to this address of yours."),
    ] = "",
    link: Annotated[
        bool, typer.Option("--link", help="Print a link that creates the app instead.")
    ] = False,
    explain: Annotated[
        bool, typer.Option("--explain", help="Say what each permission is for instead.")
    ] = False,
) -> None:
    """Print the manifest to create the Slack app from, for Socket Mode unless --http is given."""
    from bot.cli.slack import explain_manifest, print_manifest  # noqa: PLC0415

    if explain:
        explain_manifest(Console())
    else:
        print_manifest(Console(), url=http, link=link)


@app.command()
def compact(
    person: Annotated[
        str | None,
        typer.Option(metavar="WHO", help="One person, due or not: an id, or say console:ana."),
    ] = None,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Say what would change.")] = False,
    undo: Annotated[
        str | None,
        typer.Option(metavar="JOB", help="Take a compaction back: its id, or how it begins."),
    ] = None,
) -> None:
    """Make the memory of everybody who is due compact, now. Exits with 1 when one was not done."""
    from bot.cli import compact as command  # noqa: PLC0415

    if undo is not None:
        if person is not None or dry_run:
            raise UsageError("--undo goes alone, for example ellie compact --undo 1f2e3d4c.")
        command.undo(_settings(), Console(), undo)
    elif not command.compact(_settings(), Console(), person=person, dry_run=dry_run):
        sys.exit(1)


@app.command()
def retention(
    *,
    tenant: Annotated[
        str, typer.Option(metavar="TENANT", help="A server or workspace: discord:123, slack:T1.")
    ] = "",
    days: Annotated[
        int | None, typer.Option(min=1, max=36_500, help="Erase there what is older.")
    ] = None,
    keep: Annotated[bool, typer.Option("--keep", help="Keep there what is said there.")] = False,
    default: Annotated[
        bool, typer.Option("--default", help="Decide nothing of its own there any more.")
    ] = False,
    erase: Annotated[
        bool, typer.Option("--erase", help="Erase now all that was said there, new or old.")
    ] = False,
    run: Annotated[bool, typer.Option("--run", help="Erase now what is too old.")] = False,
) -> None:
    """Show for how long things are kept, or decide it for one server or workspace."""
    from bot.cli import retention as command  # noqa: PLC0415

    decisions = (days is not None) + keep + default + erase
    if decisions != bool(tenant) or (run and tenant):
        raise UsageError(
            "--tenant goes with one of --days N, --keep, --default and --erase; --run goes alone. "
            "For example ellie retention --tenant discord:123 --days 30. The number for all others "
            "is the setting ELLIE_RETENTION_DAYS."
        )
    if run:
        command.erase_now(_settings(), Console())
    elif erase:
        command.erase_tenant(_settings(), Console(), tenant)
    elif tenant:
        from bot.engine.tenant_retention import KEEP_EVERYTHING  # noqa: PLC0415

        chosen = KEEP_EVERYTHING if keep else days
        command.set_retention(_settings(), Console(), tenant, chosen)
    else:
        command.show_retention(_settings(), Console())


@policy_app.command(name="show")
def show_policy(tenant: TenantName) -> None:
    """Print every decision of a server or workspace."""
    from bot.cli import policy as command  # noqa: PLC0415

    command.show_policy(_settings(), Console(), tenant)


@policy_app.command(name="export")
def export_policy(
    tenant: TenantName,
    file: Annotated[str, typer.Argument(metavar="[FILE]", help="Else standard output.")] = "-",
) -> None:
    """Write every decision of a server or workspace to a TOML file."""
    from bot.cli import policy as command  # noqa: PLC0415

    command.export_policy(_settings(), Console(), tenant, file)


@policy_app.command(name="import")
def import_policy(
    tenant: TenantName,
    file: Annotated[str, typer.Argument(metavar="[FILE]", help="Else standard input.")] = "-",
    *,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Only say what would change.")] = False,
) -> None:
    """Replace every decision of a server or workspace by those of a TOML file."""
    from bot.cli import policy as command  # noqa: PLC0415

    command.import_policy(_settings(), Console(), tenant, file, dry_run=dry_run)


@app.command()
def audit(
    tenant: Annotated[
        str, typer.Option(metavar="TENANT", help="A server or workspace: discord:123, slack:T1.")
    ] = "",
    export: Annotated[
        Path | None, typer.Option(metavar="FILE", help="Write all of it to a new file instead.")
    ] = None,
) -> None:
    """Show the latest of what was done in the name of administration, and by whom."""
    from bot.cli import audit as command  # noqa: PLC0415

    if export is None:
        command.show_audit(_settings(), Console(), tenant)
    else:
        command.export_audit(_settings(), Console(), export, tenant)


@app.command(name="import")
def import_(
    file: Annotated[Path, typer.Argument(help="The .json file that /memory export gave.")],
    *,
    account: Annotated[
        str, typer.Option("--as", metavar="ACCOUNT", help="For this account: console:ana.")
    ] = "",
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Say what would change.")] = False,
    yes: Annotated[bool, typer.Option("--yes", help="Ask nothing.")] = False,
) -> None:
    """Bring in the memory of one person, as they took it along. Nothing here is overwritten."""
    from bot.cli.importing import import_file  # noqa: PLC0415

    import_file(_settings(), Console(), file, account=account, dry_run=dry_run, yes=yes)


def _chat(settings: Settings, user: str) -> None:
    from bot.cli.chat import chat as talk  # noqa: PLC0415

    if not talk(settings, Console(stderr=True), user):
        sys.exit(1)


def _settings() -> Settings:
    settings = load_settings()
    configure_logging(settings.log_level, settings.log_format)
    return settings
