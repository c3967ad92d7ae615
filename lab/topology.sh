# shellcheck shell=bash disable=SC2034  # read by the files that source this one
#
# The lab's topology 'provider': the deployment of doc/incident.md, with the shapes
# that Neutron 21 (ML2/OVN) gives its rows.  Everything that the lab builds is
# listed here, so another chassis, network or VM is one more entry in an array.
# All identifiers are fixed: two labs, or two runs, differ in nothing but time.

PHYSNET=phynet2
PROVIDER_BRIDGE=br-ex
NIC=enp6s18
SPARE_NIC=enp6s19               # down, in no bridge, unplugged (see plug_spare)

# ---- chassis: its own OVS, ovn-controller, NIC and tunnel link --------------
CHASSIS=(hv1 hv2)
declare -A CHASSIS_HOST_IP=([hv1]=192.168.50.122 [hv2]=192.168.50.123)
declare -A CHASSIS_NUMBER=([hv1]=11 [hv2]=12)   # last byte of addresses, MACs

CENTRAL_IP=10.99.0.1            # NB 6641, SB 6642, on the management links
MANAGEMENT_NET=10.99.0          # chassis N is .N
TUNNEL_NET=10.98.0              # chassis N is .N, on br-tun over NIC tun0

# ---- provider networks ------------------------------------------------------
NETWORKS=(public vlan100)
declare -A NETWORK_UUID=(
    [public]=2f6a9c1e-5b0d-4c55-9a57-3d1e8f40b7a2
    [vlan100]=8d3b70f4-16c9-4e2a-b1d8-64c05a9e7f13)
declare -A NETWORK_SEGMENT=(
    [public]=a41d7e09-83f2-4b6c-8e15-f0c92b6d5a37
    [vlan100]=c95e2b68-0a7f-4d31-97c4-1b8e3f6a02d9)
declare -A NETWORK_VLAN=([public]='' [vlan100]=100)     # '' is untagged
declare -A NETWORK_PREFIX=([public]=192.168.50 [vlan100]=192.168.100)
declare -A NETWORK_PREFIX6=()   # IPv6, for those networks that have it
declare -A NETWORK_MTU=([public]=1500 [vlan100]=1500)
declare -A NETWORK_METADATA_PORT=(
    [public]=5be0d2c7-91a4-4f38-a6b9-7c20e84d13f6
    [vlan100]=e7124f9a-3c58-4a0b-8d6e-95b1f70c2a84)
declare -A NETWORK_METADATA_MAC=(
    [public]=fa:16:3e:50:00:02 [vlan100]=fa:16:3e:64:00:02)

# ---- the host on the physical network: an IP camera -------------------------
CAMERA_NUMBER=145               # in each network's prefix
declare -A CAMERA_DEV=([public]=eth0 [vlan100]=eth0.100)

# ---- VMs --------------------------------------------------------------------
VMS=(test02 test03 vlan01 vlan02)
declare -A VM_NETWORK=(
    [test02]=public [test03]=public [vlan01]=vlan100 [vlan02]=vlan100)
declare -A VM_CHASSIS=([test02]=hv1 [test03]=hv2 [vlan01]=hv1 [vlan02]=hv2)
declare -A VM_NUMBER=([test02]=185 [test03]=186 [vlan01]=11 [vlan02]=12)
declare -A VM_MAC=(
    [test02]=fa:16:3e:50:01:85 [test03]=fa:16:3e:50:01:86
    [vlan01]=fa:16:3e:64:00:11 [vlan02]=fa:16:3e:64:00:12)
declare -A VM_PORT=(
    [test02]=149bd44d-6e1b-4a20-98cf-0d5e7c3a1b85
    [test03]=7c20aef1-d358-4b94-8e06-51f9b2c4d086
    [vlan01]=043e3211-72a6-49e5-b072-d2043285d011
    [vlan02]=c7e88c7a-0985-4c8e-b069-50948b183012)
declare -A VM_ID=(
    [test02]=00000000-0000-4000-8000-000000000185
    [test03]=00000000-0000-4000-8000-000000000186
    [vlan01]=00000000-0000-4000-8000-000000000011
    [vlan02]=00000000-0000-4000-8000-000000000012)
# Pairs on two chassis of one network: their way misleads an operator, because
# OVN sends it through a tunnel once the localnet port is gone.
VM_PAIRS=('test02 test03' 'vlan01 vlan02')

PROJECT_ID=5d0c9d2f4b7e4a0f8f2f3f9a1c2b3d4e

# ---- other topologies: what differs -----------------------------------------
TENANT_NETWORKS=() SECURITY_GROUPS=() EXTRA_HOSTS=()
# shellcheck source=/dev/null
[[ $TOPOLOGY == provider ]] || . "$LAB_HOME/topology-$TOPOLOGY.sh"

# ---- names derived from the above; incidents use these words ----------------
declare -A VM_ADDR=() CAMERA_ADDR=() VM_ADDR6=() CAMERA_ADDR6=()
for vm in "${VMS[@]}"; do
    net=${VM_NETWORK[$vm]}
    VM_ADDR[$vm]=${NETWORK_PREFIX[$net]}.${VM_NUMBER[$vm]}
    [[ -z ${NETWORK_PREFIX6[$net]:-} ]] ||
        VM_ADDR6[$vm]=${NETWORK_PREFIX6[$net]}:${VM_NUMBER[$vm]}
done
for net in "${NETWORKS[@]}"; do
    CAMERA_ADDR[$net]=${NETWORK_PREFIX[$net]}.$CAMERA_NUMBER
    [[ -z ${NETWORK_PREFIX6[$net]:-} ]] ||
        CAMERA_ADDR6[$net]=${NETWORK_PREFIX6[$net]}:$CAMERA_NUMBER
done
unset vm net

switch()   { echo "neutron-${NETWORK_UUID[$1]}"; }      # switch public
localnet() { echo "provnet-${NETWORK_SEGMENT[$1]}"; }   # localnet public
port()     { echo "${VM_PORT[$1]}"; }                   # port test02
mac()      { echo "${VM_MAC[$1]}"; }
addr()     { echo "${VM_ADDR[$1]}"; }
addr6()    { echo "${VM_ADDR6[$1]}"; }
tap()      { local p=${VM_PORT[$1]}; echo "tap${p:0:11}"; }
camera()   { echo "${CAMERA_ADDR[$1]}"; }               # camera public
camera6()  { echo "${CAMERA_ADDR6[$1]}"; }

# who_of test02: "MAC IP..." as in 'addresses' and 'port_security'.
who_of()   { echo "${VM_MAC[$1]} ${VM_ADDR[$1]}${VM_ADDR6[$1]:+ ${VM_ADDR6[$1]}}"; }

# The two patch ports that ovn-controller makes for a localnet port: the one in
# the provider bridge, and the one in br-int (ovn-controller/patch.c,
# add_bridge_mappings_by_type).
patch_outer() { echo "patch-$(localnet "$1")-to-br-int"; }
patch_inner() { echo "patch-br-int-to-$(localnet "$1")"; }

HOSTS=(central wire camera "${EXTRA_HOSTS[@]}" "${CHASSIS[@]}" "${VMS[@]}")

is_chassis() { [[ -n ${CHASSIS_NUMBER[$1]:-} ]]; }
