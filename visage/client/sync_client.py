"""The synchronous client."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from visage.client.errors import ClientError, closed_client
from visage.client.operations import DEFAULT_SECONDS, Operations, open_connection
from visage.client.plans import Attempt, Pause, Plan, Result
from visage.client.results import ServedSignatures, VersionStatus
from visage.client.retries import RetryPolicy
from visage.paths import StrPath
from visage.saved_model.model_session import DEFAULT_SIGNATURE

if TYPE_CHECKING:
    from visage.prediction.photos import PhotoPrediction


class Client:
    """A client of one served model; connections stay open between requests, and several threads may use it.

    Args:
        address: 'http://host:8501', 'http://host:8501/v1/models/NAME', 'grpc://host:8500/NAME', and the same with https
            and grpcs for TLS. Without a name the model is 'visage'.
        version: of the model; None: the server's newest.
        label: of the version, e.g. 'stable'; None: by version.
        api_key: sent as `Authorization: Bearer KEY`; None: none.
        certificates: PEM file of the authorities that the server's certificate is checked against; None: the file that
            SSL_CERT_FILE names, else those of this machine (REST) or of the gRPC library.
        timeout: seconds for an operation with all its attempts.
        retries: how often and how soon a failed request is sent again; None: up to 5 attempts.

    Raises:
        VisageError: the address or the API key is invalid, or the certificates cannot be read.
    """

    def __init__(
        self,
        address: str,
        *,
        version: int | None = None,
        label: str | None = None,
        api_key: str | None = None,
        certificates: StrPath | None = None,
        timeout: float = DEFAULT_SECONDS,
        retries: RetryPolicy | None = None,
    ) -> None:
        self.operations = Operations(address, version, label, timeout, retries)
        self._connection = open_connection(self.operations.address, api_key, certificates, is_async=False)
        self._is_closed = False

    def predict(
        self, inputs: Mapping[str, Any], signature: str = DEFAULT_SIGNATURE, timeout: float | None = None
    ) -> dict[str, np.ndarray]:
        """Calls a signature.

        Args:
            inputs: by name; arrays, or lists of numbers, texts or bytes. Floats of lists become float32.
            signature: its name.
            timeout: seconds for all attempts; None: the client's.

        Returns:
            An array for each output; strings as dtype object holding bytes. Both protocols return the same types, but
            over REST a server that hides its metadata leaves float32, int64 and bytes.

        Raises:
            ClientError: the server is away, late, or refuses the request.
            VisageError: an input cannot be sent.
        """
        return self.run(self.operations.predict(inputs, signature, timeout))

    def predict_crops(self, crops: Sequence[bytes], timeout: float | None = None) -> list[dict[str, Any]]:
        """Predicts aligned face crops, 32 in a request.

        Args:
            crops: JPEG bytes, with the geometry of the model's crops.
            timeout: seconds for each request with all its attempts; None: the client's.

        Returns:
            The outputs of each crop by name, as plain values: `age` in years, `gender_probability` P(male), 0..1, ...

        Raises:
            ClientError: the server is away, late, or refuses a crop.
        """
        return self.run(self.operations.predict_crops(crops, timeout))

    def predict_photos(
        self,
        photos: Sequence[StrPath | bytes],
        alignment_of: StrPath | None = None,
        note: Callable[[str], None] = lambda text: print(text, file=sys.stderr),
    ) -> list[PhotoPrediction]:
        """Finds every face on photos, aligns and predicts it.

        Args:
            photos: image files, or their bytes. One that cannot be used gets a `problem`, without affecting the others.
            alignment_of: folder of the served model, for the geometry of its crops where the server does not report it.
            note: called with one line about each assumption that was made.

        Returns:
            One prediction for each photo, in the same order.

        Raises:
            ClientError: the server is away, late, or has no such model.
            VisageError: there is no model in `alignment_of`, or it is not one of VisAge's.
        """
        from visage.client.predictor import ServerPredictor
        from visage.prediction.each_photo import predict_each, to_photos

        return list(predict_each(to_photos(photos), ServerPredictor(self.operations, self.run, alignment_of, note)))

    def status(self) -> list[VersionStatus]:
        """Returns the states of the model's versions, the newest first.

        Raises:
            ClientError: the server is away or has no such model.
        """
        return self.run(self.operations.status())

    def metadata(self) -> ServedSignatures:
        """Returns the signatures of the served version.

        Raises:
            ClientError: the server is away or has no such model.
        """
        return self.run(self.operations.metadata())

    def run(self, plan: Plan[Result]) -> Result:
        """Takes the steps of a plan in this thread."""
        try:
            step = next(plan)
            while True:
                try:
                    response = self._take(step)
                except ClientError as error:
                    step = plan.throw(error)
                else:
                    step = plan.send(response)
        except StopIteration as end:
            result: Result = end.value
            return result

    def _take(self, step: Attempt | Pause) -> Any:
        if isinstance(step, Pause):
            time.sleep(step.seconds)
            return None
        if self._is_closed:
            raise closed_client(self.operations.address)
        try:
            return self._connection.send(step.call, step.timeout)
        except (RuntimeError, ValueError) as error:
            if self._is_closed:  # by another thread
                raise closed_client(self.operations.address) from error
            raise

    def close(self) -> None:
        """Closes the connections."""
        self._is_closed = True
        self._connection.close()

    def __enter__(self) -> Client:
        return self

    def __exit__(self, *exception: object) -> None:
        self.close()
