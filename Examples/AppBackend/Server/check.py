# SPDX-License-Identifier: Apache-2.0
"""Goes through every route of the server, and prints "N passed, N failed". Run it with the server's Python."""

import asyncio
import sys
import traceback
from collections.abc import Callable, Coroutine

sys.dont_write_bytecode = True

import check_graphql as g
import check_rest as r
from check_client import Backend, server

CHECKS: list[Callable[[Backend], Coroutine[None, None, None] | None]] = [
    r.login_and_refresh,
    r.logout,
    r.oauth,
    r.expiry,
    r.pages,
    r.items,
    r.validation,
    r.idempotency,
    r.events,
    r.oddities,
    r.troubles,
    r.restart,
    g.graphql,
    g.persisted_queries,
    g.server_sent_graphql,
    g.sockets,
    g.refused_sockets,
]


def main() -> int:
    passed = failed = 0
    with server("--control") as backend:
        for check in CHECKS:
            backend.tokens = {}
            backend.control("reset")
            try:
                result = check(backend)
                if result:
                    asyncio.run(asyncio.wait_for(result, 20))
                passed += 1
            except Exception:
                failed += 1
                print(f"{check.__name__}:\n{traceback.format_exc()}")
    print(f"{passed} passed, {failed} failed")
    return 1 if failed else 0


sys.exit(main())
