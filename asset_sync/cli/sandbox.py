"""`asset-sync sandbox`: only the simulators, for a shell of one's own."""

import shlex
import threading

import click

from asset_sync.cli.console import Whole
from asset_sync.cli.ports import check_free
from asset_sync.cli.signals import until_stopped
from asset_sync.sandbox.kubernetes import Shape
from asset_sync.sandbox.world import World

size_option = click.option(
    "--size", type=Whole(10, 1_000_000), default=200, show_default=True, help="How many machines the company has."
)
seed_option = click.option("--seed", type=Whole(0), default=7, show_default=True, help="Which company it is.")
_port = Whole(0, 65_535)

_MACHINES_A_DEVICE = 4
_LARGE = 200
_LEAST_NETWORK = 20


def network_of(size: int) -> int:
    """Return how many network devices a company of that many machines has in the sandbox."""
    return max(_LEAST_NETWORK, size // _MACHINES_A_DEVICE)


def fabric_of(size: int) -> Shape:
    """Return the shape of the fabric of a company of that many machines in the sandbox."""
    return Shape(spines=4, leaves=32, servers=256, vpcs=16) if size >= _LARGE else Shape()


@click.command()
@size_option
@seed_option
@click.option("--netbox-version", type=click.Choice(["4.6", "4.7"]), default="4.6", show_default=True)
@click.option("--pdq-port", type=_port, default=0, help="Default: a free one.")
@click.option("--netbox-port", type=_port, default=0, help="Default: a free one.")
@click.option("--snipeit-port", type=_port, default=0, help="Default: a free one.")
@click.option("--wug-port", type=_port, default=0, help="Default: a free one.")
@click.option("--fabric-port", type=_port, default=0, help="Default: a free one.")
@click.option("--control-port", type=_port, default=0, help="Default: a free one.")
def sandbox(size: int, seed: int, netbox_version: str, **ports: int) -> None:
    """Simulate all systems until Ctrl-C; print the variables that lead a sync there."""
    for name, port in ports.items():
        check_free("127.0.0.1", port, f"--{name.replace('_', '-')}")
    with until_stopped(), World(size, seed, netbox_version, network=network_of(size), fabric=fabric_of(size), **ports) as world:
        for name, value in world.environment().items():
            click.echo(f"export {name}={shlex.quote(value)}")
        click.echo(f"# {world.control_url} explains itself; the next day: curl -X POST {world.control_url}/day")
        threading.Event().wait()
