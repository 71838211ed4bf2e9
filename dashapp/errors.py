"""What can go wrong, in the words a client may read.

Messages are shown to people as they stand, so nothing internal belongs in them.
"""

from __future__ import annotations


class AppError(Exception):
    """An answerable error: an HTTP status, a stable code and a message for the person who asked."""

    status = 500
    code = "internal_error"

    def __init__(self, message: str, *, retry_after_seconds: int | None = None) -> None:
        super().__init__(message)
        self.message = message
        self.retry_after_seconds = retry_after_seconds


class InvalidParameter(AppError):
    """The request is understood and cannot be served as asked."""

    status = 400
    code = "invalid_parameter"


class NotAuthenticated(AppError):
    """No credentials, or none that count."""

    status = 401
    code = "not_authenticated"


class NotAllowed(AppError):
    """Known, but not entitled."""

    status = 403
    code = "forbidden"


class NoSuchChart(AppError):
    """The address is right but for the chart it names."""

    status = 404
    code = "not_found"


class NotReady(AppError):
    """The figures asked for are still being loaded."""

    status = 503
    code = "loading"


class Busy(AppError):
    """More is asked for at a time than can be done."""

    status = 503
    code = "busy"

    def __init__(self) -> None:
        message = "Too many pictures are asked for at a time. Try again shortly."
        super().__init__(message, retry_after_seconds=2)


class SourceLost(AppError):
    """The database cannot be reached; what is in memory stays usable."""

    status = 503
    code = "database_unavailable"


class InvalidSetting(Exception):
    """A setting that stops the start; the message is the one line to print."""
