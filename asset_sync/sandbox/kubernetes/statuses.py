"""Refusals, as the Status objects that a Kubernetes API server answers with."""

from typing import Any, Final

from asset_sync.sandbox.kubernetes.kinds import Kind

Json = dict[str, Any]

_REASONS: Final = {
    400: "BadRequest",
    401: "Unauthorized",
    403: "Forbidden",
    404: "NotFound",
    405: "MethodNotAllowed",
    409: "Conflict",
    410: "Expired",
    415: "UnsupportedMediaType",
    422: "Invalid",
    429: "TooManyRequests",
    504: "Timeout",
}


class ApiError(Exception):
    """A request that ends here, with that HTTP status.

    `resume` is the token that goes on with an expired list, and `retry_after` the seconds to wait.
    """

    def __init__(
        self,
        status: int,
        message: str,
        *,
        reason: str | None = None,
        details: Json | None = None,
        resume: str | None = None,
        retry_after: int | None = None,
    ) -> None:
        super().__init__(message)
        self.status = status
        self.message = message
        self.reason = reason or _REASONS[status]
        self.details = details
        self.resume = resume
        self.retry_after = retry_after

    @property
    def body(self) -> Json:
        """The Status object."""
        body: Json = {
            "kind": "Status",
            "apiVersion": "v1",
            "metadata": {"continue": self.resume} if self.resume else {},
            "status": "Failure",
            "message": self.message,
            "reason": self.reason,
            "code": self.status,
        }
        if self.details is not None:
            body["details"] = self.details
        return body


class NoSuchPath(Exception):
    """There is nothing below that path: no group, no version or no kind of that name. Answered in plain text."""


def bad_request(message: str) -> ApiError:
    """A 400."""
    return ApiError(400, message)


def unauthorized() -> ApiError:
    """A 401: no token, or one that is not known."""
    return ApiError(401, "Unauthorized")


def forbidden(user: str, verb: str, resource: str, where: str) -> ApiError:
    """A 403 for a resource, such as `vpcs.vpc.githedgehog.com`, that this user may not do that with."""
    plural, _, group = resource.partition(".")
    message = f'{resource} is forbidden: User "{user}" cannot {verb} resource "{plural}" in API group "{group}" {where}'
    return ApiError(403, message, details={"group": group, "kind": plural})


def not_found(kind: Kind, name: str) -> ApiError:
    """A 404 for an object that is not there."""
    return ApiError(404, f'{kind.resource} "{name}" not found', details=_details(kind, name))


def already_exists(kind: Kind, name: str) -> ApiError:
    """A 409 for a create where an object of that name is."""
    return ApiError(409, f'{kind.resource} "{name}" already exists', reason="AlreadyExists", details=_details(kind, name))


def conflict(kind: Kind, name: str) -> ApiError:
    """A 409 for an update of what has been changed since."""
    message = (
        f'Operation cannot be fulfilled on {kind.resource} "{name}": the object has been modified; '
        "please apply your changes to the latest version and try again"
    )
    return ApiError(409, message, details=_details(kind, name))


def invalid(kind: Kind, name: str, causes: list[Json]) -> ApiError:
    """A 422; `causes` are what is wrong where: reason, message, field."""
    told = [f"{cause['field']}: {cause['message']}" for cause in causes]
    words = told[0] if len(told) == 1 else f"[{', '.join(told)}]"
    details = {"name": name, "group": kind.group, "kind": kind.name, "causes": causes}
    return ApiError(422, f'{kind.name}.{kind.group} "{name}" is invalid: {words}', details=details)


def denied(hook: str, why: str) -> ApiError:
    """A 403 by an admission webhook."""
    return ApiError(403, f'admission webhook "{hook}" denied the request: {why}')


def expired_list(resume: str) -> ApiError:
    """A 410 for a list whose snapshot is no longer kept; `resume` goes on without being of one snapshot."""
    message = (
        "The provided continue parameter is too old to display a consistent list result. You can start a new list without "
        "the continue parameter, or use the continue token in this response to retrieve the remainder of the results. "
        "Continuing with the provided token results in an inconsistent list - objects that were created, modified, or "
        "deleted between the time the first chunk was returned and now may show up in the list."
    )
    return ApiError(410, message, resume=resume)


def too_old(revision: int, oldest: int) -> ApiError:
    """A 410 for a resourceVersion that is no longer kept."""
    return ApiError(410, f"too old resource version: {revision} ({oldest})")


def too_large(revision: int, current: int) -> ApiError:
    """A 504 for a resourceVersion that there has not been yet."""
    message = f"Too large resource version: {revision}, current: {current}"
    causes = [{"reason": "ResourceVersionTooLarge", "message": "Too large resource version"}]
    return ApiError(504, message, details={"causes": causes, "retryAfterSeconds": 1}, retry_after=1)


def throttled(seconds: int) -> ApiError:
    """A 429 by the server's priority and fairness."""
    message = "Too many requests, please try again later."
    return ApiError(429, message, details={"retryAfterSeconds": seconds}, retry_after=seconds)


def _details(kind: Kind, name: str) -> Json:
    return {"name": name, "group": kind.group, "kind": kind.plural}
