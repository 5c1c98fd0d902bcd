"""IP addresses as text."""

from ipaddress import ip_address


def ip_or_none(text: str) -> str | None:
    """The address in its usual form, or None where the text is none."""
    try:
        return str(ip_address(text.strip()))
    except ValueError:
        return None
