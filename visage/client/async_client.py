"""The client for asyncio."""

from __future__ import annotations

import asyncio
import sys
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
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


class AsyncClient:
    """`Client` for asyncio: the same arguments, methods and errors. It belongs to one event loop."""

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
        self._connection = open_connection(self.operations.address, api_key, certificates, is_async=True)
        self._is_closed = False
        # A detector belongs to one thread.
        self._finder = ThreadPoolExecutor(1, thread_name_prefix="visage-faces")

    async def predict(
        self, inputs: Mapping[str, Any], signature: str = DEFAULT_SIGNATURE, timeout: float | None = None
    ) -> dict[str, np.ndarray]:
        """Calls a signature, as `Client.predict` does."""
        return await self.run(self.operations.predict(inputs, signature, timeout))

    async def predict_crops(self, crops: Sequence[bytes], timeout: float | None = None) -> list[dict[str, Any]]:
        """Predicts aligned face crops, as `Client.predict_crops` does."""
        return await self.run(self.operations.predict_crops(crops, timeout))

    async def predict_photos(
        self,
        photos: Sequence[StrPath | bytes],
        alignment_of: StrPath | None = None,
        note: Callable[[str], None] = lambda text: print(text, file=sys.stderr),
    ) -> list[PhotoPrediction]:
        """Predicts every face on photos, as `Client.predict_photos` does; a thread finds the faces."""
        if self._is_closed:
            raise closed_client(self.operations.address)
        from visage.client.served_model import ServedModel
        from visage.faces.detector import make_detector
        from visage.prediction.each_photo import find_on, to_photos
        from visage.prediction.photos import photo_detector, predicted

        model = ServedModel(self.operations, alignment_of, note)
        alignment = await self.run(model.alignment())
        in_thread = asyncio.get_running_loop().run_in_executor
        detector = await in_thread(self._finder, make_detector, photo_detector(alignment))
        predictions = []
        for photo in to_photos(photos):
            found = await in_thread(self._finder, find_on, photo, detector, alignment)
            outputs = await self.predict_crops(found.crops)
            identity = await self.run(model.identity()) if outputs else None
            predictions.append(predicted(photo.path, found, outputs, identity))
        return predictions

    async def status(self) -> list[VersionStatus]:
        """Returns the states of the model's versions, the newest first."""
        return await self.run(self.operations.status())

    async def metadata(self) -> ServedSignatures:
        """Returns the signatures of the served version."""
        return await self.run(self.operations.metadata())

    async def run(self, plan: Plan[Result]) -> Result:
        """Takes the steps of a plan in the running loop."""
        try:
            step = next(plan)
            while True:
                try:
                    response = await self._take(step)
                except ClientError as error:
                    step = plan.throw(error)
                else:
                    step = plan.send(response)
        except StopIteration as end:
            result: Result = end.value
            return result

    async def _take(self, step: Attempt | Pause) -> Any:
        if isinstance(step, Pause):
            await asyncio.sleep(step.seconds)
            return None
        if self._is_closed:
            raise closed_client(self.operations.address)
        try:
            return await self._connection.send(step.call, step.timeout)
        except asyncio.CancelledError as error:
            if self._is_closed:  # gRPC cancels the calls of a channel that closes.
                raise closed_client(self.operations.address) from error
            raise

    async def close(self) -> None:
        """Closes the connections."""
        self._is_closed = True
        self._finder.shutdown(wait=False)
        await self._connection.close()

    async def __aenter__(self) -> AsyncClient:
        return self

    async def __aexit__(self, *exception: object) -> None:
        await self.close()
