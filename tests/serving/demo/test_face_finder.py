"""The limit of large photos holds for visitors who hang up, too."""

import asyncio
import io
import threading
from typing import Any

import pytest
from PIL import Image

from serving.demo.face_finder import FaceFinder
from tests.helpers.limits import HANG_GUARD_SECONDS
from tests.serving.tiny_model import ALIGNMENT


def test_a_large_photo_counts_until_its_thread_is_done(monkeypatch: pytest.MonkeyPatch) -> None:
    file = io.BytesIO()
    Image.new("RGB", (2500, 2000)).save(file, "PNG")
    begun, ended = threading.Semaphore(0), threading.Event()

    def find(*_: Any) -> None:
        begun.release()
        ended.wait(HANG_GUARD_SECONDS)

    monkeypatch.setattr(FaceFinder, "_find", find)

    async def hang_up() -> None:
        finder = FaceFinder()
        visitor = asyncio.create_task(finder.find(file.getvalue(), ALIGNMENT))
        await asyncio.to_thread(begun.acquire, timeout=HANG_GUARD_SECONDS)
        visitor.cancel()
        with pytest.raises(asyncio.CancelledError):
            await visitor
        assert finder._large_photos.locked()
        ended.set()
        await asyncio.wait_for(finder.find(file.getvalue(), ALIGNMENT), HANG_GUARD_SECONDS)

    asyncio.run(hang_up())
