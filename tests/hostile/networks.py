#!/usr/bin/python3
"""Makes bundles of sound databases that are large, or odd, in one way.

usage: networks.py KIND DIR     write a bundle; KINDS are below

The schemas are those of a recorded bundle; a row is written once, with the
columns that matter.
"""
import json
import pathlib
import sys
import uuid

sys.dont_write_bytecode = True
from ovsdb_file import record  # noqa: E402

RECORDED = pathlib.Path(__file__).resolve().parents[1] / "bundles/localnet-lost"
DATE = 1795340376001


class Database:
    """Rows of one database, in one transaction until commit() is called."""

    def __init__(self, name):
        with open(RECORDED / name, "rb") as file:
            length = int(file.readline().split()[2])
            self.records = [json.loads(file.read(length))]
        self.rows = {}

    def add(self, table, key, **columns):
        """A row, by a key of its own in the table; returns what refers to
        it.  A second time, its columns change."""
        name = str(uuid.uuid5(uuid.NAMESPACE_DNS, "%s/%s" % (table, key)))
        self.rows.setdefault(table, {})[name] = columns
        return ["uuid", name]

    def commit(self):
        self.rows["_date"] = DATE + 10000 * len(self.records)
        self.records.append(self.rows)
        self.rows = {}

    def write(self, path):
        if self.rows:
            self.commit()
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(b"".join(map(record, self.records)))


class Network:
    def __init__(self):
        self.nb = Database("nb.db")
        self.sb = Database("sb.db")
        self.ovs = Database("hv1/conf.db")
        self.sb.add("Chassis", "hv1", name="hv1", hostname="hv1")
        self.ovs.add("Open_vSwitch", "", external_ids=map_of(
            {"system-id": "hv1"}))

    def write(self, folder):
        self.nb.write(folder / "nb.db")
        self.sb.write(folder / "sb.db")
        self.ovs.write(folder / "hv1/conf.db")


def set_of(items):
    return ["set", list(items)]


def map_of(pairs):
    return ["map", [[key, value] for key, value in pairs.items()]]


def patch_name(n):
    """A port that is called like a patch port, but for its second name."""
    n.ovs.commit()
    interface = n.ovs.add("Interface", "", name="patch-to-x")
    n.ovs.add("Port", "", name="patch-to-x", interfaces=interface)


def address(first, i):
    return "%d.%d.%d.%d" % (first, i >> 16 & 255, i >> 8 & 255, i & 255)


def mac(i):
    return "0a:00:%02x:%02x:%02x:%02x" % tuple(i.to_bytes(4, "big"))


def switch(n, vms=1, ports=(), acls=(), external_ids=lambda i: {}):
    """A provider network with VMs, and with router ports by name."""
    lsps = [n.nb.add("Logical_Switch_Port", "ln", name="ln", type="localnet",
                     addresses="unknown",
                     options=map_of({"network_name": "physnet1"}))]
    lsps += [n.nb.add("Logical_Switch_Port", "vm%d" % i, name="vm%d" % i,
                      addresses="%s %s" % (mac(i), address(10, i + 5)),
                      external_ids=map_of(external_ids(i)))
             for i in range(vms)]
    lsps += [n.nb.add("Logical_Switch_Port", "to-" + name, name="to-" + name,
                      type="router", addresses="router",
                      options=map_of({"router-port": name}))
             for name in ports]
    n.nb.add("Logical_Switch", "public", name="public", ports=set_of(lsps),
             acls=set_of(acls))


def gateway(n, i, networks, **columns):
    """A distributed gateway port."""
    name = "gw%d" % i
    chassis = n.nb.add("Gateway_Chassis", name, name=name, chassis_name="hv1",
                       priority=1)
    return n.nb.add("Logical_Router_Port", name, name=name, mac=mac(i),
                    networks=networks, gateway_chassis=chassis, **columns)


def routes_added(n, many=8000):
    """A transaction that adds many routes to a router."""
    port = gateway(n, 0, "10.0.0.1/8")
    router = n.nb.add("Logical_Router", "r", name="r", ports=port)
    switch(n, ports=["gw0"])
    n.nb.commit()
    n.nb.rows["Logical_Router"] = {router[1]: {"static_routes": set_of(
        n.nb.add("Logical_Router_Static_Route", i, nexthop="10.9.9.9",
                 ip_prefix=address(20, i) + "/32") for i in range(many))}}


def acls_changed(n, many=2000):
    """A transaction that changes all of a port group's ACLs."""
    match = "outport == @g && ip4 && ip4.src == %s && tcp.dst == 80"
    acls = [n.nb.add("ACL", i, direction="to-lport", priority=i,
                     match=match % address(11, i), action="drop")
            for i in range(many)]
    switch(n)
    vm = n.nb.add("Logical_Switch_Port", "vm0", name="vm0",
                  addresses=mac(0) + " " + address(10, 5))
    n.nb.add("Port_Group", "g", name="g", ports=vm, acls=set_of(acls))
    n.nb.commit()
    for i in range(many):
        n.nb.add("ACL", i, priority=i + 1)


def set_in_braces(n, many=20000):
    """ACLs each of which has an address set among others."""
    n.nb.add("Address_Set", "s", name="s", addresses=set_of(
        address(11, i) for i in range(many)))
    match = "ip4.src == {$s, %s}"
    switch(n, acls=[n.nb.add("ACL", i, direction="to-lport", priority=i,
                             match=match % address(12, i), action="drop")
                    for i in range(300)])


def ports_disabled(n, many=300):
    """A router with many gateways and many faults, all of them on the way of
    each gateway's own address."""
    ports = [gateway(n, i, address(10, 256 * i + 1) + "/24")
             for i in range(many)]
    ports += [n.nb.add("Logical_Router_Port", "t%d" % i, name="t%d" % i,
                       mac=mac(many + i), enabled=False,
                       networks=address(172, 256 * i + 1) + "/24")
              for i in range(many)]
    n.nb.add("Logical_Router", "r", name="r", ports=set_of(ports))
    switch(n, ports=["gw%d" % i for i in range(many)])


def floating_ips(n, many):
    return [n.nb.add("NAT", "fip%d" % i, type="dnat_and_snat",
                     external_ip=address(10, i + 5),
                     logical_ip=address(192, i + 5)) for i in range(many)]


def static_macs(n, many=700):
    """Floating IPs of a router with many wrong static MAC bindings."""
    n.nb.add("Logical_Router", "r", name="r",
             ports=gateway(n, 0, "10.0.0.1/8"),
             nat=set_of(floating_ips(n, many)))
    for i in range(many):
        n.nb.add("Static_MAC_Binding", i, logical_port="gw0",
                 ip=address(12, i), mac=mac(i))
        n.sb.add("MAC_Binding", i, logical_port="gw0", ip=address(12, i),
                 mac=mac(many + i))
    switch(n, 0, ports=["gw0"])


def snats(n, many=400):
    """A gateway with many networks, a VM with many addresses, many SNATs."""
    nats = [n.nb.add("NAT", i, type="snat", external_ip="10.0.0.1",
                     logical_ip=address(192, 100000 + i))
            for i in range(many)]
    nats.append(n.nb.add("NAT", "all", type="snat", external_ip="10.0.0.1",
                         logical_ip="192.0.0.0/8"))
    outer = gateway(n, 0, set_of(address(10, 4 * i + 1) + "/30"
                                 for i in range(many)))
    inner = n.nb.add("Logical_Router_Port", "t", name="t", mac=mac(1),
                     networks="192.0.0.1/8")
    n.nb.add("Logical_Router", "r", name="r", ports=set_of([outer, inner]),
             nat=set_of(nats))
    switch(n, 0, ports=["gw0"])
    vm = n.nb.add("Logical_Switch_Port", "vm", name="vm",
                  addresses=" ".join([mac(2)] + [address(192, i + 5)
                                                 for i in range(many)]))
    port = n.nb.add("Logical_Switch_Port", "to-t", name="to-t", type="router",
                    addresses="router", options=map_of({"router-port": "t"}))
    n.nb.add("Logical_Switch", "tenant", name="tenant",
             ports=set_of([vm, port]))


def nat_ports(n, many=400):
    """As many gateway ports as floating IPs, none on their networks."""
    nats = [n.nb.add("NAT", i, type="dnat_and_snat",
                     external_ip=address(99, i), logical_ip=address(192, i))
            for i in range(many)]
    ports = [gateway(n, i, address(10, 256 * i + 1) + "/24")
             for i in range(many)]
    n.nb.add("Logical_Router", "r", name="r", ports=set_of(ports),
             nat=set_of(nats))
    switch(n, 0, ports=["gw%d" % i for i in range(many)])


def subnets(n, many=1500):
    """VMs with a subnet of their own each, by what Neutron says."""
    acl = n.nb.add("ACL", 0, direction="to-lport", priority=1000,
                   match="ip4.src == 1.2.3.4", action="drop")
    switch(n, many, acls=[acl], external_ids=lambda i: {
        "neutron:cidrs": address(10, i + 5) + "/32"})


KINDS = {
    "patch-name": patch_name,
    "routes-added": routes_added,
    "acls-changed": acls_changed,
    "set-in-braces": set_in_braces,
    "ports-disabled": ports_disabled,
    "static-macs": static_macs,
    "snats": snats,
    "nat-ports": nat_ports,
    "subnets": subnets,
}


def main(arguments):
    if len(arguments) != 2 or arguments[0] not in KINDS:
        sys.exit(__doc__)
    network = Network()
    KINDS[arguments[0]](network)
    network.write(pathlib.Path(arguments[1]))


if __name__ == "__main__":
    main(sys.argv[1:])
