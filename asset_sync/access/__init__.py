"""Who asks, and what they may: a token for scripts; sessions, a proxy's header or an OIDC provider for people."""
