"""What can go wrong while the local stack starts; every message says what to do next.

StackError      something a person can put right; `str()` is the sentence to show
└─ NotInTime    something was not ready when it should have been
StopRequested   SIGINT, SIGTERM or SIGHUP: a wish, not an error
"""


class StackError(Exception):
    """Something a person can put right."""


class NotInTime(StackError):
    """A wait came to its bound."""


class StopRequested(Exception):
    """End everything, in order."""
