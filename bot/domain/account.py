"""How an account is written in settings, in the audit log and on the command line."""

from __future__ import annotations

from bot.domain.identity import IdentityRef


def account_name(identity: IdentityRef) -> str:
    """An account as ``discord:1234``, or ``slack:T1/U2`` where ids are a tenant's own.

    Two accounts have the same name only when they are the same. What somebody calls themselves is
    no part of it.
    """
    home = "" if identity.tenant is None else f"{identity.tenant.external_id}/"
    return f"{identity.platform}:{home}{identity.external_id}"
