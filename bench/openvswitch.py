"""Each chassis's part of a bundle: its Open_vSwitch database, its links and
its provider bridges' flows, as the standard tools write them."""

import os

from logfile import (Database, Toggle, encode, one_or_set, ref, refs,
                     strings)
from southbound import mappings_text

SCHEMA = "/usr/share/openvswitch/vswitch.ovsschema"
LINK_UP = ["BROADCAST", "MULTICAST", "UP", "LOWER_UP"]


class Switch:
    """The rows of one chassis, with the ports' places noted for faults."""

    def __init__(self, d, chassis):
        self.d = d
        self.chassis = chassis
        self.db = Database(SCHEMA)
        self.bridges = {}  # Name -> row and its ports.
        self.ofports = {}
        self.port_of = {}  # Port's name -> (bridge, port, interface) rows.
        self.links = [("lo", 65536, ["LOOPBACK", "UP", "LOWER_UP"])]
        self.add_bridges()
        self.add_taps()
        self.add_tunnels()
        self.finish()
        self.db.snapshot()

    def add_bridge(self, name):
        self.bridges[name] = (self.d.uuid(), [])
        self.ofports[name] = 0
        self.add_port(name, name, {"type": "internal", "ofport": 65534})
        self.links.append((name, 1500, LINK_UP))

    def add_port(self, bridge, name, interface, port=None):
        if "ofport" not in interface:
            self.ofports[bridge] += 1
            interface["ofport"] = self.ofports[bridge]
        iface = self.db.insert("Interface", self.d.uuid(),
                               {"name": name, **interface})
        row = self.db.insert("Port", self.d.uuid(), {
            "name": name, "interfaces": ref(iface), **(port or {})})
        self.bridges[bridge][1].append(row)
        self.port_of[name] = (self.bridges[bridge][0], row, iface)

    def add_bridges(self):
        self.add_bridge("br-int")
        for i, (physnet, bridge) in enumerate(
                sorted(self.chassis.mappings.items())):
            self.add_bridge(bridge)
            nic = "enp6s%d" % (18 + i)
            self.add_port(bridge, nic, {})
            self.links.append((nic, 1500, LINK_UP))
        for network in sorted(self.chassis.networks, key=lambda n: n.index):
            for rows in self.patch_rows(network, network.localnet_name):
                self.add_port(*rows)

    def patch_rows(self, network, name):
        """(bridge, port's name, interface, port) of both ends."""
        bridge = self.chassis.mappings[network.physnet]
        ends = ("patch-%s-to-br-int" % name, "patch-br-int-to-%s" % name)
        ids = {"external_ids": strings({"ovn-localnet-port": name})}
        for place, end, peer in ((bridge, ends[0], ends[1]),
                                 ("br-int", ends[1], ends[0])):
            yield place, end, {"type": "patch",
                               "options": strings({"peer": peer})}, ids

    def patch_pair(self, network, name):
        """The changes that connect one more localnet port."""
        changes = []
        for place, end, interface, port in self.patch_rows(network, name):
            iface, row = self.d.uuid(), self.d.uuid()
            self.ofports[place] += 1
            changes += [
                ("Interface", iface, {"name": end, **interface,
                                      "ofport": self.ofports[place]}),
                ("Port", row, {"name": end, "interfaces": ref(iface),
                               **port}),
                ("Bridge", self.bridges[place][0],
                 {"ports": Toggle(ref(row))})]
        return changes

    def add_taps(self):
        for port in self.chassis.ports:
            tap = "tap" + port.id[:11]
            self.add_port("br-int", tap, {"external_ids": strings({
                "attached-mac": port.mac, "iface-id": port.id,
                "iface-status": "active", "ovn-installed": "true",
                "vm-uuid": port.device})})
            self.links.append((tap, 1500, LINK_UP))

    def peers(self):
        """The gateways, and others until there are enough; a gateway has
        tunnels to all, since anybody may be behind it."""
        chassis = self.d.chassis
        after = self.chassis.index
        others = [c for c in chassis[after:] + chassis[:after]
                  if c is not self.chassis]
        if self.chassis.is_gateway:
            return others
        gateways = [c for c in others if c.is_gateway]
        plain = [c for c in others if not c.is_gateway]
        return gateways + plain[:max(0, self.d.options.tunnels
                                     - len(gateways))]

    def add_tunnels(self):
        for other in self.peers():
            self.add_port("br-int", "ovn-%s-0" % other.name, {
                "type": "geneve",
                "options": strings({"csum": "true", "key": "flow",
                                    "remote_ip": other.ip})},
                {"external_ids": strings({"ovn-chassis-id": "%s@%s" % (
                    other.name, other.ip)})})

    def finish(self):
        for name, (uuid, ports) in self.bridges.items():
            row = {"name": name, "ports": refs(ports)}
            if name == "br-int":
                row["fail_mode"] = "secure"
            self.db.insert("Bridge", uuid, row)
        self.root = self.db.insert("Open_vSwitch", self.d.uuid(), {
            "bridges": refs([uuid for uuid, _ in self.bridges.values()]),
            "next_cfg": 5, "cur_cfg": 5,
            "iface_types": one_or_set(["geneve", "internal", "patch",
                                       "system", "tap", "vxlan"]),
            "external_ids": self.external_ids()})

    def external_ids(self):
        return strings({
            "hostname": self.chassis.name, "system-id": self.chassis.name,
            "ovn-bridge-mappings": mappings_text(self.chassis),
            "ovn-encap-ip": self.chassis.ip, "ovn-encap-type": "geneve",
            "ovn-cms-options": "enable-chassis-as-gw"
            if self.chassis.is_gateway else "",
            "ovn-remote": "tcp:10.99.0.1:6642"})

    def removal(self, names):
        """The changes that take ports off their bridges."""
        changes = []
        gone = {}
        for name in names:
            bridge, row, iface = self.port_of.pop(name)
            gone.setdefault(bridge, []).append(row)
            changes += [("Port", row, None), ("Interface", iface, None)]
        return changes + [("Bridge", bridge, {"ports": Toggle(refs(rows))})
                          for bridge, rows in gone.items()]

    def write(self, directory, date_ms):
        os.makedirs(os.path.join(directory, "flows"), exist_ok=True)
        self.db.write(os.path.join(directory, "conf.db"), date_ms)
        links = [{"ifindex": i + 1, "ifname": name, "flags": flags,
                  "mtu": mtu, "operstate": "UP" if "LOWER_UP" in flags
                  else "DOWN", "link_type": "loopback" if name == "lo"
                  else "ether", "address": "00:00:00:00:00:00"
                  if name == "lo" else "02:00:00:%02x:%02x:%02x" % (
                      self.chassis.index & 255, i >> 8, i & 255)}
                 for i, (name, mtu, flags) in enumerate(self.links)]
        with open(os.path.join(directory, "ip-link.json"), "w") as f:
            f.write(encode(links))
        for bridge in self.bridges:
            if bridge != "br-int":
                path = os.path.join(directory, "flows", bridge + ".txt")
                with open(path, "w") as f:
                    f.write("NXST_FLOW reply (xid=0x4):\n cookie=0x0, "
                            "duration=35.9s, table=0, n_packets=444, "
                            "n_bytes=41108, priority=0 actions=NORMAL\n")
