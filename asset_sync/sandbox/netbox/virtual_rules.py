"""The rules of clusters, virtual machines and what they have, in the order in which NetBox checks them."""

from typing import Final

from asset_sync.sandbox.netbox.errors import invalid
from asset_sync.sandbox.netbox.naming import display_of
from asset_sync.sandbox.netbox.store import Store
from asset_sync.sandbox.netbox.table import Row

CLUSTERS: Final = "virtualization/clusters"
MACHINES: Final = "virtualization/virtual-machines"
INTERFACES: Final = "virtualization/interfaces"
DISKS: Final = "virtualization/virtual-disks"
DEVICES: Final = "dcim/devices"
SITES: Final = "dcim/sites"


def check_cluster_of_host(store: Store, device: Row) -> None:
    """A host is where its cluster is."""
    cluster = _found(store, CLUSTERS, device["cluster"])
    if cluster and cluster["_site"] not in (None, device["site"]):
        site = display_of(store, SITES, cluster["_site"])
        raise invalid("cluster", f"The assigned cluster belongs to a different site ({site})")


def check_cluster(store: Store, cluster: Row, before: Row | None) -> None:
    """A cluster is where its hosts are. Its machines follow it, whatever else they say."""
    site = cluster["_site"]
    if before is None or site is None:
        return
    hosts = [store.tables[DEVICES].rows[one] for one in store.tables[DEVICES].matching("cluster", cluster["id"])]
    if elsewhere := sum(host["site"] != site for host in hosts):
        named = display_of(store, SITES, site)
        text = f"{elsewhere} devices are assigned as hosts for this cluster but are not in site {named}"
        raise invalid("scope", text)


def check_machine(store: Store, machine: Row, before: Row | None) -> None:
    """Check where a machine is said to be, and its disk; fill in its site."""
    cluster, device = _found(store, CLUSTERS, machine["cluster"]), _found(store, DEVICES, machine["device"])
    _check_place(store, machine, cluster, device)
    if before is not None:
        _check_disk(store, machine)
    if machine["site"] is None:
        machine["site"] = (cluster and cluster["_site"]) or (device and device["site"])


def _check_place(store: Store, machine: Row, cluster: Row | None, device: Row | None) -> None:
    site = machine["site"]
    if site is None and cluster is None and device is None:
        raise invalid("__all__", "A virtual machine must be assigned to a site, cluster, or device.")
    where = site and display_of(store, SITES, site)
    if cluster and site and cluster["_site"] not in (None, site):
        raise invalid("cluster", f"The selected cluster ({cluster['name']}) is not assigned to this site ({where}).")
    if device is None:
        return
    host = display_of(store, DEVICES, device["id"])
    if site and device["site"] != site:
        raise invalid("site", f"The selected device ({host}) is not assigned to this site ({where}).")
    if cluster is None and device["cluster"] is not None:
        own = display_of(store, CLUSTERS, device["cluster"])
        text = f"Must specify the assigned device's cluster ({own}) when assigning host device {host}."
        raise invalid("cluster", text)
    if cluster and device["cluster"] != cluster["id"]:
        raise invalid("device", f"The selected device ({host}) is not assigned to this cluster ({cluster['name']}).")


def _check_disk(store: Store, machine: Row) -> None:
    total = disk_of(store, machine["id"])
    if total and machine["disk"] not in (None, total):
        text = f"The specified disk size ({machine['disk']}) must match the aggregate size of assigned virtual disks ({total})."
        raise invalid("disk", text)


def check_interface(store: Store, interface: Row, _before: Row | None) -> None:
    """The parent and the bridge of an interface are of the same machine."""
    for name in ("parent", "bridge"):
        other = _found(store, INTERFACES, interface[name])
        if other and other["virtual_machine"] != interface["virtual_machine"]:
            machine = display_of(store, MACHINES, other["virtual_machine"])
            text = f"The selected {name} interface ({other['name']}) belongs to a different virtual machine ({machine})."
            raise invalid(name, text)


def disk_of(store: Store, machine: int) -> int | None:
    """The size of all virtual disks of a machine; None where it has none."""
    disks = store.tables[DISKS]
    sizes = [disks.rows[one]["size"] for one in disks.matching("virtual_machine", machine)]
    return sum(sizes) if sizes else None


def follow(store: Store, endpoint: str, row: Row) -> None:
    """Change what follows a disk or a cluster, as NetBox does in its database: no change record, no new last_updated."""
    if endpoint == DISKS and (machine := _found(store, MACHINES, row["virtual_machine"])):
        store.put(MACHINES, {**machine, "disk": disk_of(store, machine["id"])})
    if endpoint == CLUSTERS and row["_site"] is not None:
        for one in store.tables[MACHINES].matching("cluster", row["id"]):
            store.put(MACHINES, {**store.tables[MACHINES].rows[one], "site": row["_site"]})


def _found(store: Store, endpoint: str, row_id: int | None) -> Row | None:
    return store.tables[endpoint].rows.get(row_id or 0)
