"""Words that come in the language of the token's user: English, and German as an example of another one.

Sources: recorded answers of Snipe-IT 8.1.4; `resources/lang/de-DE` of snipe/snipe-it. A word that a language lacks comes in
English, as in Laravel. Categories are stored in lower case and shown with a capital.
"""

from collections.abc import Mapping

GERMAN = "de-DE"

_ENGLISH_ACTIONS = {"create": "create new", "add seats": "added seats", "delete seats": "deleted seats"}
_GERMAN_ACTIONS = {
    "create": "erstellen",
    "update": "aktualisieren",
    "delete": "löschen",
    "restore": "wiederherstellen",
    "checkout": "herausgeben",
    "checkin from": "zurücknehmen von",
    "audit": "prüfung",
    "add seats": "plätze hinzugefügt",
    "delete seats": "gelöschte plätze",
}
_GERMAN_CATEGORIES = {
    "asset": "Asset",
    "accessory": "Zubehör",
    "component": "Komponente",
    "consumable": "Verbrauchsmaterial",
    "license": "Lizenz",
}
_GERMAN_MESSAGES = {"Asset does not exist.": "Asset existiert nicht."}
_ENCRYPTED: Mapping[str, str] = {GERMAN: "VERSCHLüSSELT"}


def action_word(code: str, locale: str) -> str:
    """What an action of the log is called."""
    english = _ENGLISH_ACTIONS.get(code, code)
    return _GERMAN_ACTIONS.get(code, english) if locale == GERMAN else english


def category_word(code: str, locale: str) -> str:
    """What a type of categories is called."""
    return _GERMAN_CATEGORIES[code] if locale == GERMAN else code.capitalize()


def message(english: str, locale: str) -> str:
    """What an error says. What Laravel itself says of missing rows is English everywhere."""
    return _GERMAN_MESSAGES.get(english, english) if locale == GERMAN else english


def months(count: int, locale: str) -> str:
    """A warranty."""
    return f"{count} {'Monate' if locale == GERMAN else 'months'}"


def encrypted(locale: str) -> str:
    """What stands in the place of a custom field that the token may not see."""
    return _ENCRYPTED.get(locale, "ENCRYPTED")
