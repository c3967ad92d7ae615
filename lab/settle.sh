# shellcheck shell=bash
#
# Waiting for OVN to have done what was asked, by polling, never by sleeping.

# Through northd and every ovn-controller, and then until each ovs-vswitchd
# has taken over what ovn-controller wrote.  Fails where a daemon is frozen.
settle() {
    local c ok=0
    nb --wait=hv sync 2>/dev/null || ok=1
    for c in "${CHASSIS[@]}"; do
        settle_ovs "$c" || ok=1
    done
    return $ok
}

# ovs-vswitchd copies next_cfg to cur_cfg when it has applied the database
# (ovs-vswitchd.conf.db(5), Open_vSwitch: cur_cfg).
settle_ovs() {
    local db=unix:$STATE/$1/db.sock next
    next=$(OVS_CTL_TIMEOUT=2 ovsdb-client -voff transact "$db" '["Open_vSwitch",
        {"op": "mutate", "table": "Open_vSwitch", "where": [],
         "mutations": [["next_cfg", "+=", 1]]},
        {"op": "select", "table": "Open_vSwitch", "where": [],
         "columns": ["next_cfg"]}]') || return 1
    [[ $next =~ \"next_cfg\":([0-9]+) ]] || return 1
    OVS_CTL_TIMEOUT=2 ovs-vsctl --db="$db" wait-until Open_vSwitch . \
        "cur_cfg>=${BASH_REMATCH[1]}" 2>/dev/null
}

nic_mtu() {             # nic_mtu hv1 1400: whether ovs-vswitchd has seen it
    [[ $(vsctl "$1" get Interface enp6s18 mtu) == "$2" ]]
}

sees_refusal() {        # sees_refusal hv2: whether SB refused what it wrote
    tail -n 40 "$STATE/$1/ovn-controller.log" | grep -q 'constraint violation'
}

ports_up() {
    local vm args=()
    for vm in "${VMS[@]}"; do
        args+=(-- wait-until Logical_Switch_Port "$(port "$vm")" up=true)
    done
    nb "${args[@]}"
    [[ ${#TENANT_NETWORKS[@]} == 0 ]] || gateway_up
}

# Forwarding tables outlive a repair (doc/codes/storm-residue.md).
flush_fdb() {
    local host
    for host in wire "${CHASSIS[@]}"; do
        appctl "$host" ovs-vswitchd fdb/flush >/dev/null
    done
}
