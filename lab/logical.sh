# shellcheck shell=bash
#
# The northbound rows, as Neutron 21 writes them: the same names, external_ids
# and options.  Security groups only in topology 'routers' (routers.sh).

NB_ARGS=()

switch_rows() {         # switch_rows NETWORK
    local s
    s=$(switch "$1")
    NB_ARGS+=(-- ls-add "$s" -- set Logical_Switch "$s"
        "external_ids:neutron\\:network_name=$1"
        "external_ids:neutron\\:mtu=\"${NETWORK_MTU[$1]}\""
        'external_ids:neutron\:revision_number="2"'
        'external_ids:neutron\:availability_zone_hints=""'
        other_config:mcast_flood_unregistered=false
        other_config:mcast_snoop=false
        other_config:vlan-passthru=false)
}

# Neutron 21 writes the VLAN to 'tag' and leaves 'tag_request' empty; newer
# ones write 'tag_request' (LP#2155789).
localnet_arguments() {  # localnet_arguments NETWORK ARRAY: also to repair one
    # shellcheck disable=SC2178  # a reference to the caller's array
    local -n array=$2
    local l vlan=${NETWORK_VLAN[$1]}
    l=$(localnet "$1")
    array+=(-- lsp-add "$(switch "$1")" "$l" -- lsp-set-type "$l" localnet
        -- lsp-set-addresses "$l" unknown
        -- set Logical_Switch_Port "$l" options:mcast_flood=false
        options:mcast_flood_reports=true "options:network_name=$PHYSNET")
    [[ -z $vlan ]] || array+=("tag=$vlan")
}

metadata_rows() {       # metadata_rows NETWORK: on every Neutron network
    local p=${NETWORK_METADATA_PORT[$1]} ip=${NETWORK_PREFIX[$1]}.2
    NB_ARGS+=(-- lsp-add "$(switch "$1")" "$p" -- lsp-set-type "$p" localport
        -- lsp-set-addresses "$p" "${NETWORK_METADATA_MAC[$1]} $ip"
        -- set Logical_Switch_Port "$p" enabled=true
        'options:requested-chassis=""'
        "external_ids:neutron\\:cidrs=\"$ip/24\""
        "external_ids:neutron\\:device_id=ovnmeta-${NETWORK_UUID[$1]}"
        'external_ids:neutron\:device_owner="network:distributed"'
        "external_ids:neutron\\:network_name=$(switch "$1")"
        'external_ids:neutron\:port_name=""'
        "external_ids:neutron\\:project_id=\"$PROJECT_ID\""
        'external_ids:neutron\:revision_number="2"'
        'external_ids:neutron\:security_group_ids=""')
}

vm_arguments() {        # vm_arguments VM ARRAY
    # shellcheck disable=SC2178
    local -n array=$2
    local p who groups='' cidrs
    p=$(port "$1")
    who=$(who_of "$1")
    cidrs="$(addr "$1")/24${VM_ADDR6[$1]:+ ${VM_ADDR6[$1]}/64}"
    [[ ${#SECURITY_GROUPS[@]} == 0 ]] || groups=${SECURITY_GROUP_UUID[ping]}
    # shellcheck disable=SC2034  # a reference to the caller's array
    array+=(-- lsp-add "$(switch "${VM_NETWORK[$1]}")" "$p"
        -- lsp-set-addresses "$p" "$who"
        -- lsp-set-port-security "$p" "$who"
        -- set Logical_Switch_Port "$p" enabled=true
        options:mcast_flood_reports=true
        "options:requested-chassis=${VM_CHASSIS[$1]}"
        "external_ids:neutron\\:cidrs=\"$cidrs\""
        "external_ids:neutron\\:device_id=\"${VM_ID[$1]}\""
        'external_ids:neutron\:device_owner="compute:nova"'
        "external_ids:neutron\\:network_name=$(switch "${VM_NETWORK[$1]}")"
        "external_ids:neutron\\:port_name=$1"
        "external_ids:neutron\\:project_id=\"$PROJECT_ID\""
        'external_ids:neutron\:revision_number="3"'
        "external_ids:neutron\\:security_group_ids=\"$groups\"")
    [[ -z $groups ]] || vm_group_arguments "$1" "$2"
}

# One transaction for each network, then one for each VM: the log that is
# there to be read later has the shape of a real one.
make_logical() {
    local net vm
    for net in "${NETWORKS[@]}"; do
        NB_ARGS=()
        switch_rows "$net"
        localnet_arguments "$net" NB_ARGS
        metadata_rows "$net"
        nb "${NB_ARGS[@]}"
    done
    for net in "${TENANT_NETWORKS[@]}"; do
        NB_ARGS=()
        switch_rows "$net"
        metadata_rows "$net"
        nb "${NB_ARGS[@]}"
    done
    [[ ${#SECURITY_GROUPS[@]} == 0 ]] || make_security_groups
    for vm in "${VMS[@]}"; do
        NB_ARGS=()
        vm_arguments "$vm" NB_ARGS
        nb "${NB_ARGS[@]}"
    done
    [[ ${#TENANT_NETWORKS[@]} == 0 ]] || make_router
}

# Words for incidents: put back what was deleted, in one transaction.
restore_localnet() { local a=(); localnet_arguments "$1" a; nb "${a[@]}"; }
restore_vm()       { local a=(); vm_arguments "$1" a; nb "${a[@]}"; }
