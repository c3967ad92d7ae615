"""A deployment's OVN_Southbound rows, as ovn-northd and the chassis write
them; test_equivalence compares with the real northd.  Logical_Flow is filler:
real flows' text in the number that is asked for, which no reader of the rest
may stumble over or wait for.  (northd writes 10 a VM for the home lab and 25
for M, since each router of a provider network knows each VM of it.)"""

import itertools

import fixed
from logfile import Database, one_or_set, ref, refs, strings
from northbound import (acl_matches, addresses, group_name, localnet_row,
                        lrp_ids, port_ids, port_options)

SCHEMA = "/usr/share/ovn/ovn-sb.ovsschema"
SVC_MONITOR_MAC = "b2:c0:e2:f9:48:d9"
MULTICAST_KEYS = {"_MC_flood": 32768, "_MC_unknown": 32769,
                  "_MC_mrouter_flood": 32770, "_MC_flood_l2": 32772}

CHASSIS_CONFIG = {
    "ct-no-masked-label": "true", "datapath-type": "system",
    "iface-types": "bareudp,erspan,geneve,gre,gtpu,internal,ip6erspan,ip6gre,"
                   "lisp,patch,stt,system,tap,vxlan",
    "is-interconn": "false", "mac-binding-timestamp": "true",
    "ovn-chassis-mac-mappings": "", "ovn-ct-lb-related": "true",
    "ovn-enable-lflow-cache": "true", "ovn-limit-lflow-cache": "",
    "ovn-memlimit-lflow-cache-kb": "", "ovn-monitor-all": "false",
    "ovn-trim-limit-lflow-cache": "", "ovn-trim-timeout-ms": "",
    "ovn-trim-wmark-perc-lflow-cache": "", "port-up-notif": "true"}


def mappings_text(chassis):
    return ",".join("%s:%s" % pair
                    for pair in sorted(chassis.mappings.items()))


def chassis_config(chassis):
    return strings({**CHASSIS_CONFIG,
                    "ovn-bridge-mappings": mappings_text(chassis),
                    "ovn-cms-options": "enable-chassis-as-gw"
                    if chassis.is_gateway else ""})


def chassis_rows(db, d, chassis):
    encap = db.insert("Encap", d.uuid(), {
        "type": "geneve", "ip": chassis.ip, "chassis_name": chassis.name,
        "options": strings({"csum": "true"})})
    db.insert("Chassis", chassis.uuid, {
        "name": chassis.name, "hostname": chassis.name,
        "encaps": ref(encap), "other_config": chassis_config(chassis)})
    db.insert("Chassis_Private", chassis.private, {
        "name": chassis.name, "chassis": ref(chassis.uuid), "nb_cfg": 2,
        "nb_cfg_timestamp": d.start_ms})


def binding_ids(ids):
    """A port's external_ids in its binding."""
    name = ids["neutron:port_name"]
    return strings({**ids, "name": name} if name else ids)


def nat_addresses(router):
    """What the gateway announces: its own address and its floating IPs."""
    port = router.gateway
    floating = [external for _, kind, external, _, _ in sorted(
        router.nats, key=lambda nat: nat[0]) if kind == "dnat_and_snat"]
    resident = 'is_chassis_resident("cr-%s")' % port.lrp_name
    return one_or_set([" ".join([port.mac, *ips, resident])
                       for ips in (port.ips, floating) if ips])


def binding_row(port, d):
    row = {"logical_port": port.id, "datapath": ref(port.network.datapath),
           "tunnel_key": port.key, "up": port.kind == "vm",
           "options": strings(port_options(port)),
           "external_ids": binding_ids(port_ids(port, d))}
    if port.kind == "vm":
        row["mac"] = row["port_security"] = one_or_set(addresses(port))
        if port.bound:
            row["chassis"] = ref(port.chassis.uuid)
            row["requested_chassis"] = ref(port.chassis.uuid)
    elif port.kind == "metadata":
        row["type"] = "localport"
        row["mac"] = one_or_set([port.mac] + addresses(port))
    else:
        row["type"] = "patch"
        row["mac"] = ["set", ["router", "unknown"]]
        row["options"] = strings({"peer": port.lrp_name})
    if port.kind == "gateway":
        row["nat_addresses"] = nat_addresses(port.router)
    return row


def localnet_binding(network):
    nb = localnet_row(network)
    row = {"logical_port": nb["name"], "type": "localnet", "tunnel_key": 1,
           "up": False, "mac": "unknown", "options": nb["options"],
           "datapath": ref(network.datapath)}
    if "tag" in nb:
        row["tag"] = nb["tag"]
    return row


def datapath_row(kind, nb_uuid, switch, name, key):
    ids = {kind: nb_uuid, "name": switch, "name2": name}
    if kind == "logical-router":
        ids["always_learn_from_arp_request"] = "false"
    return {"tunnel_key": key, "external_ids": strings(ids)}


def multicast_members(network):
    """Group -> bindings of a switch, as northd chooses them."""
    ports = {kind: [port.binding for port in network.ports
                    if port.kind == kind] for kind in ("vm", "metadata")}
    routers = [port.binding for port in network.ports if port.router]
    localnet = [network.localnet_binding] if network.physnet else []
    speaking = ports["vm"] + localnet
    return {"_MC_flood": speaking + ports["metadata"] + routers,
            "_MC_unknown": localnet + routers,
            "_MC_mrouter_flood": speaking + routers,
            "_MC_flood_l2": speaking + ports["metadata"]}


def multicast_row(network, name, bindings):
    return {"name": name, "tunnel_key": MULTICAST_KEYS[name],
            "datapath": ref(network.datapath), "ports": refs(bindings)}


def network_rows(db, d, network, key):
    db.insert("Datapath_Binding", network.datapath, datapath_row(
        "logical-switch", network.ls, network.switch, network.name, key))
    if network.physnet:
        db.insert("Port_Binding", network.localnet_binding,
                  localnet_binding(network))
    for port in network.ports:
        db.insert("Port_Binding", port.binding, binding_row(port, d))
    for name, bindings in multicast_members(network).items():
        if bindings:
            uuid = db.insert("Multicast_Group", d.uuid(),
                             multicast_row(network, name, bindings))
            network.groups[name] = (uuid, set(bindings))
    db.insert("IP_Multicast", d.uuid(), {
        "datapath": ref(network.datapath), "enabled": False,
        "querier": True, "idle_timeout": 300, "query_interval": 150,
        "query_max_resp": 1, "table_size": 2048})


def chassis_behind(network):
    """UUIDs of the chassis with a VM on a provider network or behind one of
    its routers: where routers share a network, they share these."""
    chassis = set()
    for port in network.ports:
        sides = [port]
        if port.kind == "gateway":
            sides = [p for side in port.router.interfaces
                     for p in side.network.ports]
        chassis.update(p.chassis.uuid for p in sides if p.kind == "vm")
    return sorted(chassis)


def ha_group(db, d, router, concerned):
    members = []
    n = len(router.chassis)
    for i, chassis in enumerate(router.chassis):
        members.append(db.insert("HA_Chassis", d.uuid(), {
            "chassis": ref(chassis.uuid), "priority": n - i,
            "external_ids": strings({"chassis-name": chassis.name})}))
    row = {"name": router.gateway.lrp_name, "ha_chassis": refs(members)}
    if concerned:
        row["ref_chassis"] = refs(concerned)
    return db.insert("HA_Chassis_Group", d.uuid(), row)


def router_rows(db, d, router, key, concerned):
    db.insert("Datapath_Binding", router.datapath, datapath_row(
        "logical-router", router.lr, router.switch, router.name, key))
    ports = [router.gateway] + router.interfaces
    for number, port in enumerate(ports):
        options = {"peer": port.id}
        if port.kind == "gateway":
            options["chassis-redirect-port"] = "cr-" + port.lrp_name
        db.insert("Port_Binding", port.lrp_binding, {
            "logical_port": port.lrp_name, "type": "patch",
            "datapath": ref(router.datapath), "tunnel_key": number + 1,
            "mac": "%s %s/%d" % (port.mac, port.ips[0], port.network.prefix),
            "up": False, "external_ids": strings(lrp_ids(port)),
            "options": strings(options)})
    gateway = router.gateway
    db.insert("Port_Binding", gateway.redirect_binding, {
        "logical_port": "cr-" + gateway.lrp_name, "type": "chassisredirect",
        "datapath": ref(router.datapath), "tunnel_key": len(ports) + 1,
        "mac": "%s %s/%d" % (gateway.mac, gateway.ips[0],
                             gateway.network.prefix),
        "up": True, "chassis": ref(router.chassis[0].uuid),
        "ha_chassis_group": ref(ha_group(db, d, router, concerned)),
        "external_ids": strings(lrp_ids(gateway)),
        "options": strings({"always-redirect": "true",
                            "distributed-port": gateway.lrp_name})})
    db.insert("MAC_Binding", d.uuid(), {
        "logical_port": gateway.lrp_name, "mac": "32:87:47:54:b6:8d",
        "ip": gateway.network.address(1), "datapath": ref(router.datapath),
        "timestamp": d.start_ms})


def group_rows(db, d):
    members = {}
    macs = {}
    for vm in d.vms:
        name = group_name(d.groups[vm.group])
        for group in (name, "neutron_pg_drop"):
            members.setdefault((group, vm.network), []).append(vm.id)
            macs.setdefault(group, []).append(vm)
    for (name, network), ports in members.items():
        db.insert("Port_Group", d.uuid(), {
            "name": "%d_%s" % (network.index + 1, name),
            "ports": one_or_set(ports)})
    for name, vms in macs.items():
        ips = [ip for vm in vms for ip in vm.ips]
        for version, suffix in ((4, "_ip4"), (6, "_ip6")):
            mine = [ip for ip in ips if (":" in ip) == (version == 6)]
            row = {"name": name + suffix}
            if mine:
                row["addresses"] = one_or_set(mine)
            d.address_sets[name + suffix] = db.insert("Address_Set", d.uuid(),
                                                      row)
    db.insert("Address_Set", d.uuid(), {"name": "svc_monitor_mac",
                                        "addresses": SVC_MONITOR_MAC})


def flow(datapath, pipeline, table, priority, match, actions, stage, source,
         hint, port=None):
    ids = {"source": "northd.c:%d" % source, "stage-hint": hint[:8],
           "stage-name": stage}
    row = {"logical_datapath": ref(datapath), "table_id": table,
           "priority": priority, "match": match, "actions": actions,
           "external_ids": strings(ids)}
    if pipeline == "egress":
        row["pipeline"] = "egress"
    else:
        row["pipeline"] = "ingress"
    if port:
        row["tags"] = strings({"in_out_port": port})
    return row


def vm_flows(vm):
    """What northd derives from one port: its ARP responder, its place in the
    forwarding table, DHCP, and its neighbour entry in the router."""
    network, ip, mac = vm.network, vm.ips[0], vm.mac
    dp, lsp = network.datapath, vm.lsp
    inport = 'inport == "%s"' % vm.id
    router = network.address(1)
    options = ("reg0[3] = put_dhcp_opts(offerip = %s, classless_static_route "
               "= {169.254.169.254/32,%s, 0.0.0.0/0,%s}, dns_server = "
               "{10.255.255.53}, lease_time = 43200, mtu = 1442, netmask = "
               "255.255.0.0, router = %s, server_id = %s); next;"
               % (ip, network.address(2), router, router, router))
    yield flow(dp, "ingress", 25, 50, "eth.dst == " + mac,
               'outport = "%s"; output;' % vm.id, "ls_in_l2_lkup", 9122, lsp)
    yield flow(dp, "ingress", 19, 50, "arp.tpa == %s && arp.op == 1" % ip,
               "eth.dst = eth.src; eth.src = %s; arp.op = 2; /* ARP reply */ "
               "arp.tha = arp.sha; arp.sha = %s; arp.tpa = arp.spa; arp.spa ="
               " %s; outport = inport; flags.loopback = 1; output;"
               % (mac, mac, ip), "ls_in_arp_rsp", 8601, lsp)
    yield flow(dp, "ingress", 19, 100,
               "arp.tpa == %s && arp.op == 1 && %s" % (ip, inport), "next;",
               "ls_in_arp_rsp", 8620, lsp, vm.id)
    yield flow(dp, "ingress", 20, 100,
               "%s && eth.src == %s && ip4.src == 0.0.0.0 && ip4.dst == "
               "255.255.255.255 && udp.src == 68 && udp.dst == 67"
               % (inport, mac), options, "ls_in_dhcp_options", 8172,
               network.dhcp, vm.id)
    yield flow(dp, "ingress", 20, 100,
               "%s && eth.src == %s && ip4.src == %s && ip4.dst == {%s, "
               "255.255.255.255} && udp.src == 68 && udp.dst == 67"
               % (inport, mac, ip, router), options, "ls_in_dhcp_options",
               8200, network.dhcp, vm.id)
    yield flow(dp, "ingress", 21, 100,
               "%s && eth.src == %s && ip4 && udp.src == 68 && udp.dst == 67 "
               "&& reg0[3]" % (inport, mac),
               "eth.dst = eth.src; eth.src = fa:16:3e:00:00:01; ip4.src = %s;"
               " udp.src = 67; udp.dst = 68; outport = inport; "
               "flags.loopback = 1; output;" % router, "ls_in_dhcp_response",
               8224, network.dhcp, vm.id)
    yield flow(dp, "egress", 4, 34000,
               'outport == "%s" && eth.src == fa:16:3e:00:00:01 && ip4.src == '
               "%s && udp && udp.src == 67 && udp.dst == 68"
               % (vm.id, router), "ct_commit; next;", "ls_out_acl", 6940,
               network.dhcp, vm.id)
    if network.router:
        port = next(p for p in network.router.interfaces
                    if p.network is network)
        yield flow(network.router.datapath, "ingress", 17, 100,
                   'outport == "%s" && reg0 == %s' % (port.lrp_name, ip),
                   "eth.dst = %s; next;" % mac, "lr_in_arp_resolve", 12419,
                   lsp)


def nat_flows(router, nat):
    uuid, kind, external, logical, vm = nat
    dp, gateway = router.datapath, router.gateway
    resident = 'is_chassis_resident("cr-%s")' % gateway.lrp_name
    if kind == "snat":
        yield flow(dp, "egress", 3, 153, 'ip && ip4.src == %s && outport == '
                   '"%s" && %s' % (logical, gateway.lrp_name, resident),
                   "ct_snat(%s);" % external, "lr_out_snat", 13400, uuid)
        return
    yield flow(dp, "ingress", 4, 100, 'ip && ip4.dst == %s && inport == "%s" '
               "&& %s" % (external, gateway.lrp_name, resident), "ct_snat;",
               "lr_in_unsnat", 13100, uuid)
    yield flow(dp, "ingress", 7, 100, 'ip && ip4.dst == %s && inport == "%s" '
               "&& %s" % (external, gateway.lrp_name, resident),
               "ct_dnat(%s);" % logical, "lr_in_dnat", 13200, uuid)
    yield flow(dp, "egress", 3, 161, 'ip && ip4.src == %s && outport == "%s" '
               "&& %s" % (logical, gateway.lrp_name, resident),
               "ct_snat(%s);" % external, "lr_out_snat", 13400, uuid)


def filler_flows(d):
    """Per network and rule of a security group, without end."""
    networks = d.providers + d.tenants
    for n in itertools.count():
        network = networks[n % len(networks)]
        group = group_name(d.groups[n % len(d.groups)])
        side, match = next(itertools.islice(acl_matches(group), n % 17, None))
        inward = side == "from-lport"
        yield flow(network.datapath, "ingress" if inward else "egress",
                   8 if inward else 4, 2002,
                   "reg0[%d] == 1 && (%s)" % (7 + n % 2, match),
                   "reg0[1] = 1; next;" if n % 2 == 0 else "next;",
                   "ls_in_acl" if inward else "ls_out_acl", 6700 + n % 40,
                   network.ls)


def flows(d):
    real = itertools.chain(
        itertools.chain.from_iterable(vm_flows(vm) for vm in d.vms),
        (f for r in d.routers for nat in r.nats for f in nat_flows(r, nat)),
        filler_flows(d))
    for row in itertools.islice(real, d.options.logical_flows):
        yield d.uuid(), row


def build(d):
    db = Database(SCHEMA)
    db.insert("SB_Global", d.sb_global, {
        "nb_cfg": 2,
        "options": strings({"mac_prefix": "0a:ec:34",
                            "max_tunid": "16711680",
                            "northd_internal_version":
                            "23.03.1-20.27.0-70.6",
                            "svc_monitor_mac": SVC_MONITOR_MAC})})
    fixed.rows(db, d)
    for chassis in d.chassis:
        chassis_rows(db, d, chassis)
    networks = d.providers + d.tenants
    for key, network in enumerate(networks):
        network_rows(db, d, network, key + 1)
    concerned = {network: chassis_behind(network) for network in d.providers}
    for key, router in enumerate(d.routers):
        router_rows(db, d, router, len(networks) + key + 1,
                    concerned[router.gateway.network])
    group_rows(db, d)
    db.stream("Logical_Flow", flows(d))
    db.snapshot()
    return db
