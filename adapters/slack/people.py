"""Who people on Slack are: their names, where they come from, and who runs the workspace."""

from __future__ import annotations

import asyncio
from collections import OrderedDict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from typing import Any

from slack_sdk.web.async_client import AsyncWebClient

from adapters.names import one_line
from adapters.ordering import InOrder
from adapters.slack.events import SLACKBOT
from adapters.slack.web import TROUBLE, error_code, is_final
from adapters.slack.workspace import Workspace
from bot.domain.access import ADMIN
from bot.domain.identity import IdentityRef, Platform, TenantRef
from bot.log import get_logger
from bot.ports.system import Clock

log = get_logger(__name__)

CACHE_SECONDS = 60.0
"""For how long somebody whose rights were taken away may go on as an admin."""
TROUBLE_SECONDS = 5.0
"""For how long Slack is not asked again about somebody of whom it told nothing."""
NAME_SECONDS = 3600.0
"""For how long a name of somebody who only stands around is not asked again."""
REMEMBERED_PEOPLE = 5_000
PATIENCE_SECONDS = 1.0
"""For one answer of Slack's: somebody is waiting for Ellie meanwhile."""
NOBODY = "someone"


@dataclass(frozen=True, slots=True, kw_only=True)
class SlackUser:
    """Somebody on Slack.

    ``home`` is the id of the enterprise that they belong to, or else of their workspace.
    ``is_stranger``: it is another one than ours, as in Slack Connect. ``locale`` is a language tag.
    ``is_known`` is false for somebody of whom Slack did not tell, so that all of this is a guess;
    ``is_certain`` says that at least their home is none, and so whose memory theirs is.
    ``is_guest``: they are in some channels only. ``teams`` are the workspaces that they are known
    to be in.
    """

    id: str
    home: str
    name: str
    is_admin: bool = False
    is_owner: bool = False
    is_guest: bool = False
    is_bot: bool = False
    is_stranger: bool = False
    locale: str = ""
    is_known: bool = True
    is_certain: bool = True
    teams: frozenset[str] = frozenset()

    @property
    def roles(self) -> frozenset[str]:
        """What they are in the workspace, in words: owner, admin, member or guest.

        An owner is an admin too, and an admin a member. People of other workspaces are guests.
        Nothing of whom Slack did not tell.
        """
        if not self.is_known:
            return frozenset()
        if self.is_guest or self.is_stranger:
            return frozenset({"guest"})
        ranks = {"member": True, ADMIN: self.is_admin, "owner": self.is_admin and self.is_owner}
        return frozenset(rank for rank, is_theirs in ranks.items() if is_theirs)


@dataclass(frozen=True, slots=True)
class _Known:
    user: SlackUser
    at: float


class People:
    """Asks Slack who somebody is, and remembers it for a while. Never fails."""

    def __init__(self, client: AsyncWebClient, workspace: Workspace, clock: Clock) -> None:
        self._client = client
        self._workspace = workspace
        self._clock = clock
        self._known: OrderedDict[str, _Known] = OrderedDict()
        self._untold: OrderedDict[str, float] = OrderedDict()
        self._refused: set[str] = set()
        self._in_order = InOrder()

    async def get(self, user_id: str, *, team_id: str = "", name: str = "") -> SlackUser:
        """Somebody as they were at most :data:`CACHE_SECONDS` ago.

        Where Slack does not say, as they were known before, and nobody's admin. ``team_id`` and
        ``name`` are what the event said of them, for when nothing else is known.
        """
        user = await self._as_told(user_id)
        if user is None or (team_id and team_id not in {user.home, *user.teams}):
            # Ids are a workspace's own: it may be somebody else's that Slack tells of.
            return self._guessed(user_id, team_id, name)
        return user

    async def _as_told(self, user_id: str, *, seconds: float = CACHE_SECONDS) -> SlackUser | None:
        """Somebody as Slack told of them within ``seconds``, or else before, and no admin then."""
        async with self._in_order.for_(user_id):  # nobody is asked about twice at once
            known = self._known.get(user_id)
            if known is not None and self._is_younger(known, seconds):
                self._known.move_to_end(user_id)
                return known.user
            user = await self._asked(user_id)
            if user is not None:
                self._remember(user)
                return user
        return None if known is None else replace(known.user, is_admin=False)

    async def is_admin(self, user_id: str) -> bool:
        """Whether somebody runs the workspace at this moment, which Slack is asked anew.

        When it does not say, they do not.
        """
        user = await self._as_told(user_id, seconds=0)
        return user is not None and user.is_admin

    async def several(
        self, user_ids: Iterable[str], *, seconds: float = PATIENCE_SECONDS
    ) -> Mapping[str, SlackUser]:
        """People who are only talked about, by their ids: as far as Slack tells in ``seconds``.

        Their names may be old, and nobody's rights are to be judged by this.
        """
        found: dict[str, SlackUser] = {}
        asking: list[asyncio.Task[SlackUser]] = []
        for user_id in sorted({user_id for user_id in user_ids if user_id}):
            known = self._known.get(user_id)
            if known is not None:
                found[user_id] = known.user
            if known is None or not self._is_younger(known, NAME_SECONDS):
                asking.append(asyncio.create_task(self.get(user_id)))
        if not asking:
            return found
        try:
            done, _ = await asyncio.wait(asking, timeout=max(0.0, seconds))
            users = [task.result() for task in done]
            found.update((user.id, user) for user in users if user.is_known)
        finally:
            for task in asking:
                task.cancel()  # what is done already stays as it is
            await asyncio.gather(*asking, return_exceptions=True)
        return found

    def identity_of(self, user: SlackUser) -> IdentityRef:
        """The account, which is one and the same in every channel that it gets to."""
        return IdentityRef(
            platform=Platform.SLACK,
            external_id=user.id,
            display_name=user.name,
            tenant=TenantRef(platform=Platform.SLACK, external_id=user.home),
        )

    async def account_of(self, user_id: str) -> IdentityRef:
        """The account of somebody who is named by their id, wherever they belong.

        Raises:
            TimeoutError: Slack does not tell of them just now, and whose memory is meant must not
                be guessed. Of whom it refuses to tell, the account is taken to be one of ours.
        """
        user = await self.get(user_id)
        if not user.is_known and user_id not in self._refused:
            msg = "Slack does not tell who somebody is."
            raise TimeoutError(msg)
        return self.identity_of(user)

    def forget(self, user_id: str) -> None:
        """Ask anew next time: something about them has changed."""
        self._known.pop(user_id, None)
        self._untold.pop(user_id, None)
        self._refused.discard(user_id)

    def _is_younger(self, known: _Known, seconds: float) -> bool:
        return self._clock.elapsed() - known.at < seconds

    def _remember(self, user: SlackUser) -> None:
        self._refused.discard(user.id)
        self._known[user.id] = _Known(user, self._clock.elapsed())
        self._known.move_to_end(user.id)
        while len(self._known) > REMEMBERED_PEOPLE:
            self._known.popitem(last=False)

    async def _asked(self, user_id: str) -> SlackUser | None:
        if self._clock.elapsed() < self._untold.get(user_id, 0.0):
            return None
        try:
            async with asyncio.timeout(PATIENCE_SECONDS):
                answer = await self._client.users_info(user=user_id, include_locale=True)
        except TROUBLE as error:
            log.warning("person_not_known", error=error_code(error))
            self._untold[user_id] = self._clock.elapsed() + TROUBLE_SECONDS
            if is_final(error):
                self._refused.add(user_id)
            while len(self._untold) > REMEMBERED_PEOPLE:
                self._refused.discard(self._untold.popitem(last=False)[0])
            return None
        raw = answer.get("user")
        return self._user(user_id, raw) if isinstance(raw, Mapping) else None

    def _user(self, user_id: str, raw: Mapping[str, Any]) -> SlackUser:
        ours = {self._workspace.team_id, self._workspace.enterprise_id} - {""}
        enterprise = raw.get("enterprise_user") or {}
        home = str(enterprise.get("enterprise_id") or raw.get("team_id") or self._home_of(""))
        is_stranger = bool(raw.get("is_stranger")) or home not in ours
        is_member = self._workspace.team_id in {
            raw.get("team_id"),
            *(enterprise.get("teams") or ()),
        }
        is_bot = bool(raw.get("is_bot") or raw.get("is_workflow_bot")) or user_id == SLACKBOT
        is_guest = bool(raw.get("is_restricted") or raw.get("is_ultra_restricted"))
        rights = ("is_admin", "is_owner", "is_primary_owner")
        is_barred = is_stranger or is_bot or is_guest or bool(raw.get("deleted"))
        return SlackUser(
            id=user_id,
            home=home,
            name=_name_in(raw),
            is_admin=any(raw.get(right) for right in rights) and is_member and not is_barred,
            is_owner=bool(raw.get("is_owner") or raw.get("is_primary_owner")),
            is_guest=is_guest,
            is_bot=is_bot,
            is_stranger=is_stranger,
            locale=str(raw.get("locale") or ""),
            teams=frozenset(
                str(team) for team in (raw.get("team_id"), *(enterprise.get("teams") or ())) if team
            ),
        )

    def _guessed(self, user_id: str, team_id: str, name: str) -> SlackUser:
        """Of their home, all is known that will be where Slack refuses to tell of them."""
        home = self._home_of(team_id)
        return SlackUser(
            id=user_id,
            home=home,
            name=one_line(name) or NOBODY,
            is_bot=user_id == SLACKBOT,
            is_stranger=home != self._home_of(""),
            is_known=False,
            is_certain=team_id in {"", self._workspace.team_id} or user_id in self._refused,
        )

    def _home_of(self, team_id: str) -> str:
        """Everybody in our workspace belongs to our enterprise, if there is one."""
        if team_id not in {"", self._workspace.team_id, self._workspace.enterprise_id}:
            return team_id
        return self._workspace.enterprise_id or self._workspace.team_id


def _name_in(raw: Mapping[str, Any]) -> str:
    profile = raw.get("profile") or {}
    names = (
        profile.get("display_name"),
        profile.get("real_name"),
        raw.get("real_name"),
        raw.get("name"),
    )
    return next(filter(None, (one_line(str(name or "")) for name in names)), NOBODY)
