"""What goes wrong in a generated deployment, and what else happens there.

A fault is a transaction in the databases' logs, with the command line that an
operator would have left there, what OVN derives from it, and the truth: the
verdict of each endpoint that it hits.  What each fault does to real packets
was measured on real OVN (lab/incidents); here it is only written down.
"""

from logfile import Toggle, ref, strings
from northbound import group_name, localnet_row, lsp_row, port_ids
from openvswitch import LINK_UP
from southbound import binding_ids, chassis_config, localnet_binding

SPAN_MS = 20 * 3600 * 1000


class World:
    """The databases of a bundle; those that are not written are absent."""

    def __init__(self, d, nb, sb, switches):
        self.d = d
        self.nb = nb
        self.sb = sb
        self.switches = switches  # Chassis -> Switch.
        self.now_ms = d.start_ms
        self.n_temporary = 0

    def change_nb(self, comment, *changes):
        self.now_ms += 1
        if self.nb:
            self.nb.transact(self.now_ms, comment, changes)

    def change_sb(self, comment, *changes):
        self.now_ms += 1
        if self.sb:
            self.sb.transact(self.now_ms, comment, changes)

    def change_ovs(self, chassis, comment, make):
        self.now_ms += 1
        switch = self.switches.get(chassis)
        if switch:
            switch.db.transact(self.now_ms, comment, make(switch))


def drop_patches(w, network, chassis):
    """ovn-controller's answer where a localnet port has no bridge."""
    name = network.localnet_name
    w.change_ovs(chassis, "ovn-controller", lambda switch: switch.removal(
        ["patch-%s-to-br-int" % name, "patch-br-int-to-%s" % name]))


def regroup(network, binding, names):
    """Lets a port join multicast groups, or leave them where it is in; a
    group that nobody is in goes."""
    changes = []
    for name in set(names).intersection(network.groups):
        uuid, members = network.groups[name]
        members ^= {binding}
        changes.append(("Multicast_Group", uuid,
                        {"ports": Toggle(ref(binding))} if members else None))
        if not members:
            del network.groups[name]
    return sorted(changes, key=lambda change: change[1])


# Faults of a provider network.

def lose_localnet(w, network):
    w.change_nb("ovn-nbctl: ovn-nbctl --wait=hv lsp-del "
                + network.localnet_name,
                ("Logical_Switch", network.ls,
                 {"ports": Toggle(ref(network.localnet))}),
                ("Logical_Switch_Port", network.localnet, None))
    w.change_sb("ovn-northd",
                ("Port_Binding", network.localnet_binding, None),
                *regroup(network, network.localnet_binding, network.groups))
    for chassis in w.d.chassis:
        if network in chassis.networks:
            drop_patches(w, network, chassis)


def change_localnet(w, network, comment, row):
    w.change_nb("ovn-nbctl: ovn-nbctl %s %s %s" % (
        comment[0], network.localnet_name, comment[1]),
                ("Logical_Switch_Port", network.localnet, row))


def mistype_localnet(w, network):
    wrong = network.physnet.replace("phys", "phy")
    options = strings({"mcast_flood": "false", "mcast_flood_reports": "true",
                       "network_name": wrong})
    change_localnet(w, network, ("lsp-set-options", "network_name=" + wrong),
                    {"options": options})
    w.change_sb("ovn-northd", ("Port_Binding", network.localnet_binding,
                               {"options": options}))
    for chassis in w.d.chassis:
        if network in chassis.networks:
            drop_patches(w, network, chassis)


def disable_localnet(w, network):
    change_localnet(w, network, ("lsp-set-enabled", "disabled"),
                    {"enabled": False})
    w.change_sb("ovn-northd", *regroup(network, network.localnet_binding,
                                       network.groups))


def forget_unknown(w, network):
    change_localnet(w, network, ("lsp-set-addresses", ""),
                    {"addresses": Toggle("unknown")})
    w.change_sb("ovn-northd", ("Port_Binding", network.localnet_binding,
                               {"mac": Toggle("unknown")}),
                *regroup(network, network.localnet_binding, ["_MC_unknown"]))


def double_localnet(w, network):
    d = w.d
    name = "ln-" + network.physnet + "-" + network.name
    lsp, binding = d.uuid(), d.uuid()
    w.change_nb("ovn-nbctl: ovn-nbctl lsp-add %s %s -- lsp-set-type %s "
                "localnet -- lsp-set-addresses %s unknown -- lsp-set-options "
                "%s network_name=%s" % (network.switch, name, name, name,
                                        name, network.physnet),
                ("Logical_Switch", network.ls, {"ports": Toggle(ref(lsp))}),
                ("Logical_Switch_Port", lsp,
                 {**localnet_row(network), "name": name}))
    w.change_sb("ovn-northd", ("Port_Binding", binding, {
        **localnet_binding(network), "logical_port": name,
        "tunnel_key": network.n_keys + 1}),
        *regroup(network, binding, network.groups))
    for chassis in w.d.chassis:
        if network in chassis.networks:
            w.change_ovs(chassis, "ovn-controller",
                         lambda switch: switch.patch_pair(network, name))


# Faults of a chassis, for one physical network.

def unmap(w, chassis, physnet):
    networks = [n for n in chassis.networks if n.physnet == physnet]
    del chassis.mappings[physnet]
    w.change_ovs(chassis, "ovs-vsctl: ovs-vsctl set Open_vSwitch . "
                 "external_ids:ovn-bridge-mappings=...", lambda switch: [
                     ("Open_vSwitch", switch.root,
                      {"external_ids": switch.external_ids()})])
    w.change_sb("ovn-controller", ("Chassis", chassis.uuid, {
        "other_config": chassis_config(chassis)}))
    for network in sorted(networks, key=lambda n: n.index):
        drop_patches(w, network, chassis)


def nic_of(chassis, physnet):
    return "enp6s%d" % (18 + sorted(chassis.mappings).index(physnet))


def pull_nic(w, chassis, physnet):
    nic, bridge = nic_of(chassis, physnet), chassis.mappings[physnet]
    w.change_ovs(chassis, "ovs-vsctl: ovs-vsctl del-port %s %s" % (bridge,
                                                                  nic),
                 lambda switch: switch.removal([nic]))


def set_nic_down(w, chassis, physnet):
    switch = w.switches.get(chassis)
    if switch:
        nic = nic_of(chassis, physnet)
        switch.links = [(name, mtu, LINK_UP[:2] if name == nic else flags)
                        for name, mtu, flags in switch.links]


# Faults of a VM's port.

def disable_port(w, vm):
    w.change_nb("ovn-nbctl: ovn-nbctl lsp-set-enabled %s disabled" % vm.id,
                ("Logical_Switch_Port", vm.lsp, {"enabled": False}))
    w.change_sb("ovn-northd", *regroup(vm.network, vm.binding, (
        "_MC_flood", "_MC_flood_l2", "_MC_mrouter_flood")))


def leave_address_sets(d, vm):
    return [("Address_Set", d.address_sets[name], {"addresses": Toggle(ip)})
            for group in (group_name(d.groups[vm.group]), "neutron_pg_drop")
            for ip in vm.ips
            for name in [group + ("_ip6" if ":" in ip else "_ip4")]
            if name in d.address_sets]


def empty_addresses(w, vm):
    text = " ".join([vm.mac] + vm.ips)
    w.change_nb("ovn-nbctl: ovn-nbctl lsp-set-addresses " + vm.id,
                ("Logical_Switch_Port", vm.lsp, {"addresses": Toggle(text)}))
    w.change_sb("ovn-northd",
                ("Port_Binding", vm.binding, {"mac": Toggle(text)}),
                *leave_address_sets(w.d, vm))


def narrow_port_security(w, vm):
    old, new = " ".join([vm.mac] + vm.ips), "fa:16:3f:00:00:01"
    change = {"port_security": Toggle(["set", sorted([old, new])])}
    w.change_nb("ovn-nbctl: ovn-nbctl lsp-set-port-security %s %s" % (vm.id,
                                                                     new),
                ("Logical_Switch_Port", vm.lsp, change))
    w.change_sb("ovn-northd", ("Port_Binding", vm.binding, change))


def unbind(w, vm):
    w.change_sb("ovn-controller", ("Port_Binding", vm.binding, {
        "chassis": ["set", []], "up": False}))
    w.change_nb("ovn-northd", ("Logical_Switch_Port", vm.lsp, {"up": False}))


def tap_of(vm):
    return "tap" + vm.id[:11]


def stop_vm(w, vm):
    w.change_ovs(vm.chassis, "ovs-vsctl: ovs-vsctl del-port " + tap_of(vm),
                 lambda switch: switch.removal([tap_of(vm)]))
    unbind(w, vm)


def change_interface(w, vm, comment, row):
    w.change_ovs(vm.chassis, comment, lambda switch: [
        ("Interface", switch.port_of[tap_of(vm)][2], row)])


def lose_iface_id(w, vm):
    change_interface(w, vm, "ovs-vsctl: ovs-vsctl remove Interface %s "
                     "external_ids iface-id" % tap_of(vm),
                     {"external_ids": strings({"attached-mac": vm.mac,
                                               "vm-uuid": vm.device})})
    unbind(w, vm)


def lose_ofport(w, vm):
    change_interface(w, vm, "", {"ofport": -1})
    unbind(w, vm)


NETWORK_FAULTS = [
    ("ls-no-localnet", "broken", lose_localnet),
    ("localnet-network-typo", "broken", mistype_localnet),
    ("localnet-disabled", "broken", disable_localnet),
    ("localnet-no-unknown", "broken", forget_unknown),
    ("ls-localnet-duplicate", "storm", double_localnet),
]
CHASSIS_FAULTS = [
    ("ovs-mapping-missing", "broken", unmap),
    ("brex-no-nic", "broken", pull_nic),
    ("brex-nic-down", "broken", set_nic_down),
]
PORT_FAULTS = [
    ("lsp-disabled", "blocked", disable_port),
    ("pb-unbound", "broken", stop_vm),
    ("lsp-addresses-empty", "broken", empty_addresses),
    ("iface-id-missing", "broken", lose_iface_id),
    ("lsp-port-security", "blocked", narrow_port_security),
    ("iface-ofport-minus1", "broken", lose_ofport),
]


class Truth:
    """What check must say of each endpoint, by address."""

    def __init__(self, d):
        self.endpoints = {}
        self.faults = []
        self.by_network = {}
        self.by_port = {}
        for vm in d.vms:
            if vm.network.physnet:
                self.add("vm", vm.network, vm, vm.ips, vm.id)
        for router in d.routers:
            gateway = router.gateway
            self.add("gateway", gateway.network, gateway, gateway.ips,
                     gateway.lrp_name)
            for _, kind, external, _, vm in router.nats:
                if kind == "dnat_and_snat":
                    self.add("floating-ip", gateway.network, None,
                             [external], vm.id)

    def add(self, kind, network, port, ips, name):
        for ip in ips:
            self.endpoints[ip] = {
                "kind": kind, "port": name, "network": network.name,
                "inbound": {"verdict": "reachable", "codes": []},
                "outbound": {"verdict": "reachable", "codes": []}}
            self.by_network.setdefault(network, []).append(ip)

    def hit(self, code, verdict, name, ips):
        self.faults.append({"code": code, "verdict": verdict, "at": name,
                            "endpoints": len(ips)})
        for ip in ips:
            for direction in ("inbound", "outbound"):
                self.endpoints[ip][direction] = {"verdict": verdict,
                                                 "codes": [code]}


def plan(d, truth):
    """Faults that do not overlap, so that each endpoint has one truth; as
    (function of the world, no more arguments)."""
    share = d.options.broken
    if not share:
        return []
    rng, faults, hit = d.random, [], set()

    def add(kinds, i, name, ips, *things):
        code, verdict, do = kinds[i % len(kinds)]
        truth.hit(code, verdict, name, ips)
        hit.update(ips)
        faults.append(lambda w: do(w, *things))

    def some(things, most):
        n = max(1, round(share * len(things)))
        return rng.sample(things, min(n, most, len(things)))

    networks = some(d.providers, len(d.providers) - 1)
    for i, network in enumerate(networks):
        add(NETWORK_FAULTS, i, network.name, truth.by_network.get(network, []),
            network)
    plain = [c for c in d.chassis if not c.is_gateway and c.mappings]
    for i, chassis in enumerate(some(plain, len(plain) - 1)
                                if len(plain) > 1 else plain):
        physnet = rng.choice(sorted(chassis.mappings))
        mine = [vm for vm in chassis.ports if vm.network.physnet == physnet]
        if not any(vm.network in networks for vm in mine):
            add(CHASSIS_FAULTS, i, "%s at %s" % (physnet, chassis.name),
                [ip for vm in mine for ip in vm.ips], chassis, physnet)
    vms = [vm for vm in d.vms if vm.network.physnet]
    for i, vm in enumerate(some(vms, len(vms))):
        if not hit.intersection(vm.ips):
            add(PORT_FAULTS, i, vm.name, vm.ips, vm)
    rng.shuffle(faults)
    return faults


# What happens besides.

def bump_revision(w):
    vm = w.d.random.choice(w.d.vms)
    ids = port_ids(vm, w.d)
    ids["neutron:revision_number"] = str(4 + w.d.random.randrange(1000))
    w.change_nb("", ("Logical_Switch_Port", vm.lsp,
                     {"external_ids": strings(ids)}))
    w.change_sb("ovn-northd", ("Port_Binding", vm.binding,
                               {"external_ids": binding_ids(ids)}))


def touch_neighbour(w):
    router = w.d.random.choice(w.d.routers) if w.d.routers else None
    if router:
        w.change_sb("ovn-controller", ("MAC_Binding", w.d.uuid(), {
            "logical_port": router.gateway.lrp_name,
            "mac": "32:87:47:%02x:%02x:%02x" % tuple(
                w.d.random.randrange(256) for _ in range(3)),
            "ip": "198.%d.%d.%d" % (w.n_temporary >> 16 & 255,
                                    w.n_temporary >> 8 & 255,
                                    w.n_temporary & 255),
            "datapath": ref(router.datapath), "timestamp": w.now_ms}))
        w.n_temporary += 1


def come_and_go(w):
    """A port of a tenant's VM that lives for some milliseconds."""
    d = w.d
    vm = d.random.choice(d.vms)
    lsp = d.uuid()
    row = {**lsp_row(vm, d), "name": d.uuid(), "up": False,
           "enabled": False, "addresses": d.mac()}
    row.pop("port_security")
    change = ("Logical_Switch", vm.network.ls, {"ports": Toggle(ref(lsp))})
    w.change_nb("", change, ("Logical_Switch_Port", lsp, row))
    w.change_nb("", change, ("Logical_Switch_Port", lsp, None))


def count_config(w):
    """A liveness check of Neutron: nb_cfg through all layers."""
    d = w.d
    d.nb_cfg += 1
    w.change_nb("", ("NB_Global", d.nb_global, {"nb_cfg": d.nb_cfg}))
    w.change_sb("ovn-northd", ("SB_Global", d.sb_global,
                               {"nb_cfg": d.nb_cfg}))
    w.change_nb("ovn-northd", ("NB_Global", d.nb_global,
                               {"sb_cfg": d.nb_cfg}))
    for chassis in d.chassis:
        w.change_sb("ovn-controller", (
            "Chassis_Private", chassis.private,
            {"nb_cfg": d.nb_cfg, "nb_cfg_timestamp": w.now_ms}))
    w.change_nb("ovn-northd", ("NB_Global", d.nb_global,
                               {"hv_cfg": d.nb_cfg}))


def happen(w, faults):
    """At least 'options.history' later records in each central database,
    with the faults among them."""
    d = w.d
    n = d.options.history
    gap = max(1, n // (len(faults) + 1))
    step_ms = SPAN_MS // (n + len(faults) + 1)
    faults = list(faults)
    for i in range(n):
        if i and i % gap == 0 and faults:
            faults.pop()(w)
        draw = d.random.random()
        w.now_ms += step_ms
        if draw < 0.01 and len(d.chassis) <= 100:
            count_config(w)
        elif draw < 0.3:
            come_and_go(w)
        else:
            bump_revision(w)
            touch_neighbour(w)
    for fault in faults:
        w.now_ms += step_ms
        fault(w)
