# SPDX-License-Identifier: Apache-2.0
"""An HTTP server that misbehaves on purpose. Only the standard library.

    bad_http.py [--port N]

Prints "listening http://127.0.0.1:PORT". How it misbehaves is said by the path, as bad_replies.py has it: /truncated-chunked,
/hang. /unread is closed before the request is read. Any other path is answered with the list of them, and 404.

`?id=NAME` on any request counts it under that name; /count?id=NAME tells how often such a request was read, and on how many
connections. check_bad_http.py tries all of it.
"""

import argparse
import json
import socket
import sys
import threading

# It is started from the source tree, which should stay free of __pycache__.
sys.dont_write_bytecode = True

from bad_replies import CLOSED, EARLY, FUNCTIONS, KEPT, STALLED, whole
from http_connection import Connection, Gone, Request


def answer(connection: Connection, request: Request) -> bool:
    """Whether the connection stays."""
    path = request.path
    if path in FUNCTIONS:
        return FUNCTIONS[path](connection, request) is True
    for replies in (KEPT, CLOSED, STALLED):
        if path in replies:
            connection.send(replies[path])
            if replies is STALLED:
                connection.wait()
            return replies is KEPT
    known = sorted([*KEPT, *CLOSED, *STALLED, *FUNCTIONS, "/unread"])
    connection.send(whole(json.dumps(known).encode(), status="404 Not Found"))
    return True


def converse(client: socket.socket) -> None:
    connection = Connection(client)
    try:
        while True:
            # What is left unread when a socket is closed makes that an RST.
            if not connection.pending and client.recv(64, socket.MSG_PEEK).partition(b" ")[2].startswith(b"/unread"):
                return
            request = connection.read_request()
            if request.path not in EARLY:
                connection.read_body(request)
            if connection.drops_next or not answer(connection, request):
                return
    except (Gone, OSError, ValueError):  # ValueError: what came is no HTTP
        pass
    finally:
        client.close()


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--port", type=int, default=0)
    listener = socket.create_server(("127.0.0.1", parser.parse_args().port), backlog=128)
    print(f"listening http://127.0.0.1:{listener.getsockname()[1]}", flush=True)
    while True:
        client, _ = listener.accept()
        client.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        threading.Thread(target=converse, args=(client,), daemon=True).start()


if __name__ == "__main__":
    main()
