"""What a browser may do with our pages: load from this service alone, and show them in no other site's frame."""

from collections.abc import Mapping
from typing import Final

OVER_HTTPS: Final = {"Strict-Transport-Security": "max-age=31536000"}


def headers(*, images: str = "'self'") -> Mapping[str, str]:
    """Return the headers of every page; `images` is from where it may show pictures."""
    own = (f"{what} 'self'" for what in ("script-src", "style-src", "connect-src", "form-action"))
    policy = ("default-src 'none'", *own, f"img-src {images}", "base-uri 'none'", "frame-ancestors 'none'")
    return {
        "Content-Security-Policy": "; ".join(policy),
        "X-Content-Type-Options": "nosniff",
        "Referrer-Policy": "same-origin",
        "Cross-Origin-Opener-Policy": "same-origin",
    }
