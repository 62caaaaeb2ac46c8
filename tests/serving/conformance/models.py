"""Writes the models of the conformance suite, and the `models.config` that serves them.

python -m tests.serving.conformance.models FOLDER
"""

import sys
from pathlib import Path

CONFIG = "models.config"

_CONFIG = """\
model_config_list {{
  config {{
    name: "visage"
    base_path: "{folder}/visage"
    model_platform: "tensorflow"
    model_version_policy {{ specific {{ versions: 3 versions: 5 }} }}
    version_labels {{ key: "stable" value: 3 }}
    version_labels {{ key: "canary" value: 5 }}
  }}
  config {{
    name: "battery"
    base_path: "{folder}/battery"
    model_platform: "tensorflow"
  }}
}}
"""


def save_models(folder: Path) -> None:
    """Writes `visage`, versions 3 and 5 (ten years older) with labels, and `battery`, version 1."""
    from tests.serving.conformance.battery_model import save_battery_model
    from tests.serving.tiny_model import save_tiny_model

    for version, older in ((3, 0.0), (5, 10.0)):
        save_tiny_model(folder / "visage" / str(version), older)
    save_battery_model(folder / "battery" / "1")
    (folder / CONFIG).write_text(_CONFIG.format(folder=folder.resolve()), encoding="utf-8")


if __name__ == "__main__":
    save_models(Path(sys.argv[1]))
