"""``ellie slack``: what the owner needs for setting up Slack."""

from __future__ import annotations

from rich.console import Console
from rich.table import Table

from adapters.slack.manifest import as_json, creating_link, manifest
from adapters.slack.scopes import EVENTS, SCOPES


def print_manifest(console: Console, *, url: str, link: bool) -> None:
    """Print the app's manifest, or a link that creates the app with it.

    Raises:
        UsageError: Slack would not send anything to ``url``.
    """
    content = manifest(url)
    text = creating_link(content) if link else as_json(content)
    console.print(text, markup=False, highlight=False, soft_wrap=True)


def explain_manifest(console: Console) -> None:
    """Print what each permission and event is for."""
    table = Table("permission", "what it is for", "without it", box=None)
    for scope in SCOPES:
        table.add_row(scope.name, scope.why, scope.without)
    console.print(table, highlight=False)
    console.print()
    table = Table("event", "what it tells", box=None)
    for event in EVENTS:
        table.add_row(event.name, event.why)
    console.print(table, highlight=False)
