# shellcheck shell=bash
#
# Namespaces and the veth pairs between them.  A host is a namespace; its NICs
# are veths whose other ends are switch ports: of the wire (provider traffic,
# tunnels) or of a chassis's br-int (a VM's tap).

# Both ends are born in their namespaces, so names of several labs never meet.
veth() {        # veth HOST DEV MAC  HOST DEV
    echo "link add $2 netns $(ns "$1") address $3 type veth" \
         "peer name $5 netns $(ns "$4")"
}

mac_of() { printf '52:54:00:%02x:00:%02x' "$1" "$2"; }

list_links() {
    local c n vm
    for c in "${CHASSIS[@]}"; do
        n=${CHASSIS_NUMBER[$c]}
        veth "$c" "$NIC" "$(mac_of 18 "$n")" wire "$c"
        veth "$c" "$SPARE_NIC" "$(mac_of 19 "$n")" wire "$c-spare"
        veth "$c" tun0 "$(mac_of 98 "$n")" wire "tun-$c"
        veth "$c" mg0 "$(mac_of 99 "$n")" central "mg-$c"
    done
    # The camera's VLAN interface is a veth of its own: the wire's access port
    # tags it, so the lab needs no 8021q module.
    veth camera eth0 "$(mac_of 50 "$CAMERA_NUMBER")" wire camera
    veth camera eth0.100 "$(mac_of 100 "$CAMERA_NUMBER")" wire camera100
    if has_host gw; then
        veth gw eth0 "$DEFAULT_GATEWAY_MAC" wire gw
        veth gw eth1 "$(mac_of 51 1)" outside eth0
    fi
    for vm in "${VMS[@]}"; do
        veth "$vm" eth0 "${VM_MAC[$vm]}" "${VM_CHASSIS[$vm]}" "$(tap "$vm")"
    done
}

make_links() {
    local host
    for host in "${HOSTS[@]}"; do
        echo "netns add $(ns "$host")"
    done | ip -batch -
    list_links | ip -batch -
    for host in "${HOSTS[@]}"; do
        quiet_host "$host" &
    done
    wait
    ! has_host gw || forward gw
}

# Nothing speaks unless it is asked: no IPv6 autoconfiguration in the way of
# counted frames, and IPv6 at all only on hosts that have an address of it.  ARP is repeated every 100 ms, so that one lost request does
# not decide a measurement of less than a second.  Checksums are not left to
# hardware: the userspace datapath takes frames off a veth without them.
quiet_host() {
    local v6=
    ! speaks_ipv6 "$1" || v6=yes
    # shellcheck disable=SC2016  # expanded by the shell in the namespace
    in_ns "$1" env "v6=$v6" bash -c '
        if [ -z "$v6" ]; then
            for scope in all default; do
                f=/proc/sys/net/ipv6/conf/$scope/disable_ipv6
                [ ! -e "$f" ] || echo 1 >"$f"
            done
        else
            for dir in /proc/sys/net/ipv6/conf/*; do
                for f in accept_ra accept_dad dad_transmits \
                    router_solicitations; do
                    echo 0 >"$dir/$f"
                done
            done
            for dir in /proc/sys/net/ipv6/neigh/*; do
                echo 100 >"$dir/retrans_time_ms"
            done
        fi
        for dir in /proc/sys/net/ipv4/neigh/*; do
            echo 100 >"$dir/retrans_time_ms"
            dev=${dir##*/}
            case $dev in lo|default) continue ;; esac
            ! command -v ethtool || ethtool -K "$dev" tx off
        done' >/dev/null 2>&1
    host_addresses "$1" | ip_in "$1" -batch -
}

speaks_ipv6() {
    [[ -n ${VM_ADDR6[$1]:-} ]] || { has_host gw &&
        [[ $1 == camera || $1 == gw || $1 == outside ]]; }
}

host_addresses() {      # ip commands that bring a host's links up
    local c n net
    echo link set lo up
    case $1 in
    central)
        for c in "${CHASSIS[@]}"; do
            n=${CHASSIS_NUMBER[$c]}
            echo "addr add $CENTRAL_IP peer $MANAGEMENT_NET.$n/32 dev mg-$c"
            echo "link set mg-$c up"
        done ;;
    wire)
        for c in "${CHASSIS[@]}"; do
            printf 'link set %s up\n' "$c" "$c-spare" "tun-$c"
        done
        printf 'link set %s up\n' camera camera100
        ! has_host gw || echo link set gw up ;;
    camera)
        for net in "${NETWORKS[@]}"; do
            echo "addr add $(camera "$net")/24 dev ${CAMERA_DEV[$net]}"
            echo "link set ${CAMERA_DEV[$net]} up"
        done
        ! has_host gw || camera_addresses6 ;;
    gw)
        echo "addr add $DEFAULT_GATEWAY/24 dev eth0"
        echo "addr add $DEFAULT_GATEWAY6/64 dev eth0 nodad"
        echo "addr add $BEYOND_GATEWAY/24 dev eth1"
        echo "addr add $BEYOND_GATEWAY6/64 dev eth1 nodad"
        printf 'link set %s up\n' eth0 eth1
        echo "route add ${NETWORK_PREFIX6[tenant]}:/64 via $ROUTER_IP6" ;;
    outside)
        echo "addr add $OUTSIDE_ADDR/24 dev eth0"
        echo "addr add $OUTSIDE_ADDR6/64 dev eth0 nodad"
        echo link set eth0 up
        echo "route add default via $BEYOND_GATEWAY"
        echo "route add default via $BEYOND_GATEWAY6" ;;
    *)  if is_chassis "$1"; then chassis_links "$1"; else vm_links "$1"; fi ;;
    esac
}

chassis_links() {
    local vm n=${CHASSIS_NUMBER[$1]}
    echo "addr add $MANAGEMENT_NET.$n peer $CENTRAL_IP/32 dev mg0"
    printf 'link set %s up\n' mg0 tun0 "$NIC"
    for vm in "${VMS[@]}"; do
        [[ ${VM_CHASSIS[$vm]} != "$1" ]] || echo "link set $(tap "$vm") up"
    done
}

vm_links() {
    local net=${VM_NETWORK[$1]}
    echo "addr add $(addr "$1")/24 dev eth0"
    [[ -z ${VM_ADDR6[$1]:-} ]] || echo "addr add $(addr6 "$1")/64 dev eth0 nodad"
    echo "link set eth0 mtu ${NETWORK_MTU[$net]} up"
    if [[ " ${TENANT_NETWORKS[*]} " == *" $net "* ]]; then
        echo "route add default via ${NETWORK_PREFIX[$net]}.1"
        echo "route add default via ${NETWORK_PREFIX6[$net]}:1"
    elif has_host gw; then
        # What lies beyond the provider network is no business of these VMs;
        # tenant VMs' IPv6 addresses are, and Neutron would route them so.
        echo "route add ${NETWORK_PREFIX6[tenant]}:/64 via $ROUTER_IP6"
    fi
}

# The physical network knows where the tenant's IPv6 prefix is.
camera_addresses6() {
    echo "addr add $(camera6 public)/64 dev eth0 nodad"
    echo "route add ${NETWORK_PREFIX6[tenant]}:/64 via $ROUTER_IP6"
}

forward() {             # forward HOST: it is a router
    in_ns "$1" bash -c 'echo 1 >/proc/sys/net/ipv4/ip_forward
        echo 1 >/proc/sys/net/ipv6/conf/all/forwarding'
}

# Words for incidents: the chassis's second NIC gets a cable to the wire.
plug_spare() {          # plug_spare hv1
    vsctl wire add-port wire "$1-spare"
    ip_in "$1" link set "$SPARE_NIC" up
}

unplug_spare() {
    ip_in "$1" link set "$SPARE_NIC" down
    vsctl wire --if-exists del-port "$1-spare"
}

delete_namespaces() {
    local host
    for host in "${HOSTS[@]}"; do
        [[ ! -e /run/netns/$(ns "$host") ]] || echo "netns del $(ns "$host")"
    done | ip -force -batch -
}
