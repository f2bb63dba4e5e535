"""What can go wrong while the local stack starts; every message says what to do next."""


class StackError(Exception):
    """Something a person can put right; `str()` is the sentence to show."""


class StopRequested(Exception):
    """SIGINT, SIGTERM or SIGHUP arrived: end everything, in order."""
