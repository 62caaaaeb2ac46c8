"""Clients of TensorFlow Serving and `visage serve`: REST and gRPC, synchronous and asyncio.

Neither TensorFlow nor tensorflow-serving-api is needed, and the library of a protocol is imported when an address names
that protocol. docs/serving.md has examples.
"""

from visage.client.async_client import AsyncClient
from visage.client.errors import ClientError
from visage.client.retries import RetryPolicy
from visage.client.sync_client import Client

__all__ = ["AsyncClient", "Client", "ClientError", "RetryPolicy"]
