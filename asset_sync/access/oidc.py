"""An OIDC provider that signs people in, by Authlib: authorisation code with PKCE, state and nonce."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any, Final, Self

from authlib.common.errors import AuthlibBaseError
from authlib.integrations.starlette_client import OAuth
from httpx2 import HTTPError
from joserfc.errors import JoseError
from starlette.requests import Request
from starlette.responses import Response

from asset_sync import settings
from asset_sync.reconcile.errors import AssetSyncError

ISSUER: Final = "ASSET_SYNC_OIDC_ISSUER"
CLIENT_ID: Final = "ASSET_SYNC_OIDC_CLIENT_ID"
CLIENT_SECRET: Final = "ASSET_SYNC_OIDC_CLIENT_SECRET"  # noqa: S105 - a variable's name
GROUPS_CLAIM: Final = "ASSET_SYNC_OIDC_GROUPS_CLAIM"
_NAMES: Final = ("preferred_username", "email", "sub")
"""Names for people; whom they name is told by `sub` alone, for at many providers people choose the others themselves."""


class NotSignedIn(AssetSyncError):
    """The provider did not say who it is."""


@dataclass(frozen=True, slots=True)
class Person:
    """Who signed in at a provider: `subject` is whom, for good, and `name` what they are called."""

    subject: str
    name: str
    groups: Sequence[str]


@dataclass(frozen=True, slots=True)
class Provider:
    """An OIDC provider, and the claim that tells a person's groups."""

    client: Any = field(repr=False)
    groups_claim: str

    @classmethod
    def of_environment(cls) -> Self | None:
        """Return the provider that the environment names; None where it names none."""
        issuer = settings.optional(ISSUER)
        if issuer is None:
            return None
        found = settings.require_all({CLIENT_ID: "the id of this service at the OIDC provider", CLIENT_SECRET: "its secret"})
        client = OAuth().register(
            "oidc",
            client_id=found[CLIENT_ID],
            client_secret=found[CLIENT_SECRET],
            server_metadata_url=f"{issuer.rstrip('/')}/.well-known/openid-configuration",
            client_kwargs={"scope": "openid profile email", "code_challenge_method": "S256", "timeout": 10},
        )
        return cls(client, settings.optional(GROUPS_CLAIM) or "groups")

    async def send_away(self, request: Request, back: str) -> Response:
        """Return what sends a person to the provider, to come back to the address `back`. Raises NotSignedIn."""
        try:
            answer: Response = await self.client.authorize_redirect(request, back)
        except (HTTPError, AuthlibBaseError, KeyError, RuntimeError, ValueError) as error:
            raise NotSignedIn(f"the OIDC provider cannot be asked ({type(error).__name__})") from None
        return answer

    async def person(self, request: Request) -> Person:
        """Return who comes back from the provider. Raises NotSignedIn where it does not say so, or not to this session."""
        try:
            token = await self.client.authorize_access_token(request)
        except (HTTPError, AuthlibBaseError, JoseError, KeyError, RuntimeError, ValueError) as error:
            raise NotSignedIn(f"the OIDC provider did not sign you in ({type(error).__name__}); try again") from None
        claims = token.get("userinfo") or {}
        subject, name = (next((str(claims[each]) for each in names if claims.get(each)), "") for names in (("sub",), _NAMES))
        if not subject or not name.isprintable() or not subject.isprintable():
            raise NotSignedIn("the OIDC provider told no name")
        groups = claims.get(self.groups_claim) or []
        return Person(subject, name, [groups] if isinstance(groups, str) else [str(group) for group in groups])
