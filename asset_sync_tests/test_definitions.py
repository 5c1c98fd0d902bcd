"""What Dagster is told where the YAML is wrong."""

import subprocess
import sys

import pytest

from asset_sync_tests.components.probe import ROOT

WRONG = """
from asset_sync import definitions
from asset_sync.reconcile.errors import ConfigurationError

def loaded(*_, **__):
    try:
        {}["runs"]
    except KeyError:
        raise ConfigurationError("defs.yaml:21: grace.runs: 'three': input should be a valid integer")

definitions.loaded = loaded
definitions.defs()
"""


@pytest.mark.slow
def test_a_mistake_in_the_yaml_is_told_without_the_code_that_found_it() -> None:
    done = subprocess.run([sys.executable, "-c", WRONG], capture_output=True, text=True, timeout=120, check=False, cwd=ROOT)
    assert done.returncode == 1
    told = "asset_sync.reconcile.errors.ConfigurationError: defs.yaml:21: grace.runs: 'three': input should be a valid integer"
    assert done.stderr.splitlines() == [told]
