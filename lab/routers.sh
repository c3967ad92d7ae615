# shellcheck shell=bash
#
# The northbound rows of topology 'routers', as Neutron 21 writes them (compare
# its own in OVN_Northbound: names, external_ids, options): the router with its
# ports, routes and NAT; security groups.  Words for incidents below.

# ---- security groups --------------------------------------------------------
acl_arguments() {       # acl_arguments ARRAY PORT-GROUP DIRECTION ACTION MATCH [RULE]
    # shellcheck disable=SC2178  # a reference to the caller's array
    local -n array=$1
    local priority=1002 id="@acl${#array[@]}"
    [[ $4 != drop ]] || priority=1001
    array+=(-- "--id=$id" create ACL "direction=$3" "action=$4"
        "priority=$priority" "match=\"$5\"")
    [[ -z ${6:-} ]] ||
        array+=("external_ids:neutron\\:security_group_rule_id=\"$6\"")
    array+=(-- add Port_Group "$2" acls "$id")
}

group_rows() {          # group_rows GROUP
    local pg
    pg=$(group "$1")
    NB_ARGS+=(-- pg-add "$pg" -- set Port_Group "$pg"
        "external_ids:neutron\\:security_group_id=\"${SECURITY_GROUP_UUID[$1]}\"")
}

# What a group's members may do: speak, and be pinged ('ping'), or be spoken to
# by members alone ('default').
rule_rows() {           # rule_rows GROUP
    local pg rule=${SECURITY_GROUP_UUID[$1]%?????}
    pg=$(group "$1")
    acl_arguments NB_ARGS "$pg" from-lport allow-related \
        "inport == @$pg && ip4" "${rule}00001"
    acl_arguments NB_ARGS "$pg" from-lport allow-related \
        "inport == @$pg && ip6" "${rule}00002"
    if [[ $1 == ping ]]; then
        acl_arguments NB_ARGS "$pg" to-lport allow-related \
            "outport == @$pg && ip4 && ip4.src == 0.0.0.0/0 && icmp4" \
            "${rule}00003"
        acl_arguments NB_ARGS "$pg" to-lport allow-related \
            "outport == @$pg && ip6 && ip6.src == ::/0 && icmp6" \
            "${rule}00004"
    else
        acl_arguments NB_ARGS "$pg" to-lport allow-related \
            "outport == @$pg && ip4 && ip4.src == \$${pg}_ip4" "${rule}00003"
        acl_arguments NB_ARGS "$pg" to-lport allow-related \
            "outport == @$pg && ip6 && ip6.src == \$${pg}_ip6" "${rule}00004"
    fi
}

make_security_groups() {
    local g
    NB_ARGS=(-- pg-add neutron_pg_drop)
    acl_arguments NB_ARGS neutron_pg_drop to-lport drop \
        'outport == @neutron_pg_drop && ip'
    acl_arguments NB_ARGS neutron_pg_drop from-lport drop \
        'inport == @neutron_pg_drop && ip'
    nb "${NB_ARGS[@]}" >/dev/null
    for g in "${SECURITY_GROUPS[@]}"; do
        NB_ARGS=()
        group_rows "$g"
        rule_rows "$g"
        nb "${NB_ARGS[@]}" >/dev/null
    done
}

# Membership is set as a whole, because a port that is made in the same
# transaction has no name for 'add' yet.
vm_group_arguments() {  # vm_group_arguments VM ARRAY
    # shellcheck disable=SC2178
    local -n array=$2
    local vm p ports=()
    for vm in "${VMS[@]}"; do
        p=$(port "$vm")
        [[ $vm != "$1" ]] && ! nb --columns=_uuid --bare \
            list Logical_Switch_Port "$p" >/dev/null 2>&1 || ports+=("$p")
    done
    array+=(-- pg-set-ports "$(group ping)" "${ports[@]}"
        -- pg-set-ports neutron_pg_drop "${ports[@]}")
}

# ---- the router -------------------------------------------------------------
router_rows() {
    NB_ARGS+=(-- lr-add "$(router)" -- set Logical_Router "$(router)"
        enabled=true options:always_learn_from_arp_request=false
        options:dynamic_neigh_routers=true
        'external_ids:neutron\:availability_zone_hints=""'
        "external_ids:neutron\\:gw_network_id=${NETWORK_UUID[public]}"
        "external_ids:neutron\\:gw_port_id=${ROUTER_PORT_UUID[public]}"
        'external_ids:neutron\:revision_number="3"'
        external_ids:neutron\\:router_name=r1)
}

router_port_arguments() {       # router_port_arguments PORT ARRAY
    # shellcheck disable=SC2178
    local -n array=$2
    local networks
    read -ra networks <<<"${ROUTER_PORT_NETWORKS[$1]}"
    array+=(-- lrp-add "$(router)" "$(lrp "$1")" "${ROUTER_PORT_MAC[$1]}"
        "${networks[@]}" -- set Logical_Router_Port "$(lrp "$1")"
        "external_ids:neutron\\:network_name=$(switch "${ROUTER_PORT_SWITCH[$1]}")"
        'external_ids:neutron\:revision_number="3"'
        "external_ids:neutron\\:router_name=\"$ROUTER_UUID\""
        "external_ids:neutron\\:subnet_ids=\"${ROUTER_PORT_SUBNETS[$1]}\"")
    [[ $1 != tenant6 ]] || array+=(
        ipv6_ra_configs:address_mode=dhcpv6_stateful
        ipv6_ra_configs:send_periodic=true
        "ipv6_ra_configs:mtu=\"${NETWORK_MTU[tenant]}\"")
    [[ $1 != public ]] || gateway_chassis_arguments "$2"
}

gateway_chassis_arguments() {   # gateway_chassis_arguments ARRAY
    # shellcheck disable=SC2178
    local -n array=$1
    local c ids=() priority=${#GATEWAY_CHASSIS[@]}
    for c in "${GATEWAY_CHASSIS[@]}"; do
        array+=(-- "--id=@gw_$c" create Gateway_Chassis "chassis_name=$c"
            "priority=$priority" "name=$(lrp public)_$c")
        ids+=("@gw_$c")
        priority=$((priority - 1))
    done
    array+=(-- set Logical_Router_Port "$(lrp public)"
        "gateway_chassis=$(IFS=,; echo "${ids[*]}")")
}

router_lsp_arguments() {        # router_lsp_arguments PORT ARRAY
    # shellcheck disable=SC2178
    local -n array=$2
    local p network=${ROUTER_PORT_SWITCH[$1]} owner=router_interface
    local project=$PROJECT_ID
    p=$(router_lsp "$1")
    array+=(-- lsp-add "$(switch "$network")" "$p"
        -- lsp-set-type "$p" router -- lsp-set-addresses "$p" router
        -- set Logical_Switch_Port "$p" enabled=true
        "options:router-port=$(lrp "$1")")
    if [[ $1 == public ]]; then
        owner=router_gateway project=''
        array+=(options:nat-addresses=router
            options:exclude-lb-vips-from-garp=true)
    fi
    array+=("external_ids:neutron\\:cidrs=\"${ROUTER_PORT_NETWORKS[$1]}\""
        "external_ids:neutron\\:device_id=\"$ROUTER_UUID\""
        "external_ids:neutron\\:device_owner=\"network:$owner\""
        "external_ids:neutron\\:network_name=$(switch "$network")"
        'external_ids:neutron\:port_name=""'
        "external_ids:neutron\\:project_id=\"$project\""
        'external_ids:neutron\:revision_number="3"'
        'external_ids:neutron\:security_group_ids=""')
}

route_arguments() {     # route_arguments 4|6 ARRAY: the default route
    # shellcheck disable=SC2178
    local -n array=$2
    local prefix=0.0.0.0/0 nexthop=$DEFAULT_GATEWAY subnets
    read -ra subnets <<<"${ROUTER_PORT_SUBNETS[public]}"
    [[ $1 == 4 ]] || prefix=::/0 nexthop=$DEFAULT_GATEWAY6
    array+=(-- "--id=@route$1" create Logical_Router_Static_Route
        "ip_prefix=\"$prefix\"" "nexthop=\"$nexthop\""
        'external_ids:neutron\:is_ext_gw="true"'
        "external_ids:neutron\\:subnet_id=\"${subnets[$1 / 6]}\""
        -- add Logical_Router "$(router)" static_routes "@route$1")
}

snat_arguments() {      # snat_arguments ARRAY
    # shellcheck disable=SC2178
    local -n array=$1
    array+=(-- --id=@snat create NAT type=snat
        "external_ip=\"$ROUTER_IP\"" "logical_ip=\"${NETWORK_PREFIX[tenant]}.0/24\""
        -- add Logical_Router "$(router)" nat @snat)
}

fip_arguments() {       # fip_arguments VM ARRAY
    # shellcheck disable=SC2178
    local -n array=$2
    array+=(-- "--id=@fip_$1" create NAT type=dnat_and_snat
        "external_ip=\"$(fip "$1")\"" "logical_ip=\"$(addr "$1")\""
        "logical_port=\"$(port "$1")\""
        "external_ids:neutron\\:fip_external_mac=\"${FIP_MAC[$1]}\""
        "external_ids:neutron\\:fip_id=\"${FIP_UUID[$1]}\""
        "external_ids:neutron\\:fip_network_id=\"${NETWORK_UUID[public]}\""
        "external_ids:neutron\\:fip_port_id=\"$(port "$1")\""
        'external_ids:neutron\:revision_number="1"'
        "external_ids:neutron\\:router_name=$(router)")
    [[ ${FIP_KIND[$1]} != distributed ]] ||
        array+=("external_mac=\"${FIP_MAC[$1]}\"")
    array+=(-- add Logical_Router "$(router)" nat "@fip_$1"
        -- set Logical_Switch_Port "$(port "$1")"
        "external_ids:neutron\\:port_fip=\"$(fip "$1")\"")
}

# In the order, and the transactions, in which an operator's commands come.
make_router() {
    local p vm
    NB_ARGS=()
    router_rows
    nb "${NB_ARGS[@]}" >/dev/null
    for p in "${ROUTER_PORTS[@]}"; do
        NB_ARGS=()
        router_port_arguments "$p" NB_ARGS
        router_lsp_arguments "$p" NB_ARGS
        if [[ $p == public ]]; then
            route_arguments 4 NB_ARGS
            route_arguments 6 NB_ARGS
            snat_arguments NB_ARGS
        fi
        nb "${NB_ARGS[@]}" >/dev/null
    done
    for vm in "${FIPS[@]}"; do
        NB_ARGS=()
        fip_arguments "$vm" NB_ARGS
        nb "${NB_ARGS[@]}" >/dev/null
    done
}

# ---- words for incidents ----------------------------------------------------
restore_route() { local a=(); route_arguments "$1" a; nb "${a[@]}" >/dev/null; }
restore_snat()  { local a=(); snat_arguments a; nb "${a[@]}" >/dev/null; }
restore_gateway_chassis() {
    local a=()
    gateway_chassis_arguments a
    nb clear Logical_Router_Port "$(lrp public)" gateway_chassis "${a[@]}"
}

# An HA chassis group of these chassis, by falling priority, for the gateway port.
make_gateway_group() {
    local c a=(ha-chassis-group-add "$(router)") priority=$#
    for c in "$@"; do
        a+=(-- ha-chassis-group-add-chassis "$(router)" "$c" "$priority")
        priority=$((priority - 1))
    done
    nb "${a[@]}"
    nb set Logical_Router_Port "$(lrp public)" \
        "ha_chassis_group=$(nb --bare --columns=_uuid find HA_Chassis_Group \
            "name=$(router)")"
}
drop_gateway_group() {
    nb clear Logical_Router_Port "$(lrp public)" ha_chassis_group -- \
        ha-chassis-group-del "$(router)"
}
gateway_row() {         # gateway_row hv1: the uuid of its Gateway_Chassis
    nb --bare --columns=_uuid find Gateway_Chassis "name=$(lrp public)_$1"
}
set_gateway_priority() { nb set Gateway_Chassis "$(gateway_row "$1")" "priority=$2"; }

route_row() {           # route_row PREFIX: its uuid
    nb --bare --columns=_uuid find Logical_Router_Static_Route \
        "ip_prefix=\"$1\""
}
lrp_row()   { nb --bare --columns=_uuid list Logical_Router_Port "$(lrp "$1")"; }

nat_row() {             # nat_row EXTERNAL-IP [TYPE]: its uuid
    nb --bare --columns=_uuid find NAT "external_ip=\"$1\"" \
        "type=${2:-dnat_and_snat}"
}

# The row of one of our ACLs: acl_row PORT-GROUP WORD-OF-ITS-MATCH
acl_row() {
    local uuid
    for uuid in $(nb --bare --columns=acls list Port_Group "$1"); do
        [[ $(nb get ACL "$uuid" match) != *"$2"* ]] || echo "$uuid"
    done
}

set_members() {         # set_members PORT-GROUP VM...
    local pg=$1 vm ports=(); shift
    for vm in "$@"; do ports+=("$(port "$vm")"); done
    nb pg-set-ports "$pg" "${ports[@]}"
}

restore_rules() {       # restore_rules GROUP: all of them, made anew
    NB_ARGS=(-- clear Port_Group "$(group "$1")" acls)
    rule_rows "$1"
    nb "${NB_ARGS[@]}" >/dev/null
}

gateway_of() {          # the chassis that holds the gateway port, or 'none'
    local uuid
    uuid=$(sb --bare --columns=chassis find Port_Binding \
        "logical_port=cr-$(lrp public)") || return 1
    if [[ -z $uuid ]]; then
        echo none
    else
        sb get Chassis "$uuid" name
    fi
}

gateway_on() { [[ $(gateway_of) == "$1" ]]; }

# Election waits for BFD between the chassis, and all must know its outcome.
# SB tells when the port is where it belongs; asking it again and again would
# be two programs each time.  A chassis that registers anew has another row, so
# in the end it is asked all the same.
gateway_up() {
    local chassis
    chassis=$(sb --bare --columns=_uuid find Chassis \
        "name=${GATEWAY_CHASSIS[0]}")
    [[ -z $chassis ]] || sb --timeout=5 wait-until Port_Binding \
        "cr-$(lrp public)" "chassis=$chassis" 2>/dev/null || true
    poll 15 gateway_on "${GATEWAY_CHASSIS[0]}" ||
        { say "lab: no gateway on ${GATEWAY_CHASSIS[0]}"; return 1; }
}

# Neighbours that the router has learned.  Without them each measurement begins
# with the router's own ARP and ND.  No --wait=hv: raising nb_cfg is a change,
# and provnet, asked meanwhile, would truly say that the chassis lag behind.
forget_neighbours() {
    sb --all destroy MAC_Binding 2>/dev/null &&
        poll 2 have_forgotten "${GATEWAY_CHASSIS[@]}" || true
}

# A learned neighbour's flow is in table OFTABLE_MAC_BINDING (66) with priority
# 100, a static one's with 50 or 150 (OVN 23.03, controller/lflow.c).
have_forgotten() {      # have_forgotten CHASSIS...
    local c
    for c in "$@"; do
        [[ $(ofctl "$c" br-int dump-flows table=66) != *priority=100,* ]] ||
            return 1
    done
}

# ---- what is measured (see packets.sh) --------------------------------------
# vi3, without a floating IP, speaks for the gateway's addresses: its IPv4 goes
# out through SNAT, its IPv6 as it is.
list_router_endpoints() {
    local vm
    echo "$ROUTER_IP vi3 $(camera public) $OUTSIDE_ADDR"
    echo "$ROUTER_IP6 vi3 $(camera6 public) $OUTSIDE_ADDR6"
    for vm in "${FIPS[@]}"; do
        echo "$(fip "$vm") $vm $(camera public) $OUTSIDE_ADDR"
    done
}

# East-west through the tunnel; tenant VMs' own IPv6 addresses, which a host on
# the physical network reaches if it has a route.
list_router_pairs() {
    local vm
    for vm in vi1 vi2; do
        echo "camera-$vm.6 camera $(addr6 "$vm") $vm $(camera6 public)"
    done
}
