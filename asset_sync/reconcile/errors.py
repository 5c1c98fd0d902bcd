"""The errors that a person gets to read: one line each, with what happened, where, and what to do."""


class AssetSyncError(Exception):
    """Anything that stops a sync and is told to a person in one line."""


class ConfigurationError(AssetSyncError):
    """A setting, a variable or a YAML file is missing or wrong."""


class ValueNotTaken(ConfigurationError):
    """A value that a mapping names is none that the target takes: of which kind, in which field."""

    def __init__(self, told: str, kind: str, field: str) -> None:
        super().__init__(told)
        self.kind = kind
        self.field = field


class SourceError(AssetSyncError):
    """A source did not answer fully: nothing may be planned from it."""


class TargetError(AssetSyncError):
    """A target could not be read, or answered with something that cannot be trusted."""


class SourceUnavailable(SourceError):
    """A source could not be reached or is out of order: the same question may be answered later."""


class TargetUnavailable(TargetError):
    """A target could not be reached or is out of order: the same question may be answered later."""


class PlanError(AssetSyncError):
    """A plan cannot be made, is damaged, or may not be applied as it stands."""
