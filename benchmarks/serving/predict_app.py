"""The peer: a web application that calls `model.predict` for each request, as tutorials show it.

    python -m benchmarks.serving.predict_app PORT

Its network is the default recipe's, untrained; Starlette is FastAPI without its validation of requests.
"""

from __future__ import annotations

import base64
import io
import sys

import numpy as np
import uvicorn
from PIL import Image
from starlette.applications import Starlette
from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from benchmarks.commands import PROJECT


def main(port: str) -> None:
    """Serves until it is ended."""
    from pipeline.config.loader import load_config

    spec = load_config(PROJECT / "pipeline_config.yaml", ()).trainer.spec
    network = spec.build()

    def predict(document: dict) -> dict[str, list]:
        images = [Image.open(io.BytesIO(base64.b64decode(one["b64"]))) for one in document["instances"]]
        side = (spec.input_size, spec.input_size)
        batch = np.stack([np.asarray(image.convert("RGB").resize(side), np.float32) for image in images])
        outputs = network.predict(batch, verbose=0)
        return {name: values.tolist() for name, values in outputs.items()}

    async def answer(request: Request) -> Response:
        document = await request.json()
        return JSONResponse(await run_in_threadpool(predict, document))

    app = Starlette(routes=[Route("/v1/models/visage:predict", answer, methods=["POST"])])
    uvicorn.run(app, port=int(port), log_level="error")


if __name__ == "__main__":
    main(sys.argv[1])
