"""The model and the server of tests/serving, which these tests also use."""

from tests.serving.conftest import older_model, saved_model, shared_server

__all__ = ["older_model", "saved_model", "shared_server"]
