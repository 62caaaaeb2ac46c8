"""The demo page at `/`, and the route that finds, aligns and predicts the faces of a posted photo."""

import asyncio
import html
import json
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict
from pathlib import Path
from typing import Any

from starlette.requests import Request
from starlette.responses import HTMLResponse, Response
from starlette.routing import Route

from serving.rest import json_response, read_body
from serving.rest_json import RestError
from serving.versions import ModelVersions
from visage.data.labels import AGE_GROUPS
from visage.errors import VisageError
from visage.faces.detector import Detector, make_detector
from visage.faces.settings import AlignmentSettings
from visage.prediction.photos import photo_detector, predict_photo
from visage.prediction.predictors import ModelPredictor
from visage.saved_model.identity import identify

MAX_PHOTO_BYTES = 16 * 2**20

_PAGE = Path(__file__).with_name("demo.html")
_POLICY = (
    "default-src 'none'; style-src 'unsafe-inline'; script-src 'unsafe-inline'; img-src blob: data:; connect-src 'self'"
)


class Demo:
    """A web page for people; photos are predicted one after the other, and none is stored."""

    def __init__(self, name: str, versions: ModelVersions) -> None:
        self._name = name
        self._versions = versions
        # A detector belongs to the thread that creates it, when the first photo arrives; each model may need another.
        self._detectors: dict[str, Detector] = {}
        self._thread = ThreadPoolExecutor(max_workers=1, thread_name_prefix="demo")

    def routes(self) -> list[Route]:
        """Returns the routes to mount."""
        return [Route("/", self._page), Route("/demo/predict", self._predict, methods=["POST"])]

    async def _page(self, request: Request) -> Response:
        page = _PAGE.read_text(encoding="utf-8").replace("{{MAX_PHOTO_BYTES}}", str(MAX_PHOTO_BYTES))
        page = page.replace("{{AGE_GROUPS}}", json.dumps(AGE_GROUPS))
        model = self._versions.current
        identity = None if model is None else identify(model.metadata, self._name, model.version)
        page = page.replace("{{WARNING}}", html.escape((identity and identity.warning) or ""))
        page = page.replace("{{MODEL}}", html.escape(identity.summary if identity else "no model is loaded yet"))
        return HTMLResponse(page, headers={"Content-Security-Policy": _POLICY})

    async def _predict(self, request: Request) -> Response:
        try:
            if request.headers.get("content-type", "").startswith("multipart/"):
                raise RestError(415, "send the photo's bytes as the body, e.g. curl --data-binary @PHOTO")
            photo = await read_body(request, MAX_PHOTO_BYTES)
            prediction = await asyncio.get_running_loop().run_in_executor(self._thread, self._predict_photo, photo)
        except RestError as error:
            return json_response({"error": error.message}, error.status)
        except VisageError as error:
            return json_response({"error": str(error)}, 500)
        return json_response(prediction)

    def _predict_photo(self, photo: bytes) -> dict[str, Any]:
        model = self._versions.current
        if model is None:
            raise RestError(404, "no model is loaded yet")
        prediction = asdict(predict_photo(photo, "photo", self._detector(model.alignment), ModelPredictor(model)))
        if not prediction["width"]:
            raise RestError(400, prediction["problem"])
        del prediction["path"]
        return {**prediction, "model": asdict(identify(model.metadata, self._name, model.version))}

    def _detector(self, alignment: AlignmentSettings) -> Detector:
        name = photo_detector(alignment)
        if name not in self._detectors:
            self._detectors[name] = make_detector(name)
        return self._detectors[name]
