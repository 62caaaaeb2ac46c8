"""Sends notifications to a webhook, whose address is a secret: no message repeats more of it than the host.

A webhook that cannot be reached is a warning, and changes nothing else.
"""

import threading
import time
from collections.abc import Callable, Iterable
from contextlib import suppress
from pathlib import Path
from urllib.parse import urlsplit

from pipeline.config.retraining import NotificationSettings
from pipeline.config.secret_files import SecretAddress
from pipeline.config.webhook_address import webhook_address
from pipeline.exports.http import HTTPStatusError, send_json
from pipeline.notifications.notification import Notification
from pipeline.run_record import record_path
from visage.errors import VisageError

# Seconds: of one try, between tries, and of all of it, because a server may send a byte now and then.
_TIMEOUT = 10.0
_WAITS = (1.0, 3.0)
_LONGEST = 30.0
_TOO_MANY_REQUESTS = 429


def notify(
    settings: NotificationSettings,
    root: Path,
    notifications: Iterable[Notification],
    warn: Callable[[str], None],
    longest: float = _LONGEST,
) -> None:
    """Sends the notifications that are configured, each event of a run once.

    Args:
        settings: of the configuration.
        root: folder of the pipeline, which keeps what was sent.
        notifications: of what happened.
        warn: is called with one line if a notification is not sent.
        longest: seconds for each of them.
    """
    for one in notifications:
        if one.event not in settings.events:
            continue
        try:
            address = webhook_address(settings)
            if address is None:
                return
            mark = _mark(root, one)
            if _take(mark):
                try:
                    _send(address, one, longest)
                except BaseException:
                    _give_back(mark)
                    raise
        except VisageError as error:
            warn(f"notification of {one.event} not sent: {error}")


def _send(address: SecretAddress, notification: Notification, longest: float) -> None:
    """Posts a notification.

    Raises:
        VisageError: the last try failed, or there is no answer in time.
    """
    failed: list[VisageError] = []

    def work() -> None:
        try:
            _try(address, notification)
        except VisageError as error:
            failed.append(error)

    # Ends with the process, whatever the server does.
    thread = threading.Thread(target=work, daemon=True)
    thread.start()
    thread.join(longest)
    if failed:
        raise failed[0]
    if thread.is_alive():
        raise VisageError(f"{_shown(address)}: no answer within {longest:g} s; see its log")


def _try(address: SecretAddress, notification: Notification) -> None:
    for wait in (*_WAITS, None):
        try:
            send_json("POST", address.text, notification.to_json(), _TIMEOUT, shown=_shown(address))
            return
        except HTTPStatusError as error:
            if wait is None or (error.status < 500 and error.status != _TOO_MANY_REQUESTS):
                # Without the answer, which may repeat the address.
                raise VisageError(
                    f"{_shown(address)}: status {error.status}; check the address in {address.place}"
                ) from None
        except VisageError:
            if wait is None:
                raise
        time.sleep(wait)


def _shown(address: SecretAddress) -> str:
    parts = urlsplit(address.text)
    return f"{parts.scheme}://{parts.netloc}/…"


def _mark(root: Path, notification: Notification) -> Path | None:
    """Returns the file, beside the record of the run, that says that an event was sent; None: it has no run."""
    if notification.run_id is None:
        return None
    return record_path(root, notification.run_id).with_suffix(f".{notification.event}.notified")


def _take(mark: Path | None) -> bool:
    """Returns whether nobody else has sent the event, or does now; a disk that cannot be written stops nothing."""
    if mark is None:
        return True
    try:
        mark.open("x").close()
    except FileExistsError:
        return False
    except OSError:
        return True
    return True


def _give_back(mark: Path | None) -> None:
    if mark is not None:
        with suppress(OSError):
            mark.unlink()
