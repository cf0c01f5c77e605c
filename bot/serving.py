"""What may be asked of Ellie over HTTP on this machine: metrics, and whether she is well.

A thread of its own answers, so that both can be read while she is busy.
"""

from __future__ import annotations

import json
import threading
from collections.abc import Callable, Iterable
from socketserver import ThreadingMixIn
from wsgiref.simple_server import WSGIRequestHandler, WSGIServer, make_server
from wsgiref.types import StartResponse, WSGIApplication, WSGIEnvironment

from prometheus_client import CollectorRegistry, make_wsgi_app

from bot.errors import ConfigError, ConfigProblem
from bot.health import Health

ADDRESS = "127.0.0.1"
"""Only this machine may read: counts say who is busy when."""
HEALTH_PATH = "/healthz"


class _Server(ThreadingMixIn, WSGIServer):
    daemon_threads = True


class _Silent(WSGIRequestHandler):
    def log_message(self, *_: object) -> None:
        """Nothing: a scraper comes every few seconds."""


def serve(port: int, registry: CollectorRegistry, health: Health) -> Callable[[], None]:
    """Answer GET requests on this machine's ``port``, in a thread, until the result is called.

    ``/healthz`` is 200 when every part is well, else 503 with the reasons; everything else is the
    metrics. That call waits for the thread: up to half a second. Port 0 serves nothing.

    Raises:
        ConfigError: the port cannot be had.
    """
    if port == 0:
        return lambda: None
    try:
        server = make_server(
            ADDRESS, port, _application(registry, health), _Server, handler_class=_Silent
        )
    except OSError as error:
        reason = error.strerror or str(error)
        problem = f"nobody can listen on port {port} of {ADDRESS}: {reason}."
        example = "ELLIE_METRICS_PORT=9464, or 0 for none"
        raise ConfigError([ConfigProblem("ELLIE_METRICS_PORT", problem, example)]) from error
    thread = threading.Thread(target=server.serve_forever, name="serving", daemon=True)
    thread.start()

    def stop() -> None:
        server.shutdown()
        server.server_close()
        thread.join()

    return stop


def _application(registry: CollectorRegistry, health: Health) -> WSGIApplication:
    metrics = make_wsgi_app(registry)

    def application(environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        if environ["PATH_INFO"] != HEALTH_PATH:
            asked: Iterable[bytes] = metrics(environ, start_response)
            return asked
        parts = health.parts
        is_well = not any(parts.values())
        body = {
            "status": "ok" if is_well else "unwell",
            "parts": {name: reason or "ok" for name, reason in sorted(parts.items())},
        }
        status = "200 OK" if is_well else "503 Service Unavailable"
        start_response(status, [("Content-Type", "application/json")])
        return [json.dumps(body).encode()]

    return application
