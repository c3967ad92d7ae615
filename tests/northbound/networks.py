"""Networks as nobody would plan them, as rows of the Northbound database."""
import balancers

CHASSIS = ["hv1", "hv2"]
BEYOND = {4: "198.51.100.10", 6: "2001:db8:51::10"}

# Matches of ACLs; PORT stands for inport or outport == something, SRC for the
# other end's address field.
PROTOCOLS = ["icmp4", "icmp6", "icmp", "tcp", "udp", "ip", "ip4", "ip6", "arp",
             "icmp4.type == 8", "icmp4.type == 0", "icmp6.type == 128",
             "icmp6.type == 129", "tcp.dst == 22", "udp.dst == 53", "nd", "1",
             "ct.new", "ct.est", "!ct.est", "ct.rpl", "eth.type == 0x86dd",
             "ip.ttl > 1", "icmp4.type == {0, 8}", "eth.mcast", "ip.proto == 1"]


class Network:
    """One provider network, number 'k', as rows to insert."""

    def __init__(self, rng, k):
        self.rng = rng
        self.k = k
        self.name = f"net{k}"
        self.localnet = f"net{k}-localnet"
        self.host = {4: f"10.1.{k}.200", 6: f"fd00:{k:x}::c8"}
        self.vms = [f"net{k}-vm{i}" for i in range(rng.randrange(2, 6))]
        self.is_tracked = False     # An ACL asks connection tracking.
        self.operations = []
        self.router = Router(rng, self) if rng.random() < .7 else None

    def own_prefixes(self):
        """How addresses begin that no router is on the way to."""
        return tuple(self.address(vm, version) for vm in self.vms
                     for version in (4, 6))

    def all_vms(self):
        return self.vms + (self.router.vms if self.router else [])

    def mac(self, vm):
        return f"0a:00:00:01:{self.k:02x}:{self.vms.index(vm) + 1:02x}"

    def address(self, vm, version):
        i = self.vms.index(vm) + 11
        return (f"10.1.{self.k}.{i}" if version == 4
                else f"fd00:{self.k:x}::{i:x}")

    def insert(self, table, label, **columns):
        self.operations.append({"op": "insert", "table": table,
                                "uuid-name": label.replace("-", "_"),
                                "row": columns})

    def rows(self):
        """All operations that make the network."""
        ports = []
        for vm in self.vms:
            addresses = " ".join([self.mac(vm), self.address(vm, 4),
                                  self.address(vm, 6)])
            columns = {"name": vm, "addresses": addresses}
            if self.rng.random() < .3:
                columns["port_security"] = addresses
            if self.rng.random() < .04:
                columns["enabled"] = False
            self.insert("Logical_Switch_Port", vm, **columns)
            ports.append(vm)
        self.insert("Logical_Switch_Port", self.localnet, name=self.localnet,
                    type="localnet", addresses="unknown",
                    tag_request=self.k + 1,
                    options=["map", [["network_name", "physnet1"]]])
        ports.append(self.localnet)
        acls = self.policy()
        if self.router:
            ports.append(self.router.rows())
        balanced = balancers.of_switch(self.rng, self)
        self.is_tracked |= balanced.has_vip
        self.insert("Logical_Switch", self.name, name=self.name,
                    ports=named(ports), acls=named(acls),
                    **balanced.columns())
        return self.operations

    def policy(self):
        """Makes ACLs; returns those of the switch."""
        style = self.rng.choice(["none", "neutron", "neutron", "groups",
                                 "switch", "switch", "both"])
        if style == "neutron":
            self.neutron()
        if style in ("groups", "both"):
            self.group("mixed", self.rng.sample(
                self.vms, self.rng.randrange(1, len(self.vms) + 1)), 4)
        if style in ("switch", "both"):
            return [self.random_acl(f"net{self.k}-acl{i}", None)
                    for i in range(self.rng.randrange(1, 6))]
        return []

    def acl(self, label, direction, priority, match, action, **options):
        columns = {"direction": direction, "priority": priority,
                   "match": match, "action": action}
        self.is_tracked |= action == "allow-related" or "ct." in match
        if options:
            columns["options"] = ["map", [[key.replace("_", "-"), value]
                                          for key, value in options.items()]]
        self.insert("ACL", label, **columns)
        return label

    def group(self, name, members, n_acls):
        group = f"net{self.k}_{name}"
        acls = [self.random_acl(f"{group}_acl{i}", group)
                for i in range(n_acls)]
        self.insert("Port_Group", group, name=group, ports=named(members),
                    acls=named(acls))

    def random_acl(self, label, group):
        rng = self.rng
        direction = rng.choice(["from-lport", "to-lport"])
        side = "inport" if direction == "from-lport" else "outport"
        parts = [rng.choice(PROTOCOLS)]
        if group and rng.random() < .8:
            parts.insert(0, f"{side} == @{group}")
        elif rng.random() < .4:
            port = rng.choice(self.vms + [self.localnet])
            parts.insert(0, f'{side} == "{port}"')
        if rng.random() < .4:
            parts.append(self.address_match())
        action = rng.choice(["allow", "allow-related", "allow-related",
                             "allow-stateless", "drop", "drop", "drop",
                             "reject"])
        options = ({"apply_after_lb": "true"}
                   if direction == "from-lport" and rng.random() < .15 else {})
        return self.acl(label, direction, rng.randrange(1000, 1004),
                        " && ".join(parts), action, **options)

    # What all hosts of the network that are no endpoints have in common.
    def address_match(self):
        side = self.rng.choice(["src", "dst"])
        vm = self.rng.choice(self.vms)
        return self.rng.choice([
            f"ip4.{side} == 0.0.0.0/0", f"ip6.{side} == ::/0",
            f"ip4.{side} == 10.1.{self.k}.0/24",
            f"ip4.{side} == 172.16.0.0/12",
            f"ip4.{side} == {self.address(vm, 4)}",
            f"ip4.{side} == {{{self.address(vm, 4)}, 192.0.2.0/24}}",
            f"ip6.{side} == {self.address(vm, 6)}",
            f"ip6.{side} == fd00:{self.k:x}::/64"])

    def neutron(self):
        """Security groups: a group that drops all, and rules that allow."""
        rng = self.rng
        group = f"pg_net{self.k}"
        member = [vm for vm in self.vms if rng.random() < .8]
        drop = [self.acl(f"{group}_d{i}", direction, 1001,
                         f"{side} == @{group}_drop && ip", "drop")
                for i, (direction, side) in enumerate(
                    [("from-lport", "inport"), ("to-lport", "outport")])]
        self.insert("Port_Group", f"{group}_drop", name=f"{group}_drop",
                    ports=named(self.vms if rng.random() < .8 else member),
                    acls=named(drop))
        rules = [
            ("from-lport", f"inport == @{group} && ip4"),
            ("from-lport", f"inport == @{group} && ip6"),
            ("to-lport", f"outport == @{group} && ip4 && "
                         f"ip4.src == ${group}_ip4"),
            ("to-lport", f"outport == @{group} && ip6 && "
                         f"ip6.src == ${group}_ip6"),
            ("to-lport", f"outport == @{group} && ip4 && "
                         "ip4.src == 0.0.0.0/0 && icmp4"),
            ("to-lport", f"outport == @{group} && ip6 && icmp6"),
            ("to-lport", f"outport == @{group} && ip4 && tcp && "
                         "tcp.dst == 22"),
            ("to-lport", f"outport == @{group} && ip4 && "
                         "ip4.src == 198.51.100.0/24 && icmp4")]
        stateless = rng.random() < .15
        acls = [self.acl(f"{group}_r{i}", direction, 1002, match,
                         "allow-stateless" if stateless else "allow-related")
                for i, (direction, match) in enumerate(rules)
                if rng.random() < .7]
        self.insert("Port_Group", group, name=group, ports=named(member),
                    acls=named(acls))


# What is wrong with a router, and how often.
FAULTS = {"": 12, "no-peer": 1, "no-tenant-peer": 1, "lr-disabled": 1,
          "lrp-disabled": 1, "tenant-lrp-disabled": 1, "no-default": 2,
          "no-snat": 2, "snat-other": 1, "logical-ip": 2, "dist-port": 2,
          "mac-stale": 1, "nexthop": 1, "discard": 1, "policy": 1,
          "addresses-empty": 1}


class Router:
    """A router between a network and a tenant's switch."""

    def __init__(self, rng, network):
        self.rng, self.network, self.k = rng, network, network.k
        self.name = f"router{self.k}"
        self.switch = f"tenant{self.k}"
        self.fault = rng.choices(list(FAULTS), FAULTS.values())[0]
        self.vms = [f"tenant{self.k}-vm{i}" for i in range(3)]
        self.gateway = f"net{self.k}-gw"
        self.mac = f"0a:00:00:02:{self.k:02x}:01"
        self.inner_mac = f"0a:00:00:02:{self.k:02x}:02"
        self.fip_mac = f"0a:00:00:02:{self.k:02x}:03"
        self.own = {4: f"10.1.{self.k}.1", 6: f"fd00:{self.k:x}::1"}
        # By the VM that has it: address and MAC.
        self.fips = {self.vms[0]: (f"10.1.{self.k}.100", self.mac),
                     self.vms[1]: (f"10.1.{self.k}.101", self.fip_mac)}

    def vm_mac(self, vm):
        return f"0a:00:00:03:{self.k:02x}:{self.vms.index(vm) + 1:02x}"

    def vm_address(self, vm, version):
        i = self.vms.index(vm) + 11
        return (f"172.16.{self.k}.{i}" if version == 4
                else f"fd01:{self.k:x}::{i:x}")

    def rows(self):
        """Makes all rows; returns the port of the provider switch."""
        insert, fault = self.network.insert, self.fault
        ports = []
        for vm in self.vms:
            addresses = " ".join([self.vm_mac(vm), self.vm_address(vm, 4),
                                  self.vm_address(vm, 6)])
            insert("Logical_Switch_Port", vm, name=vm, addresses=addresses)
            ports.append(vm)
        inner = f"tenant{self.k}-gw"
        ports.append(self.port(inner, fault == "no-tenant-peer", "router"))
        tenants = balancers.of_tenant(self.rng, self.network, self)
        self.network.is_tracked |= tenants.has_vip
        insert("Logical_Switch", self.switch, name=self.switch,
               ports=named(ports), **tenants.columns())
        self.gateway_rows()
        insert("Logical_Router_Port", f"{inner}-lrp", name=inner,
               mac=self.inner_mac, enabled=fault != "tenant-lrp-disabled",
               networks=["set", [f"172.16.{self.k}.1/24",
                                 f"fd01:{self.k:x}::1/64"]])
        insert("Logical_Router", self.name, name=self.name,
               enabled=fault != "lr-disabled",
               ports=named([f"{self.gateway}-lrp", f"{inner}-lrp"]),
               static_routes=named(self.routes()), nat=named(self.nats()),
               policies=named(self.policies()),
               **balancers.of_router(self.rng, self.network, self).columns())
        return self.port(self.gateway, fault == "no-peer", self.addresses())

    def addresses(self):
        return {"mac-stale": f"0a:00:00:02:{self.k:02x}:99 {self.own[4]}",
                "addresses-empty": ""}.get(self.fault, "router")

    def port(self, name, lost, addresses):
        """The switch's side of router port 'name'."""
        options = [] if lost else [["router-port", name]]
        columns = {"addresses": addresses} if addresses else {}
        self.network.insert("Logical_Switch_Port", f"{name}-lsp",
                            name=f"{name}-lsp", type="router",
                            options=["map", options], **columns)
        return f"{name}-lsp"

    def gateway_rows(self):
        insert = self.network.insert
        members = []
        for priority, chassis in enumerate(reversed(CHASSIS), 1):
            members.append(f"{self.gateway}-{chassis}")
            insert("Gateway_Chassis", members[-1], name=members[-1],
                   chassis_name=chassis, priority=priority)
        insert("Logical_Router_Port", f"{self.gateway}-lrp",
               name=self.gateway, mac=self.mac,
               enabled=self.fault != "lrp-disabled",
               networks=["set", [f"{self.own[4]}/24", f"{self.own[6]}/64"]],
               gateway_chassis=named(members))

    def routes(self):
        fault = self.fault
        nexthops = {"0.0.0.0/0": f"10.1.{self.k}.254",
                    "::/0": f"fd00:{self.k:x}::fe"}
        if fault == "no-default":
            del nexthops[self.rng.choice(list(nexthops))]
        if fault == "nexthop":
            nexthops["0.0.0.0/0"] = "192.0.2.254"
        if fault == "discard":
            nexthops[f"{BEYOND[4]}/32"] = "discard"
        for i, (prefix, nexthop) in enumerate(nexthops.items()):
            self.network.insert("Logical_Router_Static_Route",
                                f"{self.name}-route{i}", ip_prefix=prefix,
                                nexthop=nexthop)
        return [f"{self.name}-route{i}" for i in range(len(nexthops))]

    def policies(self):
        if self.fault != "policy":
            return []
        self.network.insert("Logical_Router_Policy", f"{self.name}-policy",
                            priority=100, action="drop",
                            match=f"ip4.dst == {BEYOND[4]}")
        return [f"{self.name}-policy"]

    def nats(self):
        insert, fault = self.network.insert, self.fault
        labels = []
        if fault != "no-snat":
            inside = "192.168.77" if fault == "snat-other" else f"172.16.{self.k}"
            insert("NAT", f"{self.name}-snat", type="snat",
                   external_ip=self.own[4], logical_ip=f"{inside}.0/24")
            labels.append(f"{self.name}-snat")
        for vm, (address, mac) in self.fips.items():
            columns = {}
            if mac == self.fip_mac:
                port = "nobody" if fault == "dist-port" else vm
                columns = {"external_mac": mac, "logical_port": port}
            inside = (f"172.16.{self.k}.77" if fault == "logical-ip"
                      else self.vm_address(vm, 4))
            insert("NAT", f"{vm}-fip", type="dnat_and_snat",
                   external_ip=address, logical_ip=inside, **columns)
            labels.append(f"{vm}-fip")
        return labels


def named(labels):
    return ["set", [["named-uuid", label.replace("-", "_")]
                    for label in labels]]
