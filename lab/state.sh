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
    [[ ${#TENANT_NETWORKS[@]} == 0 ]] || print_routers
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
        # A cookie says who made a flow, not what it does.
        [[ $bridge == br-int ]] ||
            ofctl "$1" "$bridge" dump-flows --no-stats |
                grep actions | sed 's/cookie=0x[0-9a-f]*, //'
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

# No references between rows: a row that was made again has another uuid, and
# one that nothing refers to is gone.
print_routers() {
    local pg
    nb --format=csv --no-headings \
        --columns=name,enabled,options,external_ids list Logical_Router \
        -- --columns=name,mac,networks,enabled,options,ha_chassis_group,\
ipv6_ra_configs,external_ids list Logical_Router_Port \
        -- --columns=ip_prefix,nexthop,output_port,options,external_ids \
            list Logical_Router_Static_Route \
        -- --columns=type,external_ip,logical_ip,logical_port,external_mac,\
gateway_port,options,external_ids list NAT \
        -- --columns=name,chassis_name,priority list Gateway_Chassis \
        -- --columns=name list HA_Chassis_Group \
        -- --columns=logical_port,ip,mac list Static_MAC_Binding \
        -- --columns=direction,priority,match,action,external_ids list ACL \
        -- --columns=name list Port_Group | sort
    nb get NB_Global . options | tr ',' '\n' | grep default_acl || true
    for pg in neutron_pg_drop "$(group ping)"; do
        echo "$pg: $(nb --bare --columns=ports list Port_Group "$pg" | wc -w)"
    done
    echo "gateway on $(gateway_of)"
}
