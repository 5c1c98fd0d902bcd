"""The product and who asks."""

from asset_sync.sandbox.wug.call import Answer, Call, wrapped


def get_version(_call: Call) -> Answer:
    """GET /product/version. The names of the values are assumed."""
    return wrapped({"values": [{"name": "ProductName", "value": "WhatsUp Gold"}, {"name": "Version", "value": "26.0.0"}]})


def get_api(_call: Call) -> Answer:
    """GET /product/api. The names of the values are assumed."""
    return wrapped({"values": [{"name": "ApiVersion", "value": "1.0"}, {"name": "Version", "value": "2026.0"}]})


def get_installation_id(_call: Call) -> Answer:
    """GET /product/installationId."""
    return wrapped("4f3c2b1a-0000-4000-8000-5a9d0b0c0d0e")


def get_timezone(_call: Call) -> Answer:
    """GET /product/timezone."""
    return wrapped("UTC")


def who_am_i(call: Call) -> Answer:
    """GET /product/whoAmI."""
    return wrapped(call.user)
