"""What several kinds of NetBox have alike: fields, and the ways in which what has a name is recognised."""

from typing import Final

from asset_sync.reconcile.kinds import Field, IdentityRule, Unique

NAME: Final = Field("name", max_length=100, required=True)
SLUG: Final = Field("slug", max_length=100, required=True)
DESCRIPTION: Final = Field("description", max_length=200)
COLOR: Final = Field("color", max_length=6, pattern="[0-9a-f]{6}")
"""NetBox's own rule: a colour is six hexadecimal digits in small letters."""
COMMENTS: Final = Field("comments")
STATUS: Final = Field("status")
MODE: Final = Field("mode")
"""The 802.1Q mode of an interface: access, tagged, tagged-all or q-in-q."""
MTU: Final = Field("mtu", "integer", within=(1, 65_536))

TAGS: Final = "tags"
"""The tags of an object, as their slugs in order, parted by commas."""


def slugs(given: str | None) -> list[str]:
    """Return the slugs that a value of `TAGS` names."""
    return [slug.strip() for slug in (given or "").split(",") if slug.strip()]


def canonical_tags(given: str) -> str | None:
    """Return the value of `TAGS` as it is read back: each slug once, in order; None where there is none."""
    return ", ".join(sorted(set(slugs(given)))) or None


TAGGED: Final = Field(TAGS, initial_only=True, canonical=canonical_tags)

# Exact first, so that "HP" and "hp", both of them in NetBox, stay two; none is decisive, because each looks further than the
# one before and must not speak against it.
NAMED: Final = (
    IdentityRule("name", ("name",), decisive=False),
    IdentityRule("similar name", ("name",), "label", decisive=False),
    IdentityRule("slug", ("slug",), decisive=False),
)
NAMED_UNIQUE: Final = (Unique(("name",)), Unique(("slug",)))
