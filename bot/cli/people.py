"""Who is meant on the command line: a person by id or account, a server or workspace by name."""

from __future__ import annotations

from datetime import datetime

from adapters.console.chat import console_identity
from bot.domain.compaction import DueRule
from bot.domain.identity import IdentityRef, PersonId, Platform, TenantRef
from bot.errors import UsageError
from bot.ports.storage import UnitOfWork

SHORT_ID = 8
"""So many characters of an id are shown, and suffice to name it."""

_LATEST = 1000
"""Among the people of so many compactions, and all who are due, the beginning of an id is found."""

_HOW = (
    "Name an account (console:ana, discord:1234, slack:T1/U2), or a person by the id that "
    "`ellie jobs` lists."
)


async def find_person(work: UnitOfWork, who: str, *, now: datetime, rule: DueRule) -> PersonId:
    """The person that ``who`` names: an account, an id, or the beginning of an id.

    Raises:
        UsageError: it names nobody, or several.
    """
    if ":" in who:
        person = await work.persons.find(parse_account(who))
        if person is None:
            raise UsageError(f"Ellie knows nobody called {who}. {_HOW}")
        return person.id
    exact = await work.persons.get(PersonId(who))
    if exact is not None:
        return exact.id
    jobs = await work.compactions.latest(limit=_LATEST)
    known = {*(job.person_id for job in jobs), *await work.compactions.due(now=now, rule=rule)}
    found = sorted(person_id for person_id in known if who and person_id.startswith(who))
    if len(found) > 1:
        raise UsageError(f"{who} is the beginning of {len(found)} ids: {', '.join(found)}.")
    if not found:
        raise UsageError(f"No id of a person begins with '{who}'. {_HOW}")
    return found[0]


def parse_account(text: str) -> IdentityRef:
    """An account as ``platform:id``; on Slack, where ids are a workspace's own, ``slack:T1/U2``.

    Raises:
        UsageError: it is not written like that.
    """
    platform, _, external_id = text.partition(":")
    if platform == Platform.CONSOLE:
        return console_identity(external_id)
    if platform == Platform.SLACK:
        team, slash, user = external_id.partition("/")
        if slash and team and user:
            tenant = TenantRef(platform=Platform.SLACK, external_id=team)
            return IdentityRef(
                platform=Platform.SLACK, external_id=user, display_name="", tenant=tenant
            )
    elif external_id and platform in tuple(Platform):
        return IdentityRef(platform=Platform(platform), external_id=external_id, display_name="")
    raise UsageError(f"'{text}' is no account. {_HOW}")


def parse_tenant(text: str) -> TenantRef:
    """A Discord server or a Slack workspace, as ``discord:1234`` or ``slack:T1``.

    Raises:
        UsageError: it is not written like that.
    """
    platform, _, external_id = text.partition(":")
    right = {Platform.DISCORD: str.isdecimal, Platform.SLACK: str.isalnum}
    if platform not in right or not (
        external_id.isascii() and right[Platform(platform)](external_id)
    ):
        raise UsageError(
            f"'{text}' is no server or workspace. Write discord:1234 with a server's id, or "
            "slack:T1 with a workspace's."
        )
    return TenantRef(platform=Platform(platform), external_id=external_id)
