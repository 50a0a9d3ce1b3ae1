"""Runs one of the interop tests' servers until SIGTERM or SIGINT.

Tells the tests on stdout where it listens and how many WebSockets are open.
"""

import argparse
import importlib
import signal
import socket
import sys

import uvicorn

# The tests run from the source tree, which should stay free of __pycache__.
sys.dont_write_bytecode = True


def say(line):
    print(line, flush=True)


class WebSocketLog:
    """ASGI middleware that says when a WebSocket is opened or closed.

    Wrapped around the whole app, so that it counts the same for any library.
    """

    def __init__(self, app):
        self.app = app
        self.connections = 0

    async def __call__(self, scope, receive, send):
        if scope["type"] != "websocket":
            return await self.app(scope, receive, send)

        accepted = False

        async def send_and_watch(message):
            nonlocal accepted
            await send(message)
            # Only what was accepted ever was a WebSocket.
            if message["type"] == "websocket.accept":
                accepted = True
                self.connections += 1
                say(f"open {self.connections}")

        try:
            await self.app(scope, receive, send_and_watch)
        finally:
            if accepted:
                self.connections -= 1
                say(f"close {self.connections}")


class Server(uvicorn.Server):
    async def startup(self, sockets=None):
        await super().startup(sockets)
        # Not before: until now connections would have been refused.
        host, port = sockets[0].getsockname()
        say(f"listening {host}:{port}")


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("library", choices=["strawberry", "ariadne"])
    parser.add_argument("--port", type=int, default=0, help="0: any free one")
    arguments = parser.parse_args()

    # uvicorn stops at these signals by itself, then raises them once more for
    # the handlers it found: with these it ends in exit status 0.
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: sys.exit(0))

    app = importlib.import_module(f"{arguments.library}_app").app
    with socket.socket() as listener:
        # So that a test can restart a server on the port it just had.
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listener.bind(("127.0.0.1", arguments.port))
        config = uvicorn.Config(
            WebSocketLog(app),
            log_level="warning",
            # A client that doesn't read must not keep the server from ending.
            timeout_graceful_shutdown=1,
        )
        Server(config).run(sockets=[listener])


if __name__ == "__main__":
    main()
