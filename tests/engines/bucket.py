"""A bucket in memory: objects by name, without folders, under a scheme that only Beam's file systems know."""

import io
from collections.abc import Iterator
from typing import IO, Any

from apache_beam.io.filesystem import CompressedFile, CompressionTypes, FileMetadata, FileSystem

OBJECTS: dict[str, bytes] = {}


class _Upload(io.BytesIO):
    mode = "wb"

    def __init__(self, path: str) -> None:
        super().__init__()
        self._path = path

    def close(self) -> None:
        OBJECTS[self._path] = self.getvalue()
        super().close()


class _Download(io.BytesIO):
    mode = "rb"


class Bucket(FileSystem):
    """`visage-test://...`; Beam finds it by its scheme."""

    @classmethod
    def scheme(cls) -> str:
        return "visage-test"

    def join(self, basepath: str, *paths: str) -> str:
        return "/".join([basepath.rstrip("/"), *paths])

    def split(self, path: str) -> tuple[str, str]:
        head, _, tail = path.rpartition("/")
        return head, tail

    def mkdirs(self, path: str) -> None:
        pass

    def has_dirs(self) -> bool:
        return False

    def _list(self, dir_or_prefix: str) -> Iterator[FileMetadata]:
        for path, content in list(OBJECTS.items()):
            if path.startswith(dir_or_prefix):
                yield FileMetadata(path, len(content))

    def create(self, path: str, mime_type: str = "", compression_type: str = CompressionTypes.AUTO) -> IO[bytes]:
        return _compressed(_Upload(path), compression_type)

    def open(self, path: str, mime_type: str = "", compression_type: str = CompressionTypes.AUTO) -> IO[bytes]:
        if path not in OBJECTS:
            raise OSError(f"{path}: no such object")
        return _compressed(_Download(OBJECTS[path]), compression_type)

    def copy(self, source_file_names: list[str], destination_file_names: list[str]) -> None:
        for source, destination in zip(source_file_names, destination_file_names, strict=True):
            OBJECTS[destination] = OBJECTS[source]

    def rename(self, source_file_names: list[str], destination_file_names: list[str]) -> None:
        self.copy(source_file_names, destination_file_names)
        self.delete(source_file_names)

    def exists(self, path: str) -> bool:
        return path in OBJECTS

    def size(self, path: str) -> int:
        return len(OBJECTS[path])

    def last_updated(self, path: str) -> float:
        return 0.0

    def metadata(self, path: str) -> FileMetadata:
        return FileMetadata(path, self.size(path))

    def delete(self, paths: list[str]) -> None:
        for path in paths:
            del OBJECTS[path]


def _compressed(raw: IO[bytes], compression_type: str) -> Any:
    if compression_type == CompressionTypes.UNCOMPRESSED:
        return raw
    return CompressedFile(raw, compression_type=compression_type)
