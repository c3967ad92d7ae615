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
    ip_in "$c" -json -details -statistics link >"$out/ip-link.json"
    # br-int's flows are ovn-controller's own work, and many.
    for bridge in $(vsctl "$c" list-br); do
        [[ $bridge != br-int ]] || continue
        ofctl "$c" "$bridge" dump-flows >"$out/flows/$bridge.txt" || true
        appctl "$c" ovs-vswitchd fdb/show "$bridge" >"$out/fdb/$bridge.txt" ||
            true
    done
}

# What Neutron would answer to GET /v2.0/networks.
print_networks() {
    local net type vlan first=1
    echo '{"networks": ['
    for net in "${NETWORKS[@]}"; do
        vlan=${NETWORK_VLAN[$net]:-null} type=vlan
        [[ $vlan != null ]] || type=flat
        [[ $first == 1 ]] || echo ','
        first=0
        printf '  {"id": "%s", "name": "%s", "mtu": 1500, "status": "ACTIVE",
   "admin_state_up": true, "router:external": true, "project_id": "%s",
   "provider:network_type": "%s", "provider:physical_network": "%s",
   "provider:segmentation_id": %s}' "${NETWORK_UUID[$net]}" "$net" \
            "$PROJECT_ID" "$type" "$PHYSNET" "$vlan"
    done
    printf '\n]}\n'
}
