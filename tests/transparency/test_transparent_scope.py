"""Point 2 of the transparency contract: nothing in the scope; what travels, travels in a context variable."""

import asyncio
import contextvars
from pathlib import Path
from typing import Any

from asgi_inspect.middleware import InspectMiddleware
from tests.stage import (
    Account,
    App,
    Server,
    difference,
    http_scope,
    never,
    only_ours_differs,
    twice,
)


def test_the_scope_has_what_it_had_and_no_other_context_variable_is_set(out: Path) -> None:
    scope = http_scope()
    before = list(scope.items())
    seen: list[Any] = []

    async def app(scope: Any, receive: Any, send: Any) -> None:
        seen.append(list(scope.items()))
        seen.append({var.name for var in contextvars.copy_context()})

    async def main(app: App) -> None:
        with only_ours_differs():
            await app(scope, never, never)

    asyncio.run(main(app))
    asyncio.run(main(InspectMiddleware(app, out=out)))
    assert seen[0] == seen[2] == before == list(scope.items())
    assert seen[3] - seen[1] == {"asgi_inspect"}


def test_what_the_application_sets_in_its_context_is_set_for_the_server(out: Path) -> None:
    leaf = contextvars.ContextVar("leaf", default="none")

    def application(account: Account) -> App:
        async def app(scope: Any, receive: Any, send: Any) -> None:
            account.add("before", leaf.get())
            leaf.set("green")

        return app

    async def main(app: App, scope: Any, server: Server) -> None:
        leaf.set("black")
        await app(scope, server.receive, server.send)
        server.account.add("after", leaf.get())

    plain, wrapped, _ = twice(application, out, scope=http_scope(), main=main)
    assert difference(plain, wrapped) == ""
    assert wrapped.log == [("before", "black"), ("after", "green"), ("returned", None)]
