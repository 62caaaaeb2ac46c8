from pathlib import Path
from typing import Any

import pytest
from tfx.types import standard_artifacts

from components.artifact_aliases import UnderAliases
from visage.folder_alias import is_plain


class TfxExecutor:
    """Reads and writes as TFX's Evaluator does, and writes uris into properties as it does."""

    seen: list[str]

    def Do(self, input_dict: Any, output_dict: Any, exec_properties: Any) -> None:  # noqa: N802
        model, blessing = input_dict["model"][0], output_dict["blessing"][0]
        self.seen = [model.uri, blessing.uri]
        Path(blessing.uri, "BLESSED").write_text(Path(model.uri, "model").read_text())
        blessing.set_string_custom_property("model_uri", model.uri)
        blessing.set_string_custom_property("reason", f"{model.uri}/variables are missing")
        blessing.set_int_custom_property("blessed", 1)
        if exec_properties["fails"]:
            raise ValueError("as TFX may")


class Executor(UnderAliases, TfxExecutor):
    pass


@pytest.mark.parametrize("fails", [False, True])
def test_an_executor_sees_plain_uris_and_leaves_the_own_ones(fails: bool, tmp_path: Path) -> None:
    folders = [tmp_path / name for name in ("model[1]", "blessing*")]
    for folder in folders:
        folder.mkdir()
    (folders[0] / "model").write_text("weights")
    model, blessing = standard_artifacts.Model(), standard_artifacts.ModelBlessing()
    model.uri, blessing.uri = map(str, folders)
    executor = Executor()
    try:
        executor.Do({"model": [model]}, {"blessing": [blessing]}, {"fails": fails})
    except ValueError:
        assert fails
    assert all(map(is_plain, executor.seen))
    assert [model.uri, blessing.uri] == [str(folder) for folder in folders]
    assert blessing.get_string_custom_property("model_uri") == str(folders[0])
    assert blessing.get_string_custom_property("reason") == f"{folders[0]}/variables are missing"
    assert blessing.get_int_custom_property("blessed") == 1
    assert (folders[1] / "BLESSED").read_text() == "weights"
