"""Defines what a caller may choose about the gRPC front end."""

from dataclasses import dataclass, field


@dataclass(frozen=True)
class GrpcOptions:
    """Choices beside `Limits`.

    Attributes:
        tensor_content: answer numbers as raw bytes in `tensor_content` rather than one by one in the typed fields, as
            TensorFlow Serving does with `--enable_serialization_as_tensor_content`.
        api_keys: callers must send one of them, as `authorization: Bearer KEY` or as `x-api-key: KEY`; health checks
            need none. Empty: nobody needs one. Several, so that a key can be replaced without an outage.
        concurrent_calls: calls that are read or answered at the same time; one more is refused.
    """

    tensor_content: bool = False
    api_keys: tuple[str, ...] = field(default=(), repr=False)
    concurrent_calls: int = 256
