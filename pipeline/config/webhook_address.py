"""Reads the address of the webhook, which is a secret."""

from urllib.parse import urlsplit

from pipeline.config.retraining import NotificationSettings
from pipeline.config.secret_files import SecretAddress, read_secret_address
from visage.errors import VisageError

URL_VARIABLE = "VISAGE_WEBHOOK_URL"


def webhook_address(settings: NotificationSettings) -> SecretAddress | None:
    """Returns the webhook's address, of $VISAGE_WEBHOOK_URL first; None: none is configured.

    Raises:
        VisageError: the file cannot be read, or holds no address of HTTP.
    """
    found = read_secret_address(URL_VARIABLE, settings.webhook_file, "notifications.webhook_file")
    if found is None:
        return None
    try:
        parts = urlsplit(found.text)
        valid = parts.scheme in ("http", "https") and bool(parts.hostname) and (parts.port or 1) > 0
        # Errors of Python's HTTP client would repeat these.
        valid = valid and not (parts.username or parts.password)
        valid = valid and found.text.isascii() and found.text.isprintable() and " " not in found.text
    except ValueError:
        valid = False
    if not valid:
        raise VisageError(f"{found.place}: must be one address such as https://HOST/…, without user and password")
    return found
