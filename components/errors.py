"""The one kind of error that a user is meant to read."""


class VisageError(Exception):
    """Bad input or a bad environment: one line that says what is wrong, where, and the mend.

    The command line prints the message alone; every other exception is a defect and goes to the log with its traceback.
    """
