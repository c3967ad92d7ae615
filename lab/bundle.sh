# shellcheck shell=bash
#
# A bundle (provnet(1)) written with the standard tools alone, as an
# operator could: what provnet reads must not depend on what provnet writes.

write_bundle() {        # write_bundle [--neutron] DIR
    local c
    if [[ ${1:-} == --neutron ]]; then
        shift
        mkdir -p "${1:?DIR}/neutron"
        print_networks >"$1/neutron/networks.json"
    fi
    mkdir -p "${1:?DIR}"
    cp "$STATE/central/nb.db" "$1/nb.db"
    cp "$STATE/central/sb.db" "$1/sb.db"
    for c in "${CHASSIS[@]}"; do
        bundle_chassis "$c" "$1/$c" &
    done
    wait
}

bundle_chassis() {
    local c=$1 out=$2 bridge
    mkdir -p "$out/flows" "$out/fdb"
    cp "$STATE/$c/conf.db" "$out/conf.db"
    vsctl "$c" --format=json list Interface >"$out/interface.json"
    ip_in "$c" -json -details -statistics address >"$out/ip-link.json"
    # br-int's flows are ovn-controller's own work, and many.
    for bridge in $(vsctl "$c" list-br); do
        [[ $bridge != br-int ]] || continue
        ofctl "$c" "$bridge" dump-flows >"$out/flows/$bridge.txt" ||
            rm "$out/flows/$bridge.txt"     # unknown, not: none
        appctl "$c" ovs-vswitchd fdb/show "$bridge" >"$out/fdb/$bridge.txt" ||
            true
    done
}

# What Neutron would answer to GET /v2.0/networks.
print_networks() {
    local net type physnet vlan external=true separator=''
    echo '{"networks": ['
    for net in "${NETWORKS[@]}" "${TENANT_NETWORKS[@]}"; do
        vlan=${NETWORK_VLAN[$net]:-null} type=vlan physnet="\"$PHYSNET\""
        [[ $vlan != null ]] || type=flat
        if [[ " ${TENANT_NETWORKS[*]} " == *" $net "* ]]; then
            vlan=${NETWORK_VNI[$net]} type=geneve physnet=null external=false
        fi
        printf '%s  {"id": "%s", "name": "%s", "mtu": %s, "status": "ACTIVE",
   "admin_state_up": true, "router:external": %s, "project_id": "%s",
   "provider:network_type": "%s", "provider:physical_network": %s,
   "provider:segmentation_id": %s}' "$separator" "${NETWORK_UUID[$net]}" \
            "$net" "${NETWORK_MTU[$net]}" "$external" "$PROJECT_ID" "$type" \
            "$physnet" "$vlan"
        separator=$',\n'
    done
    printf '\n]}\n'
}
