"""What a generated deployment consists of, before it becomes rows.

Provider networks (a localnet port each, flat or VLAN), tenant networks behind
routers, VMs on both, all of uneven size, placed on chassis.  Everything comes
from one seeded generator of random numbers, in one order.
"""

import random

MAX_PORTS = 32000  # Of a switch: Port_Binding.tunnel_key ends at 32767.
PROJECT = "5d0c9d2f4b7e4a0f8f2f3f9a1c2b3d4e"


class Chassis:
    def __init__(self, index, uuid):
        self.index = index
        self.name = "hv%d" % index
        self.uuid = uuid
        self.private = None  # Chassis_Private row.
        self.ip = "10.98.%d.%d" % (index // 250, index % 250 + 1)
        self.mappings = {}  # Physical network -> bridge.
        self.is_gateway = False
        self.networks = set()  # Provider networks that are local to it.
        self.ports = []


class Network:
    def __init__(self, index, d, name, physnet=None, tag=None):
        self.index = index
        self.name = name
        self.physnet = physnet
        self.tag = tag
        self.id = d.uuid()
        self.ls = d.uuid()
        self.datapath = d.uuid()
        self.dhcp = d.uuid()
        self.subnet_id = d.uuid()
        self.segment = d.uuid()
        self.localnet = d.uuid()  # LSP row.
        self.localnet_binding = d.uuid()
        self.ports = []
        self.groups = {}  # Multicast_Group rows: name -> UUID and members.
        self.router = None
        self.n_keys = 1 if physnet else 0  # Tunnel keys given out.
        self.n_addresses = 3  # Network, router, metadata.
        self.has_ipv6 = False

    @property
    def switch(self):
        return "neutron-" + self.id

    @property
    def localnet_name(self):
        return "provnet-" + self.segment

    def address(self, i=None):
        """The next free IPv4 address, or number 'i'."""
        if i is None:
            i = self.n_addresses
            self.n_addresses += 1
        n = self.base + i
        return "%d.%d.%d.%d" % (n >> 24, n >> 16 & 255, n >> 8 & 255, n & 255)

    def address6(self, ip):
        tail = [int(part) for part in ip.split(".")]
        return "2001:db8:%x::%x:%x" % (self.index + 1,
                                       tail[0] << 8 | tail[1],
                                       tail[2] << 8 | tail[3])

    @property
    def cidr(self):
        return "%s/%d" % (self.address(0), self.prefix)


class Port:
    """A logical switch port with an address of its own."""

    def __init__(self, d, network, kind, name, chassis=None):
        self.kind = kind  # "vm", "metadata", "gateway" or "interface".
        self.network = network
        self.chassis = chassis
        self.name = name
        self.id = d.uuid()
        self.lsp = d.uuid()
        self.binding = d.uuid()
        self.mac = d.mac()
        network.n_keys += 1
        self.key = network.n_keys
        self.router = None
        self.group = None
        self.bound = True
        network.ports.append(self)


class Router:
    def __init__(self, d, index):
        self.name = "router%d" % index
        self.index = index
        self.id = d.uuid()
        self.lr = d.uuid()
        self.datapath = d.uuid()
        self.gateway = None
        self.interfaces = []
        self.chassis = []  # Gateway chassis, first choice first.
        self.nats = []     # (uuid, type, external, logical, port or None)

    @property
    def switch(self):
        return "neutron-" + self.id


class Deployment:
    def __init__(self, options):
        self.options = options
        self.random = random.Random(options.seed)
        self.n_macs = 0
        self.nb_cfg = 2
        self.nb_global = self.uuid()
        self.sb_global = self.uuid()
        self.chassis = [Chassis(i + 1, self.uuid())
                        for i in range(options.chassis)]
        for chassis in self.chassis:
            chassis.private = self.uuid()
        self.providers = []
        self.tenants = []
        self.routers = []
        self.vms = []
        self.address_sets = {}  # Address_Set rows of port groups, by name.
        self.make_networks()
        self.make_vms()
        self.make_routers()
        self.make_nats()
        self.groups = [self.uuid() for _ in range(max(1, options.acls // 8))]
        for vm in self.vms:
            vm.group = self.random.randrange(len(self.groups))

    def uuid(self):
        h = "%032x" % self.random.getrandbits(128)
        return "%s-%s-4%s-a%s-%s" % (h[:8], h[8:12], h[13:16], h[17:20],
                                     h[20:])

    def mac(self):
        self.n_macs += 1
        n = self.n_macs * 0x9e3779 & 0xffffff
        return "fa:16:3e:%02x:%02x:%02x" % (n >> 16, n >> 8 & 255, n & 255)

    def shares(self, n, total):
        """'total' divided among 'n', the first ones getting most."""
        weights = [(i + 1) ** -self.options.skew for i in range(n)]
        parts = [int(total * w / sum(weights)) for w in weights]
        for i in range(total - sum(parts)):
            parts[i % n] += 1
        return parts

    def make_networks(self):
        n = self.options.localnets
        n_physnets = min(n, max(1, (n + 3) // 4))
        for i in range(n):
            # The first one of a physical network is flat, the others VLAN.
            physnet = "physnet%d" % (i % n_physnets + 1)
            tag = None if i < n_physnets else 100 + i
            name = ("public%d" if tag is None else "vlan%d") % (
                i if tag is None else tag)
            network = Network(i, self, name, physnet, tag)
            network.has_ipv6 = i % 3 == 1
            self.providers.append(network)
        for i in range(self.options.switches):
            self.tenants.append(Network(n + i, self, "tenant%d" % i))
        self.place_physnets(n_physnets)

    def place_physnets(self, n_physnets):
        """The first physical network is everywhere, others on a part.  A
        tenth of the chassis, and at least two, are gateways."""
        n_gateways = max(2, len(self.chassis) // 10)
        for i, chassis in enumerate(self.chassis):
            chassis.is_gateway = i < n_gateways
            for p in range(n_physnets):
                if not p or chassis.is_gateway or self.random.random() < 0.7:
                    chassis.mappings["physnet%d" % (p + 1)] \
                        = "br-ex" if not p else "br-ex%d" % (p + 1)
        self.hosts = {"physnet%d" % (p + 1): [
            c for c in self.chassis
            if "physnet%d" % (p + 1) in c.mappings] for p in range(n_physnets)}

    def make_vms(self):
        n = self.options.vms
        n_provider = n
        if self.tenants:
            n_provider = round(n * self.options.provider_share)
        parts = self.shares(len(self.providers), n_provider)
        if self.tenants:
            parts += self.shares(len(self.tenants), n - n_provider)
        extra = self.options.nats + self.options.routers + 64
        base = 10 << 24
        for network, n_vms in zip(self.providers + self.tenants, parts):
            if n_vms > MAX_PORTS:
                raise SystemExit("a network of %d ports; a switch holds %d: "
                                 "more --localnets or --switches"
                                 % (n_vms, MAX_PORTS))
            size = n_vms + 16 + (extra if network.physnet else 0)
            bits = max(8, size.bit_length())
            base = (base + (1 << bits) - 1) >> bits << bits
            network.base, network.prefix = base, 32 - bits
            base += 1 << bits
            self.fill_network(network, n_vms)

    def fill_network(self, network, n_vms):
        metadata = Port(self, network, "metadata", "")
        metadata.ips = [network.address(2)]
        hosts = self.hosts.get(network.physnet, self.chassis)
        for _ in range(n_vms):
            # Uneven: the product of two favours the first chassis.
            draw = self.random.random()
            chassis = hosts[int(len(hosts) * draw ** 1.3)]
            vm = Port(self, network, "vm", "vm%d" % len(self.vms), chassis)
            ip = network.address()
            vm.ips = [ip]
            if network.has_ipv6:
                vm.ips.append(network.address6(ip))
            vm.device = self.uuid()
            chassis.ports.append(vm)
            if network.physnet:
                chassis.networks.add(network)
            self.vms.append(vm)

    def make_routers(self):
        gateways = [c for c in self.chassis if c.is_gateway]
        for i in range(self.options.routers):
            router = Router(self, i)
            network = self.providers[i % len(self.providers)]
            router.gateway = self.router_port(router, network, "gateway")
            n = min(len(gateways), self.random.randint(2, 5))
            router.chassis = self.random.sample(gateways, n)
            for chassis in router.chassis:
                chassis.networks.add(network)
            router.members = {c.name: self.uuid() for c in router.chassis}
            self.routers.append(router)
        for i, tenant in enumerate(self.tenants):
            if self.routers:
                router = self.routers[i % len(self.routers)]
                tenant.router = router
                router.interfaces.append(
                    self.router_port(router, tenant, "interface"))

    def router_port(self, router, network, kind):
        port = Port(self, network, kind, "")
        port.router = router
        port.ips = [network.address() if kind == "gateway"
                    else network.address(1)]
        port.lrp = self.uuid()
        port.lrp_name = "lrp-" + port.id
        port.lrp_binding = self.uuid()
        port.redirect_binding = self.uuid()
        return port

    def make_nats(self):
        """One SNAT for each tenant network, the rest floating IPs."""
        left = self.options.nats
        for router in self.routers:
            for port in router.interfaces:
                if left:
                    router.nats.append((self.uuid(), "snat",
                                        router.gateway.ips[0],
                                        port.network.cidr, None))
                    left -= 1
        behind = [vm for vm in self.vms if vm.network.router]
        self.random.shuffle(behind)
        for vm in behind[:left]:
            router = vm.network.router
            external = router.gateway.network.address()
            router.nats.append((self.uuid(), "dnat_and_snat", external,
                                vm.ips[0], vm))
