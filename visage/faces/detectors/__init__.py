"""Lists the face detectors, each in a module that is imported only when it is selected.

A detector is a class with the one method of `visage.faces.detector.Detector`, made without arguments.
"""

DETECTORS = {
    "blazeface": "BlazeFaceDetector",
    "mtcnn": "MtcnnDetector",
}
"""Classes by name, which is the value of `alignment.detector` and also the name of the module."""
