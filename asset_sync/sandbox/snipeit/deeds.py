"""What people do in a day, how often, and the words that they type."""

from collections.abc import Mapping
from typing import Any

TEXTS = (
    'Screen 15" <dim> & cracked',
    "Zoë's Gerät, geprüft ✅",
    "R&amp;D (typed like that)",
    "**Urgent**: don't lend, *ever*",
    "O'Neil & Söhne „GmbH“",
    "line one\nline two  \nline three with `code`",
    "<strong>typed</strong> <script>alert(1)</script>, [a link](https://example.com/x?y=1&z=2)",
    None,
)
NAMES = ("Müller's & Co.", 'The "New" One', "Größe <XL>", "Łódź 📦", "Plain")

BASICS: Mapping[str, Mapping[str, Any]] = {
    "models": {"eol": 24},
    "manufacturers": {"url": "https://new.example/?a=1&b=2"},
    "categories": {"category_type": "asset"},
    "locations": {"city": "Köln", "country": "DE"},
    "suppliers": {"contact": "Zoë O'Hara"},
    "status_labels": {"type": "deployable"},
    "departments": {"location_id": 1},
    "companies": {"phone": "+49 & 30"},
}

WEIGHTS: Mapping[str, float] = {
    "edit_asset": 20,
    "edit_custom_field": 10,
    "edit_many": 0.5,
    "move_model": 1,
    "set_status": 3,
    "archive": 3,
    "unarchive": 2,
    "checkout": 15,
    "checkin": 12,
    "audit": 4,
    "create_asset": 6,
    "reuse_tag": 1,
    "delete_asset": 5,
    "restore_asset": 2,
    "purge_asset": 1,
    "restore": 1,
    "purge": 1,
    "edit_user": 6,
    "create_user": 3,
    "delete_user": 2,
    "merge_users": 0.3,
    "rename": 3,
    "annotate": 3,
    "create_basic": 1,
    "delete_basic": 1,
    "create_license": 0.5,
    "edit_license": 1,
    "resize_license": 0.5,
    "delete_license": 0.5,
    "assign_seat": 4,
    "release_seat": 3,
    "hand_out": 2,
    "take_back": 1,
    "edit_stock": 1,
    "create_stock": 0.5,
    "delete_stock": 0.5,
    "open_maintenance": 2,
    "close_maintenance": 2,
    "delete_maintenance": 0.5,
    "rename_field": 0.1,
    "create_field": 0.1,
    "delete_field": 0.05,
}
"""Every kind of deed, and how common it is: in the smallest of days it is done so often, rounded up."""
