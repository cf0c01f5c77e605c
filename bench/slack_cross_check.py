"""Does the tests' Slack stand-in agree with one that somebody else wrote?

    python bench/slack_cross_check.py [--binary PATH/TO/local-slack]

The same calls are made and the same things are done in both, and what comes back is compared: the
outcome or the error, and which fields there are. Without ``--binary`` the npm package
local-slack-linux-x64 is fetched with npm into a temporary folder. local-slack knows neither
streams nor agent sessions and checks little, so differences are to be read, not counted.
"""

from __future__ import annotations

import argparse
import asyncio
from pathlib import Path

import aiohttp
from rich.console import Console
from rich.table import Table
from slack_cross_looks import LOOKS, Look
from slack_cross_peers import Json, Peer, local_slack, ours


def compared(own: Json, other: Json) -> tuple[bool, str]:
    """Whether two answers are alike, and in what they differ."""
    remarks = []
    for name in ("ok", "error", "status", "count", "type", "subtype", "channel_type"):
        mine, theirs = own.get(name), other.get(name)
        if mine != theirs and isinstance(mine, str | int | None):
            remarks.append(f"{name}: {mine} / {theirs}")
    mine_only = sorted(set(own) - set(other))
    theirs_only = sorted(set(other) - set(own))
    kinds = [
        f"{name}: {type(own[name]).__name__} / {type(other[name]).__name__}"
        for name in sorted(set(own) & set(other))
        if type(own[name]) is not type(other[name]) and None not in (own[name], other[name])
    ]
    is_same = not remarks and not theirs_only and not kinds
    if mine_only:
        remarks.append(f"only stand-in: {', '.join(mine_only)}")
    if theirs_only:
        remarks.append(f"only local-slack: {', '.join(theirs_only)}")
    return is_same, "; ".join(remarks + kinds)


async def _looked(peer: Peer, look: Look) -> Json:
    """What one of them shows; what it cannot do is part of the result."""
    await asyncio.sleep(0.05)
    try:
        return await look(peer)
    except (LookupError, TimeoutError, TypeError) as error:
        return {"error": f"not possible: {type(error).__name__} {error}"}


async def check(binary: Path | None) -> Table:
    """Runs everything on both and tables it."""
    table = Table("What", "Same", "In what they differ (stand-in / local-slack)")
    async with ours() as mine, local_slack(binary) as theirs, aiohttp.ClientSession() as session:
        peers: tuple[Peer, Peer] = (mine, theirs)
        for peer in peers:
            answer = await peer.client.apps_connections_open(app_token=peer.app_token)
            await peer.heard.connect(str(answer["url"]), session)
        agreed = 0
        for name, look in LOOKS.items():
            found = [await _looked(peer, look) for peer in peers]
            is_same, remarks = compared(*found)
            agreed += is_same
            table.add_row(name, "yes" if is_same else "no", remarks)
        for peer in peers:
            peer.heard.close()
    table.caption = f"{agreed} of {len(LOOKS)} agree; fields that only the stand-in has are fine"
    return table


def main() -> None:
    """Reads the command line and prints the table."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--binary", type=Path, help="a local-slack that is already there")
    arguments = parser.parse_args()
    Console().print(asyncio.run(check(arguments.binary)))


if __name__ == "__main__":
    main()
