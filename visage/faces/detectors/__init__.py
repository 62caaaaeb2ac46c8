"""The face detectors there are: a module each, imported only when it is chosen.

A detector is a class with the one method of `visage.faces.detector.Detector`, made without arguments.
"""

DETECTORS = {
    "blazeface": "BlazeFaceDetector",
    "mtcnn": "MtcnnDetector",
}
"""Class by name; the name, which `alignment.detector` chooses by, is also that of the module."""
