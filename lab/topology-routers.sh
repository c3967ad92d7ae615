# shellcheck shell=bash disable=SC2034,SC2154  # read by files that source this
#
# The second topology (lab up --routers): north-south.  A tenant network behind
# a router with SNAT and both kinds of floating IP, IPv6 without NAT, security
# groups on every VM, and a router and a host beyond the provider network.
# Sourced by topology.sh, whose arrays it replaces or extends.

NETWORKS=(public)
TENANT_NETWORKS=(tenant)
NETWORK_UUID[tenant]=4ff76c80-4e8d-4210-b2e5-14d3cbf22b03
NETWORK_PREFIX[tenant]=10.10.0
NETWORK_METADATA_PORT[tenant]=c40440e9-4ddb-48b2-a52e-0c679d027328
NETWORK_METADATA_MAC[tenant]=fa:16:3e:10:00:02
declare -A NETWORK_VNI=([tenant]=1017)
NETWORK_MTU[tenant]=1442                # Geneve takes 58 bytes
NETWORK_PREFIX6=([public]=2001:db8:50: [tenant]=2001:db8:10:)

# ---- VMs: vi3 has no floating IP, so SNAT and a tunnel are on its way --------
VMS=(test02 test03 vi1 vi2 vi3)
VM_NETWORK=([test02]=public [test03]=public
    [vi1]=tenant [vi2]=tenant [vi3]=tenant)
VM_CHASSIS=([test02]=hv1 [test03]=hv2 [vi1]=hv1 [vi2]=hv2 [vi3]=hv2)
VM_NUMBER=([test02]=185 [test03]=186 [vi1]=11 [vi2]=12 [vi3]=13)
VM_MAC+=([vi1]=fa:16:3e:10:00:11 [vi2]=fa:16:3e:10:00:12
    [vi3]=fa:16:3e:10:00:13)
VM_PORT+=([vi1]=61e1064a-68b0-45f8-9355-0dd516b80011
    [vi2]=8d2f5b13-07ce-4a96-b3d4-62f08e1c0012
    [vi3]=f30c7a68-52d9-4b1e-8c07-95ab3d640013)
VM_ID+=([vi1]=00000000-0000-4000-8000-000000001011
    [vi2]=00000000-0000-4000-8000-000000001012
    [vi3]=00000000-0000-4000-8000-000000001013)
VM_PAIRS=('test02 test03' 'vi1 vi2')

# ---- the router; Neutron gives each subnet of a network a port of its own, but
# the gateway port has the addresses of both families ------------------------
ROUTER_UUID=53022521-54ed-4e31-a70d-155134bde99c
ROUTER_PORTS=(public tenant tenant6)
declare -A ROUTER_PORT_UUID=(
    [public]=2d2e6d69-8f53-4532-8018-c120ad2c7cc0
    [tenant]=0732f6a3-52aa-4e1b-8d96-4e1584856a2f
    [tenant6]=b61f94d7-3e20-4c8b-a7f5-08d9c1e25a76)
declare -A ROUTER_PORT_MAC=([public]=fa:16:3e:50:01:60
    [tenant]=fa:16:3e:10:00:01 [tenant6]=fa:16:3e:10:06:01)
declare -A ROUTER_PORT_NETWORKS=(
    [public]='192.168.50.160/24 2001:db8:50::160/64'
    [tenant]=10.10.0.1/24 [tenant6]=2001:db8:10::1/64)
declare -A ROUTER_PORT_SWITCH=(
    [public]=public [tenant]=tenant [tenant6]=tenant)
declare -A ROUTER_PORT_SUBNETS=(
    [public]='44ec556d-eec4-46ce-a14f-ed5add126543 0b7c3e95-61fd-4d2a-9e84-d70a5c31f286'
    [tenant]=2ba7d5e5-da2f-4b91-83d4-65989795b8a3
    [tenant6]=9c6d10e8-b4f7-4253-8a0e-37f1e25d94cb)
GATEWAY_CHASSIS=(hv1 hv2)               # by falling priority

ROUTER_IP=192.168.50.160
ROUTER_IP6=2001:db8:50::160
DEFAULT_GATEWAY=192.168.50.1
DEFAULT_GATEWAY6=2001:db8:50::1
DEFAULT_GATEWAY_MAC=52:54:00:50:00:01

# ---- floating IPs: one through the gateway chassis, one on the VM's own ------
FIPS=(vi1 vi2)
declare -A FIP_ADDR=([vi1]=192.168.50.200 [vi2]=192.168.50.201)
declare -A FIP_MAC=([vi1]=fa:16:3e:50:02:00 [vi2]=fa:16:3e:50:02:01)
declare -A FIP_KIND=([vi1]=centralised [vi2]=distributed)
declare -A FIP_UUID=([vi1]=aff8d370-75da-4420-a7da-8cb0de9d8d98
    [vi2]=e5a01c4b-92f6-4d7e-b138-6c0f27d8a351)

# ---- security groups: 'default', which nothing uses, and what the VMs have ---
SECURITY_GROUPS=(default ping)
declare -A SECURITY_GROUP_UUID=([default]=ddee94f6-4f31-492d-a699-d0c3fbfc02d6
    [ping]=a0a27697-154b-4498-b102-f8996bbcef56)

# ---- the physical network's router, and a host beyond it --------------------
OUTSIDE_ADDR=198.51.100.10
OUTSIDE_ADDR6=2001:db8:51::10
BEYOND_GATEWAY=198.51.100.1
BEYOND_GATEWAY6=2001:db8:51::1
EXTRA_HOSTS=(gw outside)

router()      { echo "neutron-$ROUTER_UUID"; }
lrp()         { echo "lrp-${ROUTER_PORT_UUID[$1]}"; }   # lrp public
router_lsp()  { echo "${ROUTER_PORT_UUID[$1]}"; }       # router_lsp public
fip()         { echo "${FIP_ADDR[$1]}"; }               # fip vi1
group()       { local u=${SECURITY_GROUP_UUID[$1]}; echo "pg_${u//-/_}"; }
