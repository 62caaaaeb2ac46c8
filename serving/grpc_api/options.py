"""Defines what a caller may choose about the gRPC front end."""

from dataclasses import dataclass


@dataclass(frozen=True)
class GrpcOptions:
    """Choices beside `Limits`.

    Attributes:
        tensor_content: answer numbers as raw bytes in `tensor_content` rather than one by one in the typed fields, as
            TensorFlow Serving does with `--enable_serialization_as_tensor_content`.
        api_key: callers must send it, as `authorization: Bearer KEY` or as `x-api-key: KEY`; health checks need none.
        concurrent_calls: calls that are read or answered at the same time; one more is refused.
    """

    tensor_content: bool = False
    api_key: str | None = None
    concurrent_calls: int = 256
