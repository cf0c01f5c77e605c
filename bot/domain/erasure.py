"""The erase list: what was erased of whom, by ids and times alone.

A backup still holds what was erased after it was made. With this list it is erased once more when
the backup comes back.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, NewType

from bot.domain.episode import EpisodeId
from bot.domain.fact import FactId
from bot.domain.identity import PersonId, TenantId
from bot.domain.turn import TurnId

ErasureId = NewType("ErasureId", str)

_IN_ONE = 500
"""Ids that one entry names at most."""


@dataclass(frozen=True, slots=True)
class Everything:
    """The person with all that was stored of them."""


@dataclass(frozen=True, slots=True, kw_only=True)
class These:
    """Single things: facts that went, and turns and episodes that lost words.

    Which words they were is not known any more. Erased again, such a turn loses all of them, and
    such an episode goes.
    """

    turn_ids: tuple[TurnId, ...] = ()
    fact_ids: tuple[FactId, ...] = ()
    episode_ids: tuple[EpisodeId, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class SaidIn:
    """What the person said in a tenant up to a moment, with everything derived from it.

    ``channel`` limits it to one channel, as an :class:`~bot.domain.conversation.Audience` names
    it. ``with_direct`` says whether direct messages that belong to the tenant go too.
    """

    tenant_id: TenantId
    until: datetime
    channel: str | None = None
    with_direct: bool = True


@dataclass(frozen=True, slots=True)
class MergedInto:
    """Nothing was erased: the person became one with another, who erases for both from then on."""

    person_id: PersonId


What = Everything | These | SaidIn | MergedInto


@dataclass(frozen=True, slots=True, kw_only=True)
class Erasure:
    """One entry of the erase list."""

    id: ErasureId
    person_id: PersonId
    happened_at: datetime
    what: What


def these(
    *,
    turns: Iterable[TurnId] = (),
    facts: Iterable[FactId] = (),
    episodes: Iterable[EpisodeId] = (),
) -> tuple[These, ...]:
    """Single things in as many entries as they need; none when there are none."""
    all_turns, all_facts, all_episodes = (
        tuple(dict.fromkeys(turns)),
        tuple(dict.fromkeys(facts)),
        tuple(dict.fromkeys(episodes)),
    )
    longest = max(len(all_turns), len(all_facts), len(all_episodes))
    return tuple(
        These(
            turn_ids=all_turns[start : start + _IN_ONE],
            fact_ids=all_facts[start : start + _IN_ONE],
            episode_ids=all_episodes[start : start + _IN_ONE],
        )
        for start in range(0, longest, _IN_ONE)
    )


def owners_of(erasure: Erasure, entries: Iterable[Erasure]) -> tuple[PersonId, ...]:
    """Whose rows an erasure took: the person's, and those of whoever was one with them by then.

    In a backup from before they became one, the others still stand for themselves.
    """
    merges = [
        (entry.person_id, entry.what.person_id)
        for entry in entries
        if isinstance(entry.what, MergedInto) and entry.happened_at <= erasure.happened_at
    ]
    owners = [erasure.person_id]
    for owner in owners:  # grows while it is gone through
        owners.extend(gone for gone, into in merges if into == owner and gone not in owners)
    return tuple(owners)


def what_to_plain(what: What) -> dict[str, Any]:
    """As JSON holds it, in the database and in the file."""
    match what:
        case Everything():
            return {"everything": True}
        case These():
            named = {
                "turns": what.turn_ids,
                "facts": what.fact_ids,
                "episodes": what.episode_ids,
            }
            return {"these": {kind: list(ids) for kind, ids in named.items() if ids}}
        case SaidIn():
            return {
                "said_in": {
                    "tenant": what.tenant_id,
                    "until": what.until.astimezone(UTC).isoformat(),
                    "channel": what.channel,
                    "with_direct": what.with_direct,
                }
            }
        case MergedInto():
            return {"merged_into": what.person_id}


def what_of_plain(plain: Any) -> What:
    """What :func:`what_to_plain` made.

    Raises:
        ValueError: when it is nothing of the kind.
    """
    try:
        ((kind, value),) = plain.items()
        match kind:
            case "everything":
                return Everything()
            case "these":
                return These(
                    turn_ids=_ids(value.get("turns", ())),
                    fact_ids=_ids(value.get("facts", ())),
                    episode_ids=_ids(value.get("episodes", ())),
                )
            case "said_in":
                return SaidIn(
                    tenant_id=TenantId(_text(value["tenant"])),
                    until=moment_of(value["until"]),
                    channel=None if value["channel"] is None else _text(value["channel"]),
                    with_direct=bool(value["with_direct"]),
                )
            case "merged_into":
                return MergedInto(PersonId(_text(value)))
    except (AttributeError, KeyError, TypeError, ValueError):
        pass
    message = "this is no entry of an erase list"
    raise ValueError(message)


def moment_of(text: str) -> datetime:
    """A moment with its time zone, as ISO 8601 writes it.

    Raises:
        ValueError: when it is none, or has no time zone.
    """
    moment = datetime.fromisoformat(text)
    if moment.tzinfo is None:
        message = "a moment needs a time zone"
        raise ValueError(message)
    return moment.astimezone(UTC)


def _ids(values: Sequence[Any]) -> tuple[Any, ...]:
    if isinstance(values, str):
        message = "ids are a list"
        raise TypeError(message)
    return tuple(_text(value) for value in values)


def _text(value: Any) -> str:
    if not isinstance(value, str):
        message = "an id is text"
        raise TypeError(message)
    return value
