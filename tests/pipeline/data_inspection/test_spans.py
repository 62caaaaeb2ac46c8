"""The inspection of a source that is in several spans."""

import json
import shutil
from pathlib import Path

from components.face_example_gen.settings import DataSettings, FaceExampleGenSettings
from pipeline.data_inspection.clean import clean
from pipeline.data_inspection.collect import collect
from visage.faces.settings import AlignmentSettings


def test_dropped_images_of_each_span_are_shown(portraits: Path, tmp_path: Path) -> None:
    for number, image in enumerate(sorted((portraits / "UTKFace").iterdir())):
        folder = tmp_path / "archives" / str(9 + number % 2) / "UTKFace"
        folder.mkdir(parents=True, exist_ok=True)
        shutil.copy(image, folder)
    data = DataSettings(dir=f"{tmp_path}/archives/{{span}}", sources=["utkface"])
    settings = FaceExampleGenSettings(data=data, alignment=AlignmentSettings(size=48), data_root=str(tmp_path / "data"))
    shown = collect(clean("utkface", settings), title="utkface", terms={}, made_at="")
    assert shown["sources"] == ["utkface"]
    dropped = [face for rule in shown["dropped_faces"] for face in rule["faces"]]
    assert {face["key"].split("/")[1] for face in dropped} == {"9", "10"}
    assert "the prepared file has changed" not in json.dumps(shown, default=str)
