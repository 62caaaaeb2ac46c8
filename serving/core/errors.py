"""Defines the error of a request: one of gRPC's codes and TensorFlow Serving's text."""

from visage.tf_serving_api.codes import Code


class ServingError(Exception):
    """A request that is refused or that failed; both front ends report it, each in its protocol."""

    def __init__(self, code: Code, message: str) -> None:
        super().__init__(message)
        self.code = code
        self.message = message


def invalid_argument(message: str) -> ServingError:
    """Returns the error of a request that is wrong in itself."""
    return ServingError(Code.INVALID_ARGUMENT, message)
