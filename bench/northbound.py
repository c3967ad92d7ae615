"""A deployment's OVN_Northbound rows, as Neutron writes them."""

from deployment import PROJECT
from logfile import Database, one_or_set, ref, refs, strings

SCHEMA = "/usr/share/ovn/ovn-nb.ovsschema"
OWNERS = {"vm": "compute:nova", "metadata": "network:distributed",
          "gateway": "network:router_gateway",
          "interface": "network:router_interface"}


def addresses(port):
    return [" ".join([port.mac] + port.ips)]


def cidrs(port):
    return " ".join("%s/%d" % (ip, 64 if ":" in ip else port.network.prefix)
                    for ip in port.ips)


def port_ids(port, d):
    """external_ids of a port, which northd copies to its binding."""
    device = {"vm": lambda: port.device,
              "metadata": lambda: "ovnmeta-" + port.network.id}.get(
        port.kind, lambda: port.router.id)()
    ids = {"neutron:cidrs": cidrs(port),
           "neutron:device_id": device,
           "neutron:device_owner": OWNERS[port.kind],
           "neutron:network_name": port.network.switch,
           "neutron:port_name": port.name,
           "neutron:project_id": "" if port.kind == "gateway" else PROJECT,
           "neutron:revision_number": "3",
           "neutron:security_group_ids":
           d.groups[port.group] if port.group is not None else ""}
    return ids


def port_options(port):
    options = {"requested-chassis": port.chassis.name if port.chassis else ""}
    if port.kind != "metadata":
        options["mcast_flood_reports"] = "true"
    if port.router:
        options["router-port"] = port.lrp_name
    if port.kind == "gateway":
        options["exclude-lb-vips-from-garp"] = "true"
        options["nat-addresses"] = "router"
        options["requested-chassis"] = port.router.chassis[0].name
    return options


def localnet_row(network):
    row = {"name": network.localnet_name, "type": "localnet",
           "addresses": "unknown", "up": False,
           "options": strings({"mcast_flood": "false",
                               "mcast_flood_reports": "true",
                               "network_name": network.physnet})}
    if network.tag is not None:
        row["tag"] = network.tag
    return row


def lsp_row(port, d):
    row = {"name": port.id, "enabled": True, "up": port.kind != "metadata",
           "options": strings(port_options(port)),
           "external_ids": strings(port_ids(port, d))}
    if port.kind == "vm":
        row["addresses"] = one_or_set(addresses(port))
        row["port_security"] = row["addresses"]
        row["dhcpv4_options"] = ref(port.network.dhcp)
    elif port.kind == "metadata":
        row["type"] = "localport"
        row["addresses"] = one_or_set([port.mac] + addresses(port))
    else:
        row["type"] = "router"
        row["addresses"] = ["set", ["router", "unknown"]]
    return row


def switch_rows(db, d, network):
    provider = network.physnet is not None
    ports = [port.lsp for port in network.ports]
    if provider:
        ports.append(db.insert("Logical_Switch_Port", network.localnet,
                               localnet_row(network)))
    for port in network.ports:
        db.insert("Logical_Switch_Port", port.lsp, lsp_row(port, d))
    db.insert("Logical_Switch", network.ls, {
        "name": network.switch,
        "ports": refs(ports),
        "other_config": strings({"mcast_flood_unregistered": "false",
                                 "mcast_snoop": "false",
                                 "vlan-passthru": "false"}),
        "external_ids": strings({"neutron:availability_zone_hints": "",
                                 "neutron:mtu":
                                 "1500" if provider else "1442",
                                 "neutron:network_name": network.name,
                                 "neutron:revision_number": "2"})})
    db.insert("DHCP_Options", network.dhcp, {
        "cidr": network.cidr,
        "options": strings({
            "classless_static_route":
            "{169.254.169.254/32,%s, 0.0.0.0/0,%s}" % (network.address(2),
                                                       network.address(1)),
            "dns_server": "{10.255.255.53}", "lease_time": "43200",
            "mtu": "1500" if provider else "1442",
            "router": network.address(1), "server_id": network.address(1),
            "server_mac": "fa:16:3e:00:00:01"}),
        "external_ids": strings({"neutron:revision_number": "0",
                                 "subnet_id": network.subnet_id})})


def lrp_ids(port):
    """external_ids of a router's port, which northd copies to its binding."""
    return {"neutron:network_name": port.network.switch,
            "neutron:revision_number": "4",
            "neutron:router_name": port.router.id,
            "neutron:subnet_ids": port.network.subnet_id}


def lrp_row(db, d, port):
    row = {"name": port.lrp_name, "mac": port.mac,
           "networks": "%s/%d" % (port.ips[0], port.network.prefix),
           "external_ids": strings(lrp_ids(port))}
    if port.kind == "gateway":
        members = []
        n = len(port.router.chassis)
        for i, chassis in enumerate(port.router.chassis):
            members.append(db.insert("Gateway_Chassis", d.uuid(), {
                "name": "%s_%s" % (port.lrp_name, chassis.name),
                "priority": n - i, "chassis_name": chassis.name}))
        row["gateway_chassis"] = refs(members)
    return row


def nat_row(db, router, nat):
    uuid, kind, external, logical, vm = nat
    row = {"type": kind, "external_ip": external, "logical_ip": logical}
    if vm:
        row["logical_port"] = vm.id
        row["external_ids"] = strings({
            "neutron:fip_external_mac": vm.mac,
            "neutron:fip_id": uuid,
            "neutron:fip_network_id": router.gateway.network.id,
            "neutron:fip_port_id": vm.id,
            "neutron:revision_number": "1",
            "neutron:router_name": router.switch})
    return db.insert("NAT", uuid, row)


def router_rows(db, d, router):
    ports = [router.gateway] + router.interfaces
    network = router.gateway.network
    route = db.insert("Logical_Router_Static_Route", d.uuid(), {
        "ip_prefix": "0.0.0.0/0", "nexthop": network.address(1),
        "external_ids": strings({"neutron:is_ext_gw": "true",
                                 "neutron:subnet_id": network.subnet_id})})
    row = {
        "name": router.switch,
        "enabled": True,
        "ports": refs([db.insert("Logical_Router_Port", port.lrp,
                                 lrp_row(db, d, port)) for port in ports]),
        "static_routes": ref(route),
        "options": strings({"always_learn_from_arp_request": "false",
                            "dynamic_neigh_routers": "true"}),
        "external_ids": strings({
            "neutron:availability_zone_hints": "",
            "neutron:gw_network_id": network.id,
            "neutron:gw_port_id": router.gateway.id,
            "neutron:revision_number": "3",
            "neutron:router_name": router.name})}
    if router.nats:
        row["nat"] = refs([nat_row(db, router, nat) for nat in router.nats])
    db.insert("Logical_Router", router.lr, row)


def acl_matches(group):
    """Neutron's default rules, ping allowed, then single TCP ports."""
    inside, outside = "inport == @" + group, "outport == @" + group
    yield "from-lport", inside + " && ip4"
    yield "from-lport", inside + " && ip6"
    yield "to-lport", outside + " && ip4 && ip4.src == $%s_ip4" % group
    yield "to-lport", outside + " && ip6 && ip6.src == $%s_ip6" % group
    yield "to-lport", outside + " && ip4 && ip4.src == 0.0.0.0/0 && icmp4"
    yield "to-lport", outside + " && ip6 && ip6.src == ::/0 && icmp6"
    port = 22
    while True:
        yield "to-lport", (outside + " && ip4 && ip4.src == 0.0.0.0/0 && tcp"
                           " && tcp.dst == %d" % port)
        port = port % 65000 + 361


def group_name(group):
    return "pg_" + group.replace("-", "_")


def group_rows(db, d):
    """Security groups as port groups; 'options.acls' counts all ACLs."""
    members = [[] for _ in d.groups]
    for vm in d.vms:
        members[vm.group].append(vm.lsp)
    per_group, more = divmod(max(8, d.options.acls) - 2, len(d.groups))
    for i, (group, ports) in enumerate(zip(d.groups, members)):
        acls = []
        for _, (direction, match) in zip(range(per_group + (i < more)),
                                         acl_matches(group_name(group))):
            acls.append(db.insert("ACL", d.uuid(), {
                "action": "allow-related", "direction": direction,
                "priority": 1002, "match": match,
                "external_ids": strings(
                    {"neutron:security_group_rule_id": d.uuid()})}))
        row = {"name": group_name(group), "acls": refs(acls),
               "external_ids": strings({"neutron:security_group_id": group})}
        if ports:
            row["ports"] = refs(ports)
        db.insert("Port_Group", d.uuid(), row)
    drop = [db.insert("ACL", d.uuid(), {
        "action": "drop", "direction": direction, "priority": 1001,
        "match": "%s == @neutron_pg_drop && ip" % side})
        for direction, side in (("from-lport", "inport"),
                                ("to-lport", "outport"))]
    row = {"name": "neutron_pg_drop", "acls": refs(drop)}
    if d.vms:
        row["ports"] = refs([vm.lsp for vm in d.vms])
    db.insert("Port_Group", d.uuid(), row)


def build(d):
    db = Database(SCHEMA)
    db.insert("NB_Global", d.nb_global, {
        "nb_cfg": 2, "sb_cfg": 2, "hv_cfg": 2,
        "options": strings({"mac_prefix": "0a:ec:34",
                            "max_tunid": "16711680",
                            "northd_internal_version":
                            "23.03.1-20.27.0-70.6",
                            "svc_monitor_mac": "b2:c0:e2:f9:48:d9"})})
    for network in d.providers + d.tenants:
        switch_rows(db, d, network)
    for router in d.routers:
        router_rows(db, d, router)
    group_rows(db, d)
    db.snapshot()
    return db
