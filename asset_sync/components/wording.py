"""How a YAML that has not its form is refused: the first thing that is wrong, with file and line, and what there is instead."""

import re
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Final, get_args

from pydantic import BaseModel, ValidationError
from pydantic_core import ErrorDetails

from asset_sync.components.config import Place

_TEMPLATED: Final = "{{"
_BELOW: Final = "write it below `target_options`"
_NO_LONGER: Final[Mapping[str, str]] = {
    "enable_netbox_export": "write `enabled`",
    "export_interval_minutes": "write `interval_seconds`",
    **dict.fromkeys(("auto_scan_exported_ips", "exclude_recent_exports", "retire", "scan_timeout_minutes"), _BELOW),
    "root_group": "write it below `target_options`, or `source_options` where WhatsUp Gold is the source",
    "exported_by": "write it below `source_options`",
    **{f"{what}_variable": f"write `variables: {{{what}: …}}`" for what in ("url", "username", "password")},
}
"""Keys of earlier versions, and what is written instead."""
_NO_CONDITION: Final = "it is no condition such as {column: …, is: […]}; what NetBox is asked for stands below `source_options`"


def raise_first(place: Place, form: type[BaseModel], error: ValidationError) -> None:
    """Raise `ConfigurationError` for the first thing that is wrong in what stands at a place and should have that form."""
    for each in error.errors():
        # What Dagster fills in from the environment is known to Dagster alone.
        if _TEMPLATED not in str(each["input"]):
            keys = [str(key) for key in each["loc"]]
            raise Place(place.file, (*place.keys, *keys)).error(_words(each, keys, _keys(form, keys[:-1])))


def filled_in(file: Path, error: ValidationError) -> str | None:
    """Return what is wrong with what Dagster filled in for a template in a file; None where no key of the file has one."""
    for each in error.errors():
        key = str(each["loc"][-1]) if each["loc"] else ""
        for number, line in enumerate(file.read_text(encoding="utf-8").splitlines(), 1):
            if found := re.search(rf"\b{re.escape(key)}:\s*[\"']?({{{{.*?}}}})", line):
                told = "it gives nothing: the variable is not set" if each["input"] is None else _words(each, [key], [])
                return f"{file}:{number}: {key}: {found[1]}: {told}"
    return None


def _keys(model: type[BaseModel], keys: Sequence[str]) -> list[str]:
    """Return the keys that there are below those of a model."""
    for key in keys:
        field = next((each for name, each in model.model_fields.items() if key in (name, each.alias)), None)
        # What is no field is a key of a dict, or a place in a list, of models that were found already.
        found = _model_in(field.annotation) if field is not None else model
        if found is None:
            return []
        model = found
    return [each.alias or name for name, each in model.model_fields.items()]


def _model_in(annotation: Any) -> type[BaseModel] | None:
    """Return the first model in a type: that of a list's elements, of a dict's values, of what may be None."""
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        return annotation
    return next((found for each in get_args(annotation) if (found := _model_in(each)) is not None), None)


def _words(each: ErrorDetails, at: Sequence[str], keys: Sequence[str]) -> str:
    if each["type"] == "extra_forbidden":
        instead = _NO_LONGER.get(at[-1]) or f"there are {', '.join(keys)}"
        return f"there is no such key here; {instead}"
    if each["type"] == "model_type" and "filters" in at:
        return f"{each['input']!r}: {_NO_CONDITION}"
    if each["type"] == "missing":
        return "it is missing"
    told = f"{each['msg'][0].lower()}{each['msg'][1:]}"
    return f"{each['input']!r}: {told}" if isinstance(each["input"], str | int | float | bool) else told
