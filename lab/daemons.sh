# shellcheck shell=bash
#
# The real programs: ovsdb-server, ovn-northd, ovs-vswitchd, ovn-controller,
# each with its own run directory (a chassis's state lives in STATE/CHASSIS).

OVS_SHARE=/usr/share/openvswitch
OVN_SHARE=/usr/share/ovn

# Arguments that every daemon of directory DIR gets.
daemon_options() {      # daemon_options HOST DAEMON
    echo -vconsole:off -vsyslog:off --detach --no-chdir \
         "--pidfile=$STATE/$1/$2.pid" "--log-file=$STATE/$1/$2.log"
}

in_rundir() {           # in_rundir HOST COMMAND...
    local d=$STATE/$1 host=$1; shift
    in_ns "$host" env OVS_RUNDIR="$d" OVN_RUNDIR="$d" OVS_LOGDIR="$d" \
        OVN_LOGDIR="$d" OVS_DBDIR="$d" OVN_DBDIR="$d" "$@"
}

start_ovsdb() {         # start_ovsdb HOST NAME SCHEMA SOCKET [REMOTE...]
    local host=$1 name=$2 schema=$3 socket=$4 file remote
    local remotes=()
    shift 4
    for remote in "$@"; do
        remotes+=("--remote=$remote")
    done
    file=$STATE/$host/$name.db
    [[ -e $file ]] || create_db "$host" "$name" "$schema"
    # shellcheck disable=SC2046  # options are separate words, none has blanks
    in_rundir "$host" ovsdb-server $(daemon_options "$host" "ovsdb-$name") \
        "--unixctl=$STATE/$host/ovsdb-$name.ctl" \
        "--remote=punix:$STATE/$host/$socket" "${remotes[@]}" "$file"
}

# A database of its own, or a member of NB's cluster: the first makes it, the
# others join it (ovsdb(7), "Clustered Database Service Model").
create_db() {           # create_db HOST NAME SCHEMA
    local file=$STATE/$1/$2.db raft=unix:$STATE/$1
    if [[ ${#NB_MEMBERS[@]} == 1 || $2 != nb* ]]; then
        ovsdb-tool create "$file" "$3"
    elif [[ $2 == nb ]]; then
        ovsdb-tool create-cluster "$file" "$3" "$raft/nb.raft"
    else
        ovsdb-tool join-cluster "$file" OVN_Northbound "$raft/$2.raft" \
            "$raft/nb.raft"
    fi
}

# ---- central ----------------------------------------------------------------
start_central() {
    local member
    start_ovsdb central nb "$OVN_SHARE/ovn-nb.ovsschema" nb.sock \
        "ptcp:6641:$CENTRAL_IP"
    for member in "${NB_MEMBERS[@]:1}"; do
        start_ovsdb central "$member" "$OVN_SHARE/ovn-nb.ovsschema" \
            "$member.sock"
        OVS_CTL_TIMEOUT=10 ovsdb-client -voff wait "unix:$STATE/central/$member.sock" \
            OVN_Northbound connected
    done
    start_ovsdb central sb "$OVN_SHARE/ovn-sb.ovsschema" sb.sock \
        "ptcp:6642:$CENTRAL_IP"
    start_northd
}

start_northd() {
    # shellcheck disable=SC2046
    in_rundir central ovn-northd $(daemon_options central ovn-northd) \
        "--unixctl=$STATE/central/ovn-northd.ctl" \
        "--ovnnb-db=unix:$STATE/central/nb.sock" \
        "--ovnsb-db=unix:$STATE/central/sb.sock"
}

# ---- Open vSwitch -----------------------------------------------------------
start_ovs() {           # start_ovs HOST
    start_ovsdb "$1" conf "$OVS_SHARE/vswitch.ovsschema" db.sock
    vsctl "$1" --no-wait init
    start_vswitchd "$1"
}

# --disable-system: no kernel datapath is looked for; bridges are 'netdev'.
start_vswitchd() {
    # shellcheck disable=SC2046
    in_rundir "$1" ovs-vswitchd "unix:$STATE/$1/db.sock" --disable-system \
        $(daemon_options "$1" ovs-vswitchd) \
        "--unixctl=$STATE/$1/ovs-vswitchd.ctl"
}

# ---- the wire: the physical switch, and a second one for the tunnels --------
# An OVS bridge, because not every kernel has a Linux bridge with VLANs.
# Chassis are on trunk ports; the camera is on two access ports.
configure_wire() {
    local c args=()
    args+=(-- add-br wire -- set Bridge wire datapath_type=netdev)
    args+=(-- add-br underlay -- set Bridge underlay datapath_type=netdev)
    args+=(-- add-port wire camera tag=0)
    args+=(-- add-port wire camera100 tag=100)
    ! has_host gw || args+=(-- add-port wire gw tag=0)
    for c in "${CHASSIS[@]}"; do
        args+=(-- add-port wire "$c" -- add-port underlay "tun-$c")
    done
    vsctl wire "${args[@]}"
}

# ---- chassis ----------------------------------------------------------------
configure_chassis() {   # bridges first, taps after: one transaction
    local c=$1 n=${CHASSIS_NUMBER[$1]} vm args=()
    args+=(-- set Open_vSwitch .
        "external_ids:system-id=$c" "external_ids:hostname=$c"
        "external_ids:ovn-remote=tcp:$CENTRAL_IP:6642"
        external_ids:ovn-encap-type=geneve
        "external_ids:ovn-encap-ip=$TUNNEL_NET.$n"
        external_ids:ovn-bridge-datapath-type=netdev
        "external_ids:ovn-bridge-mappings=$PHYSNET:$PROVIDER_BRIDGE"
        external_ids:ovn-cms-options=enable-chassis-as-gw)
    args+=(-- add-br "$PROVIDER_BRIDGE"
        -- set Bridge "$PROVIDER_BRIDGE" datapath_type=netdev
        -- add-port "$PROVIDER_BRIDGE" "$NIC")
    # Geneve of the userspace datapath leaves through a bridge that owns the
    # local address (OVS, Documentation/howto/userspace-tunneling.rst).
    args+=(-- add-br br-tun -- set Bridge br-tun datapath_type=netdev
        -- add-port br-tun tun0)
    args+=(-- add-br br-int
        -- set Bridge br-int datapath_type=netdev fail_mode=secure)
    for vm in "${VMS[@]}"; do
        [[ ${VM_CHASSIS[$vm]} != "$c" ]] || tap_arguments "$vm" args
    done
    vsctl "$c" "${args[@]}"
    ip_in "$c" addr add "${CHASSIS_HOST_IP[$c]}/24" dev "$PROVIDER_BRIDGE"
    ip_in "$c" link set "$PROVIDER_BRIDGE" up
    ip_in "$c" addr add "$TUNNEL_NET.$n/24" dev br-tun
    ip_in "$c" link set br-tun up
}

# What Nova writes when it plugs a VM's tap (os-vif, vif_plug_ovs).
tap_arguments() {       # tap_arguments VM ARRAY
    local -n array=$2
    # shellcheck disable=SC2034  # a reference to the caller's array
    array+=(-- add-port br-int "$(tap "$1")" -- set Interface "$(tap "$1")"
        "external_ids:iface-id=$(port "$1")"
        "external_ids:attached-mac=\"$(mac "$1")\""
        external_ids:iface-status=active
        "external_ids:vm-id=${VM_ID[$1]}")
}

# Words for incidents.
plug_tap() { local a=(); tap_arguments "$1" a; vsctl "${VM_CHASSIS[$1]}" "${a[@]}"; }
ofport()   { vsctl "$1" get Interface "$2" ofport; }    # ofport hv1 enp6s18

# OVN 23.03's ovn-controller has no --unixctl; a link gives its socket, which
# is named after its pid, the name that the other daemons' have.
start_controller() {    # start_controller HOST
    # shellcheck disable=SC2046
    in_rundir "$1" ovn-controller "unix:$STATE/$1/db.sock" \
        $(daemon_options "$1" ovn-controller)
    ln -sfn "$STATE/$1/ovn-controller.$(pid_of "$1" ovn-controller).ctl" \
        "$STATE/$1/ovn-controller.ctl"
    # For 10 s and 20 updates after its start ovn-controller keeps patch ports
    # that it should remove (ovn-controller/patch.c, "grace"): a lost localnet
    # port would seem harmless.  This command ends that time.
    appctl "$1" ovn-controller debug/ignore-startup-delay >/dev/null
}

daemons_of() {
    case $1 in
    central) echo "${NB_MEMBERS[@]/#/ovsdb-}" ovsdb-sb ovn-northd ;;
    wire) echo ovsdb-conf ovs-vswitchd ;;
    *) ! is_chassis "$1" || echo ovsdb-conf ovs-vswitchd ovn-controller ;;
    esac
}

kill_daemons() {
    local host daemon
    for host in "${HOSTS[@]}"; do
        for daemon in $(daemons_of "$host"); do
            kill_daemon "$host" "$daemon" &
        done
    done
    wait
}
