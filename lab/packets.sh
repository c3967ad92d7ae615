# shellcheck shell=bash
#
# What real packets do.  A measurement is an exchange: requests go out 0.1 s
# apart until one is answered ('ok'), at most seven.  Neighbour entries are
# flushed first, so ARP is always part of it, in each direction by itself: all
# requests towards the VMs go first, then all those from them.  So are the flows
# that ovs-vswitchd keeps of what it translated: rows and tables are measured.

PING=(ping -n -c 3 -i 0.1 -W 0.4)
FPING=(fping -a -i 1 -r 6 -B 1 -t 100)

flush_neighbours() {
    local host
    for host in camera "${EXTRA_HOSTS[@]}" "${VMS[@]}"; do
        ip_in "$host" neigh flush all
    done
    ! has_host outside || forget_neighbours
}

# The datapath's flows are a cache of the tables, and now and then one outlives
# them, for as long as it is asked for (doc/decisions.md).  A daemon that an
# incident has ended needs none of it.
forget_flows() {
    local host jobs=()
    for host in wire "${CHASSIS[@]}"; do
        jobs+=(-- appctl "$host" ovs-vswitchd revalidator/purge)
    done
    together "${jobs[@]:1}" >/dev/null 2>&1 || true     # without the first --
}

# Who took whom for a neighbour, and who is the gateway: what a failure that
# does not come again is explained from.
print_neighbours() {
    local host
    for host in camera "${EXTRA_HOSTS[@]}"; do
        ip_in "$host" neigh | sed "s/^/$host: /" || true
    done
    appctl wire ovs-vswitchd fdb/show wire | sed 's/^/wire: /' || true
    sb --format=csv --no-headings \
        --columns=logical_port,ip,mac list MAC_Binding \
        -- --columns=logical_port,chassis,up find Port_Binding \
            type=chassisredirect | sed 's/^/southbound: /' || true
}

# What is measured.  Endpoints: "ADDRESS HOST CAMERA [OUTSIDE]", where HOST is
# who speaks for the address, CAMERA the camera's address of that family and
# OUTSIDE, behind a router, the host beyond the provider network.
# Pairs: "NAME FROM TO FROM TO", there and back.
list_endpoints() {
    local vm
    for vm in "${VMS[@]}"; do
        [[ -n ${CAMERA_ADDR[${VM_NETWORK[$vm]}]:-} ]] || continue
        echo "$(addr "$vm") $vm $(camera "${VM_NETWORK[$vm]}")"
        [[ -z ${VM_ADDR6[$vm]:-} ]] ||
            echo "$(addr6 "$vm") $vm $(camera6 "${VM_NETWORK[$vm]}")"
    done
    ! has_host outside || list_router_endpoints
}

list_pairs() {
    local pair a b
    for pair in "${VM_PAIRS[@]}"; do
        a=${pair% *} b=${pair#* }
        echo "$a-$b $a $(addr "$b") $b $(addr "$a")"
    done
    ! has_host outside || list_router_pairs
}

# ping_all ARRAY: all exchanges of the list on stdin, at the same time: one
# program for each host that speaks, since starting one costs more than a ping.
# Results go to the array (ok or fail, by label), on the way through files.
ping_all() {
    local -n results=$1
    local label from to out=$STATE/ping.$BASHPID
    local -A targets=() labels=()
    mkdir "$out"
    flush_neighbours
    forget_flows
    while read -r label from to; do
        results["$label"]=fail
        targets["$from"]+=" $to"
        labels["$from $to"]+=" $label"
    done
    for from in "${!targets[@]}"; do
        # Not 'ip netns exec', which mounts.
        # shellcheck disable=SC2086  # addresses
        nsenter "--net=/run/netns/pn-$LAB-$from" "${FPING[@]}" \
            ${targets[$from]} >"$out/$from" 2>/dev/null &
    done
    wait
    for from in "${!targets[@]}"; do
        while read -r to; do
            for label in ${labels["$from $to"]}; do
                # shellcheck disable=SC2034  # a reference to the caller's
                results["$label"]=ok
            done
        done <"$out/$from"
    done
    rm -r "$out"
}

# The whole matrix in the form that incidents record it:
#   192.168.50.185 in ok out ok
#   192.168.50.200 in ok out ok beyond in ok out ok
#   test02-test03 ok ok
measure() {
    local address host camera outside name endpoints pairs
    local -A got=()
    endpoints=$(list_endpoints)
    pairs=$(list_pairs)
    ping_all got < <(list_inbound)
    ping_all got < <(list_outbound)
    while read -r address host camera outside; do
        printf '%-17s in %-4s out %-4s' "$address" \
            "${got[$address-in]}" "${got[$address-out]}"
        [[ -z $outside ]] || printf ' beyond in %-4s out %-4s' \
            "${got[$address-bin]}" "${got[$address-bout]}"
        echo
    done <<<"$endpoints" | sed 's/ *$//'
    while read -r name _; do
        printf '%-17s %-4s %s\n' "$name" "${got[$name>]}" "${got[$name<]}"
    done <<<"$pairs"
}

# Exchanges, "LABEL FROM ADDRESS": towards the endpoints, and then from them.
# $endpoints and $pairs are measure's.
list_inbound() {
    local address host camera outside name from to
    while read -r address host camera outside; do
        echo "$address-in camera $address"
        [[ -z $outside ]] || echo "$address-bin outside $address"
    done <<<"$endpoints"
    while read -r name from to _; do
        echo "$name> $from $to"
    done <<<"$pairs"
}

list_outbound() {
    local address host camera outside name from to
    while read -r address host camera outside; do
        echo "$address-out $host $camera"
        [[ -z $outside ]] || echo "$address-bout $host $outside"
    done <<<"$endpoints"
    while read -r name _ _ from to; do
        echo "$name< $from $to"
    done <<<"$pairs"
}

print_matrix() {
    echo 'in: from the camera; out: to the camera; pairs: there, and back'"\
${EXTRA_HOSTS[*]:+; beyond: the host behind the provider gateway}"
    measure
}

ping_between() {        # ping_between FROM-HOST TO (host or address)
    local to=$2
    need_host "$1"
    case $to in
    camera) to=${CAMERA_ADDR[${VM_NETWORK[$1]:-public}]:-$(camera public)} ;;
    *:*) ;;
    *[!0-9.]*) to=$(addr_of_host "$to") ;;
    esac
    in_ns "$1" ip neigh flush all
    in_ns "$1" "${PING[@]}" "$to"
}

addr_of_host() {
    if is_chassis "$1"; then
        echo "${CHASSIS_HOST_IP[$1]}"
    else
        [[ -n ${VM_NETWORK[$1]:-} ]] || die "'$1' has no address to ping"
        addr "$1"
    fi
}

# ---- storms -----------------------------------------------------------------
# A bridging loop saturates the machine, so it is let out for a moment only.
# The gate is the wire switch: closed, it drops every frame while all links
# stay up, so the chassis look exactly as they do in the storm.

GATE_FLOW=priority=65535

close_gate() { ofctl wire wire add-flow "$GATE_FLOW,actions=drop"; }

open_gate()  { ofctl wire wire del-flows --strict "$GATE_FLOW"; }

# Ends a storm at once, whatever the switch is busy with: its links go down in
# the kernel.  With the frames in flight gone the gate can be closed in peace.
cut_wire() {
    wire_links down
    close_gate
    wire_links up
}

wire_links() {          # wire_links up|down
    local dev
    for dev in $(vsctl wire list-ports wire); do
        echo "link set $dev $1"
    done | ip_in wire -batch -
}

# Started before the gate opens, in a session of its own: the storm ends after
# two seconds even if everything else dies.
start_watchdog() {
    local dev batch=$STATE/wire/cut
    for dev in $(vsctl wire list-ports wire); do
        echo "link set $dev down"
    done >"$batch"
    setsid bash -c "sleep 2; exec ip -n $(ns wire) -batch '$batch'" \
        >/dev/null 2>&1 &
    WATCHDOG=$!
}

stop_watchdog() {
    kill -- "-$WATCHDOG" 2>/dev/null || true
    wait "$WATCHDOG" 2>/dev/null || true
}

camera_frames() {       # frames that reached the camera's NIC
    ip_in camera -json -s link show dev "${1:-eth0}" |
        grep -o '"rx":{[^}]*' | grep -o '"packets":[0-9]*' | cut -d: -f2
}

# storm_test NETWORK: one ARP request from the camera; prints how many frames
# its NIC then gets in half a second.  Without a loop that is the reply alone.
storm_test() {
    local net=${1:-public} dev before after n
    dev=${CAMERA_DEV[$net]} n=${NETWORK_PREFIX[$net]}.250   # nobody has .250
    before=$(camera_frames "$dev")
    start_watchdog
    open_gate
    in_ns camera timeout 0.5 arping -q -b -c 1 -I "$dev" "$n" || true
    after=$(camera_frames "$dev")
    cut_wire
    stop_watchdog
    echo $((after - before))
}
