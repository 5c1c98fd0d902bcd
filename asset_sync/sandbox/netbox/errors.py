"""The refusals of the simulated NetBox, as exceptions that carry the answer."""

from typing import Any


class ApiError(Exception):
    """A request that ends with `status` and `body`."""

    def __init__(self, status: int, body: Any, headers: dict[str, str] | None = None) -> None:
        super().__init__(f"{status} {body}")
        self.status = status
        self.body = body
        self.headers = headers or {}


class Invalid(ApiError):
    """Data that does not pass validation: {field: [messages]}."""

    def __init__(self, errors: dict[str, Any]) -> None:
        super().__init__(400, errors)
        self.errors = errors


def invalid(field: str, message: str) -> Invalid:
    """One message under one field."""
    return Invalid({field: [message]})


def forbidden(detail: str = "You do not have permission to perform this action.") -> ApiError:
    """A 403, which NetBox also uses where others say 401."""
    return ApiError(403, {"detail": detail})


def server_error(message: str, exception: str, versions: dict[str, str]) -> ApiError:
    """A 500 as NetBox words an exception nobody caught."""
    body = {
        "error": message,
        "exception": exception,
        "netbox_version": versions["netbox"],
        "python_version": versions["python"],
    }
    return ApiError(500, body)


class DuplicateKeyError(Exception):
    """A unique constraint of the database was hit."""

    def __init__(self, constraint: str, columns: str, values: tuple[Any, ...]) -> None:
        listed = ", ".join(str(value) for value in values)
        super().__init__(
            f'duplicate key value violates unique constraint "{constraint}"\n'
            f"DETAIL:  Key ({columns})=({listed}) already exists."
        )
