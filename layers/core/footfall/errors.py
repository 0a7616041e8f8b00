"""One tree of errors; each class knows its HTTP status."""

from dataclasses import dataclass


class FootfallError(Exception):
    """Anything that goes wrong in Footfall; `detail` is safe to show to a caller."""

    status = 500
    title = "Internal error"

    def __init__(self, detail: str) -> None:
        super().__init__(detail)
        self.detail = detail


class Misconfigured(FootfallError):
    """Raised when an environment variable, secret or parameter that a function needs is not there."""

    title = "Misconfigured"


class BadRequest(FootfallError):
    """Raised when a body is not JSON, or its gzip or base64 is broken."""

    status = 400
    title = "Bad request"


class Unauthorized(FootfallError):
    """Raised when a request carries no key."""

    status = 401
    title = "Unauthorized"


class Forbidden(FootfallError):
    """Raised when a key is wrong, revoked, of another site or origin, or lacks the scope."""

    status = 403
    title = "Forbidden"


class NotFound(FootfallError):
    """Raised when the thing asked for is not there, or belongs to another site."""

    status = 404
    title = "Not found"


class Conflict(FootfallError):
    """Raised when the state of a thing does not allow what was asked of it."""

    status = 409
    title = "Conflict"


class TooLarge(FootfallError):
    """Raised when a body, its unpacked form, one event or the number of events is over its limit."""

    status = 413
    title = "Too large"


class UnsupportedMedia(FootfallError):
    """Raised when a body's media type or encoding is not one we read."""

    status = 415
    title = "Unsupported media type"


@dataclass(frozen=True)
class FieldProblem:
    """What is wrong with one field; never the value itself."""

    field: str
    message: str


class Invalid(FootfallError):
    """Raised when a request is understood but its fields are not acceptable."""

    status = 422
    title = "Invalid request"

    def __init__(self, problems: list[FieldProblem]) -> None:
        super().__init__("; ".join(f"{problem.field}: {problem.message}".removeprefix(": ") for problem in problems))
        self.problems = problems


class TooMany(FootfallError):
    """Raised when a site sends more events than it may; try again after `retry_after` seconds."""

    status = 429
    title = "Too many events"

    def __init__(self, detail: str, retry_after: int) -> None:
        super().__init__(detail)
        self.retry_after = retry_after


class TooManyJobs(TooMany):
    """Raised when a site has as many questions waiting as it may; try again after `retry_after` seconds."""

    title = "Too many questions"


class Unavailable(FootfallError):
    """Raised when a store or queue does not answer; try again after `retry_after` seconds."""

    status = 503
    title = "Temporarily unavailable"

    def __init__(self, detail: str, retry_after: int = 5) -> None:
        super().__init__(detail)
        self.retry_after = retry_after


class Unstorable(FootfallError):
    """Raised for an event that can never be stored; `reason` is the quarantine's reason code."""

    status = 422
    title = "Unstorable event"

    def __init__(self, reason: str, detail: str) -> None:
        super().__init__(detail)
        self.reason = reason


class Unimportable(FootfallError):
    """Raised for an upload that can never be imported as it is; `detail` names the file."""

    status = 422
    title = "Unimportable file"
