"""The addresses of the stand-in: Web API, sockets, response urls, files."""

from __future__ import annotations

import inspect
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from aiohttp import web

from slack_stand_in.calling import Asked, Call, arguments_of
from slack_stand_in.errors import SlackError
from slack_stand_in.methods import METHODS
from slack_stand_in.responses import show_response
from slack_stand_in.troubles import Trouble

if TYPE_CHECKING:
    from slack_stand_in.server import SlackStandIn
    from slack_stand_in.team import Team

APP_METHODS = frozenset({"apps.connections.open"})
EXPIRED = frozenset({"expired_url", "used_url"})


class Routes:
    """Answers HTTP requests of one stand-in."""

    def __init__(self, slack: SlackStandIn) -> None:
        self._slack = slack

    def add_to(self, app: web.Application) -> None:
        """Registers every address."""
        app.router.add_route("*", "/api/{method}", self.call)
        app.router.add_get("/link/", self._slack.sockets.serve)
        app.router.add_post("/response/{team}/{key}", self.respond)
        app.router.add_post("/upload/v1/{team}/{key}", self.upload)
        app.router.add_get("/files-pri/{file}/download/{name}", self.download)
        app.router.add_get("/files-pri/{file}/{name}", self.download)

    async def call(self, request: web.Request) -> web.StreamResponse:
        """One call of the Web API, with the troubles that were ordered for it."""
        method = request.match_info["method"]
        slack = self._slack
        try:
            arguments = await arguments_of(request)
        except SlackError as error:
            return web.json_response({"ok": False, "error": error.code})
        token = _token(request, arguments)
        arguments.pop("token", None)
        team, is_app = self._whose(token)
        call = Call(
            method=method, arguments=arguments, team=team, at=slack.clock.now(), token=token
        )
        slack.calls.append(call)
        slack.changed()
        await slack.troubles.wait(method)
        trouble = slack.troubles.next(method, arguments)
        if trouble is not None and trouble.kind not in {"drop", "error"}:
            return self._befall(request, call, trouble)
        try:
            if trouble is not None and trouble.kind == "error":
                raise SlackError(trouble.error, **trouble.details)
            answer = await self._answer(call, is_app)
        except SlackError as error:
            answer = {"ok": False, "error": error.code, **error.details}
        call.response, call.status = answer, 200
        slack.changed()
        if trouble is not None and trouble.kind == "drop":
            return self._befall(request, call, trouble)
        return web.json_response(answer, headers=self._headers(team))

    async def _answer(self, call: Call, is_app: bool) -> Mapping[str, Any]:
        if not call.token:
            raise SlackError("not_authed")
        if call.team is None:
            raise SlackError("invalid_auth")
        if call.method not in METHODS:
            raise SlackError("unknown_method", req_method=call.method)
        if is_app != (call.method in APP_METHODS):
            raise SlackError("not_allowed_token_type")
        refusal = call.team.refused_app_with if is_app else call.team.refused_with
        if refusal:
            raise SlackError(refusal)
        asked = Asked(
            slack=self._slack, team=call.team, method=call.method, arguments=call.arguments
        )
        asked.need_scopes()
        found = METHODS[call.method](asked)
        answer = await found if inspect.isawaitable(found) else found
        self._slack.changed()
        return {"ok": True, **answer}

    def _befall(self, request: web.Request, call: Call, trouble: Trouble) -> web.StreamResponse:
        self._slack.changed()
        if trouble.kind == "limit":
            call.status = 429
            call.response = {"ok": False, "error": "ratelimited"}
            return web.json_response(
                call.response, status=429, headers={"Retry-After": f"{trouble.seconds:g}"}
            )
        if trouble.kind == "status":
            call.status = trouble.status
            call.response = {"ok": False, "error": f"http {trouble.status}"}
            return web.Response(status=trouble.status, text="<html>upstream error</html>")
        if call.response is None:
            call.response = {"ok": False, "error": "dropped before it had an effect"}
        call.status = call.status or 500
        if request.transport is not None:
            request.transport.abort()
        return web.Response(status=500)

    def _whose(self, token: str) -> tuple[Team | None, bool]:
        for team in self._slack.teams.values():
            if token == team.bot_token:
                return team, False
            if token == team.app_token:
                return team, True
        return None, token.startswith("xapp-")

    def _headers(self, team: Team | None) -> dict[str, str]:
        if team is None or team.manifest.scopes is None:
            return {}
        return {"X-OAuth-Scopes": ",".join(sorted(team.manifest.scopes))}

    async def respond(self, request: web.Request) -> web.Response:
        """An answer by a response url."""
        slack = self._slack
        team = slack.teams.get(request.match_info["team"])
        url = team.response_urls.get(request.match_info["key"]) if team else None
        try:
            body = await request.json()
        except ValueError:
            return web.Response(status=400, text="invalid_payload")
        call = Call(method="response_url", arguments=body, team=team, at=slack.clock.now())
        slack.calls.append(call)
        await slack.troubles.wait("response_url")
        trouble = slack.troubles.next("response_url", body)
        if trouble is not None and trouble.kind not in {"drop", "error"}:
            return self._befall(request, call, trouble)  # type: ignore[return-value]
        try:
            if trouble is not None and trouble.kind == "error":
                raise SlackError(trouble.error)
            if team is None or url is None:
                raise SlackError("no_such_url")
            await show_response(team, url, body)
        except SlackError as error:
            status = 404 if error.code in EXPIRED else 400
            call.response, call.status = {"ok": False, "error": error.code}, status
            slack.changed()
            return web.json_response(call.response, status=status)
        call.response, call.status = {"ok": True}, 200
        slack.changed()
        if trouble is not None:
            return self._befall(request, call, trouble)  # type: ignore[return-value]
        return web.Response(text="ok")

    async def upload(self, request: web.Request) -> web.Response:
        """The content of a file that is on its way."""
        team = self._slack.teams.get(request.match_info["team"])
        file = team.uploads.get(request.match_info["key"]) if team else None
        if file is None:
            return web.Response(status=404, text="no such upload")
        if request.content_type.startswith("multipart/"):
            form = await request.post()
            parts = [part for part in form.values() if isinstance(part, web.FileField)]
            file.content = parts[0].file.read() if parts else b""
        else:
            file.content = await request.read()
        file.size = len(file.content)
        self._slack.changed()
        return web.Response(text=f"OK - {len(file.content)}")

    async def download(self, request: web.Request) -> web.Response:
        """A file, for who has the token. Without it Slack shows a page to log in."""
        team_id, _, file_id = request.match_info["file"].partition("-")
        team = self._slack.teams.get(team_id)
        call = Call(
            method="download",
            arguments={"file": file_id},
            team=team,
            at=self._slack.clock.now(),
            token=_token(request, {}),
            status=200,
        )
        self._slack.calls.append(call)
        await self._slack.troubles.wait("download")
        trouble = self._slack.troubles.next("download", call.arguments)
        if trouble is not None:
            return self._befall(request, call, trouble)  # type: ignore[return-value]
        call.response = {"ok": True}
        self._slack.changed()
        if team is None or call.token != team.bot_token or not team.manifest.allows("files:read"):
            return web.Response(
                text="<!DOCTYPE html><title>Slack</title>", content_type="text/html"
            )
        file = team.files.get(file_id)
        if file is None or file.is_deleted:
            return web.Response(status=404, text="not found")
        return web.Response(body=file.content, content_type=file.mimetype)


def _token(request: web.Request, arguments: Mapping[str, Any]) -> str:
    header = request.headers.get("Authorization", "")
    if header.startswith("Bearer "):
        return header.removeprefix("Bearer ").strip()
    return str(arguments.get("token", ""))
