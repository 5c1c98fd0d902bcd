"""The bounds of a number in a YAML, in whose place a template of Dagster's (`{{ env.HOURS }}`) may stand at first."""

from dataclasses import dataclass
from typing import Any, Final

from pydantic import GetCoreSchemaHandler, GetJsonSchemaHandler
from pydantic.json_schema import JsonSchemaValue
from pydantic_core import CoreSchema, PydanticKnownError, core_schema

_OF_JSON: Final = {"ge": "minimum", "gt": "exclusiveMinimum", "le": "maximum"}


@dataclass(frozen=True)
class Bounds:
    """What a number may be: at least `ge`, more than `gt`, at most `le`; for `Annotated`.

    Dagster reads a YAML by a model of its own, in which each field may be a text, too, and pydantic's bounds fail for a text.
    """

    ge: float | None = None
    gt: float | None = None
    le: float | None = None

    def __get_pydantic_core_schema__(self, source: Any, handler: GetCoreSchemaHandler) -> CoreSchema:
        """Return the schema of the number, with what is looked at after it."""
        number = core_schema.no_info_after_validator_function(self._within, handler(source))
        return core_schema.no_info_before_validator_function(_no_truth_value, number)

    def __get_pydantic_json_schema__(self, schema: CoreSchema, handler: GetJsonSchemaHandler) -> JsonSchemaValue:
        """Return what an editor of YAML goes by."""
        said = {_OF_JSON[name]: bound for name, bound in vars(self).items() if bound is not None}
        return {**handler(schema), **said}

    def _within(self, value: float | str | None) -> float | str | None:
        if value is None or isinstance(value, str):
            return value
        if self.ge is not None and not value >= self.ge:
            raise PydanticKnownError("greater_than_equal", {"ge": self.ge})
        if self.gt is not None and not value > self.gt:
            raise PydanticKnownError("greater_than", {"gt": self.gt})
        if self.le is not None and not value <= self.le:
            raise PydanticKnownError("less_than_equal", {"le": self.le})
        return value


def _no_truth_value(value: Any) -> Any:
    """Refuse `true`, which Python takes for 1: a number that retires after one run is none that somebody meant."""
    if isinstance(value, bool):
        raise PydanticKnownError("int_type")
    return value
