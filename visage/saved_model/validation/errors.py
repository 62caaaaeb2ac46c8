"""Defines the error of a model that must not be served."""


class UnservableError(Exception):
    """Raised when a model must not be served; the message gives the reason in one line."""
