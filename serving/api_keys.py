"""Checks the API keys of requests."""

import hmac
from collections.abc import Iterable

from serving.core.errors import Code, ServingError


class ApiKeys:
    """The keys of which each request must carry one; several, so that a key can be replaced without an outage."""

    def __init__(self, keys: Iterable[str]) -> None:
        """Takes the keys.

        Args:
            keys: none: no request needs one.

        Raises:
            ValueError: a key is empty, which each request without a key would have.
        """
        self._keys = [key.encode() for key in keys]
        if not all(key.strip() for key in self._keys):
            raise ValueError("an API key is empty")

    def check(self, authorization: bytes, x_api_key: bytes) -> None:
        """Checks a request.

        Args:
            authorization: its header of this name: "Bearer KEY".
            x_api_key: its header of this name: the key.

        Raises:
            ServingError: keys are needed, and it has none of them.
        """
        if not self._keys:
            return
        scheme, _, bearer = authorization.partition(b" ")
        given = bearer.strip() if scheme.lower() == b"bearer" else x_api_key
        # Every key is compared, each in constant time, so that the time taken betrays none.
        if not sum([hmac.compare_digest(given, key) for key in self._keys]):
            raise ServingError(
                Code.UNAUTHENTICATED, "an API key is needed; send Authorization: Bearer KEY, or X-API-Key: KEY"
            )
