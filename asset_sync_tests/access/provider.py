"""An OIDC provider that signs in whoever comes as the person that it was told of."""

import time
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlencode

from fastapi import FastAPI, Form, Request
from fastapi.responses import RedirectResponse
from joserfc import jwt
from joserfc.jwk import KeySet, RSAKey

CLIENT = "asset-sync"
SECRET = "the-clients-secret"


@dataclass
class Provider:
    """What the provider says of the person, beside what it must; `key` is what it signs with, `published` what it tells."""

    claims: dict[str, Any]
    key: RSAKey = field(default_factory=lambda: RSAKey.generate_key(2048, {"kid": "one", "use": "sig"}))
    published: RSAKey | None = None
    asked: dict[str, dict[str, str]] = field(default_factory=dict)


def provider_app(told: Provider) -> FastAPI:
    """Return the provider as an application."""
    app = FastAPI()

    @app.get("/.well-known/openid-configuration")
    def configuration(request: Request) -> dict[str, Any]:
        base = str(request.base_url).rstrip("/")
        places = {"authorization_endpoint": "authorize", "token_endpoint": "token", "jwks_uri": "keys"}
        named = {name: f"{base}/{path}" for name, path in places.items()}
        return {"issuer": base, **named, "id_token_signing_alg_values_supported": ["RS256"]}

    @app.get("/keys")
    def keys() -> Any:
        return KeySet([told.published or told.key]).as_dict(private=False)

    @app.get("/authorize")
    def authorize(request: Request) -> RedirectResponse:
        asked = dict(request.query_params)
        code = f"code-{len(told.asked)}"
        told.asked[code] = asked
        return RedirectResponse(f"{asked['redirect_uri']}?{urlencode({'code': code, 'state': asked['state']})}")

    @app.post("/token")
    def token(request: Request, code: str = Form(), code_verifier: str = Form()) -> dict[str, Any]:
        assert code_verifier
        now = int(time.time())
        must = {"iss": str(request.base_url).rstrip("/"), "aud": CLIENT, "iat": now, "exp": now + 60}
        claims = {**must, "nonce": told.asked[code]["nonce"], **told.claims}
        signed = jwt.encode({"alg": "RS256", "kid": "one"}, claims, told.key)
        return {"access_token": "x", "token_type": "Bearer", "id_token": signed}

    return app
