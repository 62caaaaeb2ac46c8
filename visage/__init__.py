"""Age and gender from face images: the library below the pipeline.

| name | what |
|---|---|
| `decode(bytes)` | the file of a photo → uint8 [height, width, 3], RGB, upright |
| `make_detector(name)` | a detector; `.detect(image)` → list of `Face`, best score first |
| `Face` | box (x0, y0, x1, y1) and landmarks float32 [5, 2], both in pixels of the photo; score 0..1 |
| `choose(faces, image.shape)` | the face that a photo of several is about |
| `align(image, landmarks, settings)` | an upright crop, uint8 [size, size, 3], RGB |
| `AlignmentSettings` | the geometry of a crop: size in pixels, place of the eyes as fractions of the side |
| `encode(image)` | pixels → JPEG bytes |
| `read_records(examples, split)` | the `FaceRecord`s of a split that FaceExampleGen wrote |
| `FaceRecord` | one face: JPEG bytes, age in years, gender, identity, source |
| `predict_photos(paths, model=… or server=…)` | a `PhotoPrediction` a photo: ages in years, probabilities 0..1 |
| `PhotoPrediction` | path, width and height in pixels, a `FacePrediction` a face, or the problem why there is none |
| `FolderPredictor(folder)` | a model of a folder; `.predict(crops)` takes JPEG bytes, `.alignment` is their geometry |
| `predict_records(records, predictor)` | labelled crops → `PredictionTable` |
| `PredictionTable` | labels and model outputs of n records as arrays [n] |
| `measure(table)` | mean absolute error in years, accuracies 0..1 |
| `VisageError` | bad input or a bad environment, in one line |

A name is imported when it is first used, so `import visage` costs nothing. docs/library.md has examples.
"""

import importlib
from typing import Any

_MODULES = {
    "AlignmentSettings": "visage.faces.settings",
    "Face": "visage.faces.face",
    "FaceRecord": "visage.data.records",
    "FolderPredictor": "visage.prediction.predictors",
    "PhotoPrediction": "visage.prediction.photos",
    "PredictionTable": "visage.evaluation.predictions.table",
    "VisageError": "visage.errors",
    "align": "visage.faces.align",
    "choose": "visage.faces.selection",
    "decode": "visage.faces.image_io",
    "encode": "visage.faces.encode",
    "make_detector": "visage.faces.detector",
    "measure": "visage.evaluation.scores",
    "predict_photos": "visage.client.photos",
    "predict_records": "visage.prediction.records",
    "read_records": "visage.data.examples",
}
"""Module by name."""

__all__ = list(_MODULES)


def __getattr__(name: str) -> Any:
    if name not in _MODULES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(importlib.import_module(_MODULES[name]), name)


def __dir__() -> list[str]:
    return sorted([*globals(), *_MODULES])
