"""What InfraValidator's parts raise."""


class UnservableError(Exception):
    """The model must not be served; the message says why, in one line."""
