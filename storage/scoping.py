"""The scope as SQL: the one place that decides which rows a reader may see."""

from __future__ import annotations

from sqlalchemy import ColumnElement, Table, and_, false, or_

from bot.domain.conversation import CIRCLES, Scope, Visibility
from storage.setting_aside import is_set_aside
from storage.tables import AudienceColumns, episodes, turns

_NOT_SET_ASIDE = {
    turns: ~is_set_aside(turns, turns.c.received_at),
    episodes: ~is_set_aside(episodes, episodes.c.began_at),
}
"""What is no part of a reset, where that depends on when a row's words were said.

Facts go with the words that they stand on.
"""


def admitted(table: Table[AudienceColumns], scope: Scope) -> ColumnElement[bool]:
    """The rows that the scope's person owns and its audience may hear.

    Mirrors :meth:`bot.domain.conversation.Scope.admits`; a property test compares the two.
    What a reset set aside is not among them, unless the scope is for that, too.
    """
    not_set_aside = None if scope.set_aside else _NOT_SET_ASIDE.get(table)
    audible = _audible(table, scope)
    return audible if not_set_aside is None else and_(audible, not_set_aside)


def _audible(table: Table[AudienceColumns], scope: Scope) -> ColumnElement[bool]:
    columns = table.c
    owned = columns.person_id == scope.person_id
    if scope.tenant_id is not None:
        owned = and_(
            owned,
            columns.tenant_id == scope.tenant_id,
            columns.visibility != Visibility.DIRECT,
        )
    here = scope.audience
    if here.visibility is Visibility.DIRECT:
        return owned
    audible: list[ColumnElement[bool]] = [false()]
    if here.tenant_id is not None and here.visibility is not Visibility.SHARED:
        audible.append(
            and_(columns.visibility == Visibility.PUBLIC, columns.tenant_id == here.tenant_id)
        )
    if here.visibility in CIRCLES:
        audible.append(
            and_(columns.visibility != Visibility.DIRECT, columns.channel == here.channel)
        )
    return and_(owned, or_(*audible))
