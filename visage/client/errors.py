"""Defines the error of a request that failed, whatever the protocol."""

from visage.client.address import Address
from visage.errors import VisageError
from visage.proxies import by_way_of
from visage.tensorflow_messages import first_cause


class ClientError(VisageError):
    """A request that failed; its text is one line with the address and the first line of `message`.

    Attributes:
        code: gRPC's name, e.g. 'NOT_FOUND'; over REST that of the HTTP status.
        message: the error of the server, whole; of a request without a response, the reason.
        may_retry: whether the same request may succeed a little later.
        retry_after: the least delay in seconds that the server requests; None: it requests none.
    """

    def __init__(
        self, address: str, code: str, message: str, *, may_retry: bool = False, retry_after: float | None = None
    ) -> None:
        super().__init__(f"{address}: {first_cause(message) if message else code}")
        self.code = code
        self.message = message
        self.may_retry = may_retry
        self.retry_after = retry_after


def closed_client(address: Address) -> ClientError:
    """Returns the error of a request after `close`."""
    return ClientError(address.server, "CANCELLED", "the client is closed; open another one")


def no_response(address: Address, reason: str) -> ClientError:
    """Returns the error of a request that no server received, or whose connection ended before the response."""
    # gRPC takes the proxy of https first, whatever the address.
    schemes = ("https", "http") if address.is_grpc else (address.scheme,)
    proxies = (by_way_of(f"{scheme}://{address.host}") for scheme in schemes)
    message = f"the server does not respond ({reason}){next(filter(None, proxies), '')}; is it running? `visage serve`"
    return ClientError(address.server, "UNAVAILABLE", message, may_retry=True)
