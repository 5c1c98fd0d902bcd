"""Refusals, in the one body that the API documents for errors."""

from typing import Any

_CODES = {
    400: "BadRequest",
    401: "Unauthorized",
    403: "Forbidden",
    404: "NotFound",
    405: "MethodNotAllowed",
    500: "ServerError",
}


class ApiError(Exception):
    """A request that ends here, with that HTTP status. The words of `code` and `message` are assumed."""

    def __init__(self, status: int, message: str, code: str | None = None) -> None:
        super().__init__(message)
        self.status = status
        self.message = message
        self.code = code or _CODES[status]

    @property
    def body(self) -> dict[str, Any]:
        """`{"error": {"status", "code", "message"}}`."""
        return {"error": {"status": self.status, "code": self.code, "message": self.message}}


def bad_request(message: str) -> ApiError:
    """A 400."""
    return ApiError(400, message)


def not_found(what: str, key: str) -> ApiError:
    """A 404 for a thing that is not there."""
    return ApiError(404, f"{what} {key!r} was not found")
