"""The routes of the demo page, and the one that finds, aligns and predicts the faces of a posted photo."""

import asyncio
import base64
import html
import json
import re
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from http import HTTPStatus
from pathlib import Path
from typing import Any

import numpy as np
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from serving.core.errors import Code, ServingError
from serving.core.model_server import ModelServer
from serving.core.model_spec import ModelSpec
from serving.core.servable import Servable
from serving.demo.face_finder import FaceFinder, Search, TooManyPixelsError
from serving.demo.samples import Samples
from serving.demo.security_headers import HEADERS
from serving.rest.http import HttpError, code_of
from serving.rest.request_record import AccessRecord
from visage.data.failures import LANDMARKS_UNUSABLE, NO_FACE, PICTURE_UNDECODABLE
from visage.data.labels import AGE_GROUPS
from visage.errors import VisageError
from visage.faces.image_io import DecodeError
from visage.faces.settings import AlignmentSettings
from visage.prediction.age_span import age_span
from visage.prediction.output_rows import output_rows
from visage.prediction.photos import NO_FACE as NO_FACE_FOUND
from visage.prediction.photos import NO_USABLE_FACE, combine
from visage.saved_model.identity import ModelIdentity, identify
from visage.saved_model.metadata import ModelMetadata
from visage.saved_model.model_session import DEFAULT_SIGNATURE

MAX_PHOTO_BYTES = 16 * 2**20
# Of all photos that are being searched or predicted.
MAX_PHOTOS = 64
MAX_BYTES_IN_FLIGHT = 96 * 2**20

_PAGE = Path(__file__).with_name("page")
_TYPES = {".css": "text/css", ".js": "text/javascript"}
_STATUS = {Code.UNAVAILABLE: 503, Code.RESOURCE_EXHAUSTED: 503, Code.NOT_FOUND: 503, Code.DEADLINE_EXCEEDED: 504}
# Names of the cleaning rules, for the statistics.
_REFUSALS = {NO_FACE_FOUND: NO_FACE, NO_USABLE_FACE: LANDMARKS_UNUSABLE}
# A visitor without a key needs the page to enter it.
_OPEN = re.compile(r"/|/demo/parts/\w+\.\w+")

NO_MODEL = "no model is loaded yet; try again in a moment"
BUSY = "the server is busy with other photos; try again in a moment"


@dataclass(frozen=True)
class ShownModel:
    """The model on the page.

    Attributes:
        identity: what it is and what it learned from; None: no version is loaded, or visitors need a key first.
        summary: one line on it.
        problem: one line on why it predicts no photos; empty: it does.
    """

    identity: ModelIdentity | None
    summary: str
    problem: str = ""


class Demo:
    """A web page for people. Photos of several visitors are predicted at the same time, and none is stored.

    Args:
        server: has the model.
        default_model: its name; the newest version predicts.
        samples: a folder of images to choose from; None: drawn portraits.
        needs_key: whether the page offers a field for an API key, and shows neither model nor samples without one.
    """

    def __init__(self, server: ModelServer, default_model: str, samples: Path | None, needs_key: bool = False) -> None:
        self._server = server
        self._spec = ModelSpec(default_model)
        self._samples = Samples(samples)
        self._needs_key = needs_key
        self._finder = FaceFinder()
        self._photos = 0
        self._bytes = 0
        self._html = (_PAGE / "index.html").read_text(encoding="utf-8")
        self._parts = {
            file.name: (file.read_bytes(), _TYPES[file.suffix])
            for file in sorted(_PAGE.iterdir())
            if file.suffix in _TYPES
        }

    def routes(self) -> list[Route]:
        """Returns the routes to mount."""
        return [
            Route("/", self._page),
            Route("/demo/parts/{name}", self._part),
            Route("/demo/samples", self._list_samples),
            Route("/demo/samples/{name}", self._sample),
            Route("/demo/predict", self._predict, methods=["POST"]),
        ]

    def is_open(self, path: str) -> bool:
        """Returns whether a path is of the page itself, which needs no API key."""
        return _OPEN.fullmatch(path) is not None

    async def _page(self, request: Request) -> Response:
        model = ShownModel(None, "shown with the first prediction") if self._needs_key else self._model()
        identity = model.identity
        values = {
            "MAX_PHOTO_BYTES": str(MAX_PHOTO_BYTES),
            "AGE_GROUPS": json.dumps(AGE_GROUPS),
            "MODEL": json.dumps(identity and asdict(identity)),
            "WARNING": (identity and identity.warning) or "",
            "NOTICE": (identity and identity.notice) or "",
            "NEEDS_KEY": json.dumps(self._needs_key),
            "SUMMARY": model.summary,
            "PROBLEM": model.problem,
        }
        page = self._html
        for name, value in values.items():
            page = page.replace(f"{{{{{name}}}}}", html.escape(value))
        return _response(page.encode(), "text/html")

    async def _part(self, request: Request) -> Response:
        part = self._parts.get(request.path_params["name"])
        return _response(*part) if part else _error("there is no such part of the page", 404)

    async def _list_samples(self, request: Request) -> Response:
        try:
            samples = await asyncio.to_thread(self._samples.all)
        except OSError as error:
            return _error(f"the samples cannot be read: {error.strerror}", 500)
        return _json({"note": self._samples.note, "samples": [asdict(sample) for sample in samples]})

    async def _sample(self, request: Request) -> Response:
        try:
            sample = await asyncio.to_thread(self._samples.read, request.path_params["name"])
        except OSError as error:
            return _error(f"the sample cannot be read: {error.strerror}", 500)
        return _response(*sample) if sample else _error("there is no such sample", 404)

    async def _predict(self, request: Request) -> Response:
        """Predicts the faces of the photo in the body; with `?crops=1` each face has its crop as a data URI."""
        record: AccessRecord = request.state.record
        record.model = self._spec.name
        photo = await request.body()
        try:
            if request.headers.get("content-type", "").startswith("multipart/"):
                raise _refusal(415, "send the photo's bytes as the body, e.g. curl --data-binary @PHOTO")
            if len(photo) > MAX_PHOTO_BYTES:
                raise _refusal(413, f"the photo is larger than {MAX_PHOTO_BYTES // 2**20} MiB; scale it down")
            with self._room_for(photo):
                return _json(await self._predict_photo(photo, request.query_params.get("crops") == "1", record))
        except DecodeError as error:
            record.refusal = PICTURE_UNDECODABLE
            status, record.message = 400, str(error)
        except TooManyPixelsError as error:
            status, record.message = 413, str(error)
        except HttpError as error:
            status, record.message = error.status, error.message
        except ServingError as error:
            known = {Code.NOT_FOUND: NO_MODEL, Code.UNAVAILABLE: BUSY}
            status, record.message = _STATUS.get(error.code, 500), known.get(error.code, error.message)
        except VisageError as error:
            status, record.message = 500, str(error)
        return _error(record.message, status)

    @contextmanager
    def _room_for(self, photo: bytes) -> Iterator[None]:
        if self._photos == MAX_PHOTOS or self._bytes + len(photo) > MAX_BYTES_IN_FLIGHT:
            raise _refusal(503, BUSY)
        self._photos += 1
        self._bytes += len(photo)
        try:
            yield
        finally:
            self._photos -= 1
            self._bytes -= len(photo)

    async def _predict_photo(self, photo: bytes, with_crops: bool, record: AccessRecord) -> dict[str, Any]:
        with self._server.acquire(self._spec) as servable:
            record.version = servable.version
            alignment = _alignment(servable)
            if isinstance(alignment, str):
                raise _refusal(409, alignment)
            search = await self._finder.find(photo, alignment)
            record.rows = len(search.found.crops)
            record.refusal = _REFUSALS.get(search.found.problem or "", "")
            started = time.perf_counter()
            outputs = await _run(servable, search.found.crops)
            predict_seconds = time.perf_counter() - started
            record.signature = DEFAULT_SIGNATURE if outputs else ""
            identity = _identify(servable)
        return {
            "model": asdict(identity),
            "width": search.found.width,
            "height": search.found.height,
            "faces": _faces(search, outputs, with_crops),
            "problem": search.found.problem,
            "milliseconds": {
                "decode": _milliseconds(search.decode_seconds),
                "find": _milliseconds(search.found.find_seconds),
                "align": _milliseconds(search.found.align_seconds),
                "predict": _milliseconds(predict_seconds),
            },
        }

    def _model(self) -> ShownModel:
        try:
            with self._server.acquire(self._spec) as servable:
                alignment = _alignment(servable)
                identity = _identify(servable)
                return ShownModel(identity, identity.summary, alignment if isinstance(alignment, str) else "")
        except ServingError:
            return ShownModel(None, "no model is loaded yet", NO_MODEL)


async def _run(servable: Servable, crops: tuple[bytes, ...]) -> list[dict[str, Any]]:
    if not crops:
        return []
    images = np.empty(len(crops), dtype=object)
    images[:] = crops
    return output_rows(await servable.run(DEFAULT_SIGNATURE, {"image_bytes": images}))


def _faces(search: Search, outputs: list[dict[str, Any]], with_crops: bool) -> list[dict[str, Any]]:
    faces = []
    for face, crop in zip(combine(search.found, outputs), search.found.crops, strict=True):
        described = asdict(face)
        described["age_span"] = face.age_probabilities and age_span(face.age_probabilities)
        if with_crops:
            described["crop"] = "data:image/jpeg;base64," + base64.b64encode(crop).decode("ascii")
        faces.append(described)
    return faces


def _alignment(servable: Servable) -> AlignmentSettings | str:
    """Returns the geometry of the model's crops, or one line on why it is unknown."""
    if servable.metadata is None:
        return "VisAge did not train this model (it has no visage.json), so the geometry of its crops is unknown"
    try:
        return servable.metadata.alignment_settings()
    except ValueError:
        return "this model's alignment is of another version of VisAge; push the model again"


def _identify(servable: Servable) -> ModelIdentity:
    return identify(servable.metadata or ModelMetadata(), servable.name, servable.version)


def _refusal(status: int, message: str) -> HttpError:
    return HttpError(HTTPStatus(status), code_of(status), message)


def _milliseconds(seconds: float) -> float:
    return round(1000 * seconds, 1)


def _json(document: Any) -> Response:
    return _response(json.dumps(document).encode(), "application/json")


def _error(message: str, status: int) -> Response:
    response = _response(json.dumps({"error": message}).encode(), "application/json", status)
    if status == 503:
        response.headers["Retry-After"] = "1"
    return response


def _response(content: bytes, media_type: str, status: int = 200) -> Response:
    return Response(content, status, HEADERS, media_type)
