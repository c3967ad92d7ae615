# shellcheck shell=bash
#
# Everything that an incident may change and a mend must restore, as text to
# compare: rows without uuids, clocks and counters, flows, links.

print_state() {
    local c
    nb --format=csv --no-headings \
        --columns=name,other_config,external_ids list Logical_Switch \
        -- --columns=name,type,addresses,port_security,enabled,tag,\
tag_request,options,external_ids list Logical_Switch_Port | sort
    for c in "${CHASSIS[@]}"; do
        print_chassis "$c" | sed "s/^/$c: /"
    done
    vsctl wire list-ports wire | sort | sed 's/^/wire: /'
}

print_chassis() {
    local bridge bridges ports=()
    bridges=$(vsctl "$1" list-br)
    for bridge in $bridges; do
        ports+=(-- get Bridge "$bridge" name -- list-ports "$bridge")
        [[ $bridge == br-int ]] ||
            ofctl "$1" "$bridge" dump-flows --no-stats | grep actions
    done
    vsctl "$1" "${ports[@]}"
    vsctl "$1" --format=csv --no-headings \
        -- --columns=external_ids list Open_vSwitch \
        -- --columns=name,fail_mode,datapath_type list Bridge \
        -- --columns=name,tag,trunks,vlan_mode list Port \
        -- --columns=name,type,options,link_state,external_ids \
            list Interface | sed 's/, ovn-installed-ts=[^,}]*//' | sort
    ip_in "$1" -brief link | awk '{ print $1, $2 }' | sort
}
