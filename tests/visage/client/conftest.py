"""The model and the server of tests/serving, which these tests also use, and both clients."""

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any

import pytest

from tests.serving.conftest import older_model, saved_model, shared_server
from visage.client import AsyncClient, Client

__all__ = ["older_model", "saved_model", "shared_server"]


@pytest.fixture(params=["thread", "asyncio"])
def use(request: pytest.FixtureRequest) -> Callable[..., Any]:
    """Calls a function with a client, and returns its result; awaits it in asyncio."""

    def in_thread(url: str, call: Callable[[Client], Any], **options: Any) -> Any:
        with Client(url, **options) as client:
            return call(client)

    def in_asyncio(url: str, call: Callable[[AsyncClient], Awaitable[Any]], **options: Any) -> Any:
        async def main() -> Any:
            async with AsyncClient(url, **options) as client:
                return await call(client)

        return asyncio.run(main())

    return in_thread if request.param == "thread" else in_asyncio
