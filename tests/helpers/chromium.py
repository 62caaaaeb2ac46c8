"""Drives a headless Chromium over its DevTools pipe: no driver and no further package."""

import json
import os
import select
import subprocess
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from tests.helpers.limits import HANG_GUARD_SECONDS, wait_until

# An element <i> that lies on its neighbours, as in a heat map, tints what is below them.
_LOW_CONTRASTS = """(() => {
  const parse = text => (text.match(/[\\d.]+/g) || [0, 0, 0, 0]).map(Number);
  const over = (top, below, alpha) => below.map((value, place) => alpha * top[place] + (1 - alpha) * value);
  const luminance = colour => colour.map(value => value / 255)
    .map(value => value <= 0.04045 ? value / 12.92 : ((value + 0.055) / 1.055) ** 2.4)
    .reduce((sum, value, place) => sum + value * [0.2126, 0.7152, 0.0722][place], 0);
  const background = element => {
    if (!element) return [255, 255, 255];
    const style = getComputedStyle(element), [r, g, b, alpha = 1] = parse(style.backgroundColor);
    const below = background(element.parentElement), found = alpha === 0 ? below : over([r, g, b], below, alpha);
    const isTint = child => child.tagName === 'I' && getComputedStyle(child).position === 'absolute';
    const tint = [...element.children].filter(isTint).map(child => getComputedStyle(child))[0];
    return tint ? over(parse(tint.backgroundColor), found, Number(tint.opacity)) : found;
  };
  const low = [];
  const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
  while (walker.nextNode()) {
    const element = walker.currentNode.parentElement, text = walker.currentNode.textContent.trim();
    if (!text || ['TITLE', 'DESC', 'title', 'desc', 'STYLE'].includes(element.tagName)) continue;
    const style = getComputedStyle(element), isSvg = element.namespaceURI.includes('svg');
    const [r, g, b] = parse(isSvg ? style.fill : style.color);
    const [one, other] = [luminance([r, g, b]), luminance(background(element))].sort((x, y) => y - x);
    const size = parseFloat(style.fontSize), isLarge = size >= 24 || (size >= 18.66 && Number(style.fontWeight) >= 700);
    const contrast = (one + 0.05) / (other + 0.05);
    if (contrast < (isLarge ? 3 : 4.5)) low.push(`${contrast.toFixed(2)}: ${text.slice(0, 60)}`);
  }
  return low;
})()"""


class Chromium:
    """A browser with one page; use it in a `with` statement.

    Attributes:
        events: what the browser reported unasked, such as the requests of a page after `Network.enable`.
    """

    def __init__(self, executable: str, profile: Path, extra_flags: Sequence[str] = ()) -> None:
        to_browser, self._write = os.pipe()
        self._read, from_browser = os.pipe()
        flags = ["--headless=new", "--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage", "--no-first-run"]
        flags += ["--disable-background-networking", "--remote-debugging-pipe", f"--user-data-dir={profile}"]
        flags += extra_flags
        # Chromium reads commands from file descriptor 3 and writes responses to 4.
        start = 'exec 3<&"$1" 4>&"$2"; shift 2; exec "$@"'
        command = ["bash", "-c", start, "bash", str(to_browser), str(from_browser), executable, *flags, "about:blank"]
        self._process = subprocess.Popen(
            command, pass_fds=(to_browser, from_browser), stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
        )
        os.close(to_browser)
        os.close(from_browser)
        self._buffer, self._number, self._session = b"", 0, ""
        self.events: list[dict[str, Any]] = []

    def __enter__(self) -> "Chromium":
        try:
            target = self.send("Target.createTarget", url="about:blank")["targetId"]
            self._session = self.send("Target.attachToTarget", targetId=target, flatten=True)["sessionId"]
        except BaseException:
            self.__exit__()
            raise
        return self

    def __exit__(self, *_: object) -> None:
        self._process.terminate()
        self._process.wait()
        os.close(self._write)
        os.close(self._read)

    def open(self, url: str) -> None:
        """Goes to a page and waits until it is there."""
        self.send("Page.navigate", url=url)
        self.wait_for(f"location.href.startsWith({url!r}) && document.readyState === 'complete'")

    def show(self, url: str, width: int, scheme: str = "light") -> None:
        """Goes to a page in a window of `width` pixels, as somebody sees it who prefers light or dark pages."""
        metrics = {"width": width, "height": 900, "deviceScaleFactor": 1, "mobile": width < 500}
        self.send("Emulation.setDeviceMetricsOverride", **metrics)
        self.send("Emulation.setEmulatedMedia", features=[{"name": "prefers-color-scheme", "value": scheme}])
        self.open(url)

    def low_contrasts(self) -> list[str]:
        """Returns the texts on the page whose contrast is below WCAG's AA: 4.5, or 3 of large text."""
        return list(self.run(_LOW_CONTRASTS))

    def send(self, method: str, **parameters: Any) -> dict[str, Any]:
        """Sends a DevTools command and returns its result."""
        self._number += 1
        message = {"id": self._number, "method": method, "params": parameters}
        if self._session:
            message["sessionId"] = self._session
        os.write(self._write, json.dumps(message).encode() + b"\0")
        while True:
            response = self._receive()
            if "method" in response:
                self.events.append(response)
            if response.get("id") == self._number:
                if "error" in response:
                    raise RuntimeError(f"{method}: {response['error']}")
                return dict(response["result"])

    def run(self, script: str) -> Any:
        """Returns the value of a JavaScript expression on the page."""
        result = self.send("Runtime.evaluate", expression=script, returnByValue=True, awaitPromise=True)
        if "exceptionDetails" in result:
            raise RuntimeError(f"{script}: {result['exceptionDetails']}")
        return result["result"].get("value")

    def wait_for(self, script: str) -> None:
        """Waits until a JavaScript expression is true."""
        wait_until(lambda: self.run(script), script)

    def choose_file(self, selector: str, file: Path) -> None:
        """Puts a file into a file input, as a person who chooses it."""
        root = self.send("DOM.getDocument")["root"]["nodeId"]
        node = self.send("DOM.querySelector", nodeId=root, selector=selector)["nodeId"]
        self.send("DOM.setFileInputFiles", nodeId=node, files=[str(file)])

    def _receive(self) -> dict[str, Any]:
        while b"\0" not in self._buffer:
            ready, _, _ = select.select([self._read], [], [], HANG_GUARD_SECONDS)
            chunk = os.read(self._read, 1 << 16) if ready else b""
            if not chunk:
                raise TimeoutError("the browser does not response")
            self._buffer += chunk
        message, _, self._buffer = self._buffer.partition(b"\0")
        return dict(json.loads(message))
