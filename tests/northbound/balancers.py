"""Load balancers for the networks of networks.py.

Most are as Octavia and Kubernetes make them and must change no ping: VIPs with
a port, on addresses that are pinged too, or VIPs that are nobody's address.
One in a while takes a ping, which provnet does not follow."""


def at_port(address, port):
    return f"[{address}]:{port}" if ":" in address else f"{address}:{port}"


class Balancers:
    """Of one holder, a switch or a router, called 'name'."""

    def __init__(self, rng, network, name):
        self.rng, self.network, self.name = rng, network, name
        self.labels, self.groups = [], []
        self.has_vip = False

    def add(self, vips, **options):
        label = f"{self.name}-lb{len(self.labels) + len(self.groups)}"
        self.network.insert(
            "Load_Balancer", label, name=label,
            protocol=self.rng.choice(["tcp", "udp"]),
            vips=["map", list(vips.items())],
            options=["map", list(options.items())])
        self.has_vip |= bool(vips)
        if self.rng.random() < .3:
            self.network.insert(
                "Load_Balancer_Group", f"{label}-group", name=f"{label}-group",
                load_balancer=["set", [["named-uuid",
                                        label.replace("-", "_")]]])
            self.groups.append(f"{label}-group")
        else:
            self.labels.append(label)

    def options(self):
        """Options that concern what is balanced, and nothing else."""
        return self.rng.choice([{}, {"reject": "true"}, {"event": "true"},
                                {"hairpin_snat_ip": "192.0.2.7"},
                                {"skip_snat": "true"},
                                {"affinity_timeout": "60"}])

    def columns(self):
        return {name: ["set", [["named-uuid", label.replace("-", "_")]
                               for label in labels]]
                for name, labels in [("load_balancer", self.labels),
                                     ("load_balancer_group", self.groups)]
                if labels}


def spare(network, version):
    """An address that is nobody's."""
    return (f"10.1.{network.k}.150" if version == 4
            else f"fd00:{network.k:x}::150")


def of_switch(rng, network):
    """What the network's switch has."""
    balancers = Balancers(rng, network, network.name)
    if rng.random() < .7:
        return balancers
    for version in (4, 6):
        vm, other = rng.sample(network.vms, 2)
        backend = network.address(other, version)
        address = network.address(vm, version)
        balancers.add({at_port(address, 80): rng.choice(
                           ["", at_port(backend, 8080)]),
                       at_port(spare(network, version), 53):
                           at_port(backend, 53)}, **balancers.options())
        balancers.add({spare(network, version): backend},
                      **balancers.options())
    if rng.random() < .2:
        balancers.add({})
    if rng.random() < .15:
        vm, other = rng.sample(network.vms, 2)
        version = rng.choice([4, 6])
        balancers.add({network.address(vm, version):
                       network.address(other, version)})
    return balancers


def of_router(rng, network, router):
    """What the router has."""
    balancers = Balancers(rng, network, router.name)
    if rng.random() < .6:
        return balancers
    first, second, third = router.vms
    fip, distributed = router.fips[first][0], router.fips[second][0]
    inner = router.vm_address(third, 4)
    balancers.add({at_port(fip, 443): at_port(inner, 8443),
                   at_port(distributed, 443): at_port(inner, 8443),
                   at_port(router.own[4], 80): at_port(inner, 8080),
                   at_port(router.own[6], 80):
                       at_port(router.vm_address(third, 6), 8080)},
                  **balancers.options())
    balancers.add({spare(network, 4): inner})
    rare = rng.random()
    if rare < .08:
        balancers.add({fip: inner})
    elif rare < .16:
        balancers.add({router.own[4]: inner})
    elif rare < .24:
        vm = rng.choice(network.vms)
        balancers.add({at_port(network.address(vm, 4), 80):
                       at_port(inner, 8080)})
    elif rare < .32:
        balancers.add({f"10.1.{network.k}.151": inner,
                       f"10.1.{network.k}.152":
                           router.vm_address(first, 4)}, skip_snat="true")
    elif rare < .40:
        balancers.add({at_port(network.address(network.vms[0], 4), 80):
                       at_port(inner, 8080)}, neighbor_responder="none")
    return balancers


def of_tenant(rng, network, router):
    """What the tenant's switch has."""
    balancers = Balancers(rng, network, router.switch)
    if rng.random() < .25:
        balancers.add({at_port(router.vm_address(router.vms[0], 4), 80):
                       at_port(router.vm_address(router.vms[1], 4), 80),
                       f"172.16.{network.k}.200":
                       router.vm_address(router.vms[1], 4)},
                      **balancers.options())
    return balancers
