"""A missing or damaged prepared file is an error of one line with the fix."""

from pathlib import Path

import pytest

from components.face_example_gen.beam.chunks import SplitIntoChunks
from tests.components.face_example_gen.beam.utkface_rows import prepared, utkface_row
from visage.errors import VisageError


@pytest.mark.parametrize(
    "content", [None, b"", b"damaged", b"damaged" * 99, (2**40).to_bytes(8, "little") + b"damaged"], ids=repr
)
def test_a_missing_or_damaged_prepared_file_is_an_error_of_one_line_with_the_fix(
    tmp_path: Path, content: bytes | None
) -> None:
    path = Path(prepared(tmp_path, [utkface_row(1)]).files[0])
    if content is None:
        path.unlink()
    else:
        path.write_bytes(content)
    what = "gone" if content is None else "damaged"
    with pytest.raises(
        VisageError, match=rf"^{path}: the prepared file is {what}; remove {path.parent} and run again$"
    ):
        list(SplitIntoChunks(10).process((0, "utkface", "", str(path))))
