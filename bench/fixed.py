"""Rows that ovn-northd 23.03 writes into every southbound database."""

from logfile import one_or_set, ref

DHCP_OPTIONS = {
    "bool": "ip_forward_enable=19 router_discovery=31 ethernet_encap=36",
    "domains": "domain_search_list=119",
    "host_id": "tftp_server=66",
    "ipv4": "offerip=0 netmask=1 router=3 dns_server=6 log_server=7 "
            "lpr_server=9 swap_server=16 policy_filter=21 "
            "broadcast_address=28 router_solicitation=32 nis_server=41 "
            "ntp_server=42 netbios_name_server=44 server_id=54 "
            "tftp_server_address=150 next_server=253",
    "static_routes": "classless_static_route=121 "
                     "ms_classless_static_route=249",
    "str": "hostname=12 domain_name=15 bootfile_name=67 path_prefix=210 "
           "wpad=252 bootfile_name_alt=254",
    "uint16": "mtu=26",
    "uint32": "arp_cache_timeout=35 tcp_keepalive_interval=38 lease_time=51 "
              "T1=58 T2=59",
    "uint8": "default_ttl=23 tcp_ttl=37 netbios_node_type=46",
}

DHCPV6_OPTIONS = {"ipv6": "ia_addr=5 dns_server=23", "mac": "server_id=2",
                  "str": "domain_search=24"}

# What chassis may do where roles are enforced: the column that must name
# them, whether they insert and delete, and which columns they update.
PERMISSIONS = {
    "BFD": ("", False, "status"),
    "Chassis": ("name", True, "encaps external_ids nb_cfg other_config "
                              "transport_zones vtep_logical_switches"),
    "Chassis_Private": ("name", True,
                        "chassis external_ids nb_cfg nb_cfg_timestamp"),
    "Controller_Event": ("", True, "chassis event_info event_type seq_num"),
    "Encap": ("chassis_name", True, "ip options type"),
    "FDB": ("", True, "dp_key mac port_key"),
    "IGMP_Group": ("", True, "address chassis datapath ports"),
    "MAC_Binding": ("", True, "datapath ip logical_port mac timestamp"),
    "Port_Binding": ("", False,
                     "additional_chassis additional_encap chassis encap "
                     "options up virtual_parent"),
    "Service_Monitor": ("", False, "status"),
}


def option_rows(db, d, table, options):
    for kind, pairs in options.items():
        for pair in pairs.split():
            name, code = pair.split("=")
            db.insert(table, d.uuid(), {"name": name, "code": int(code),
                                        "type": kind})


def permission_rows(db, d):
    permissions = []
    for table, (column, inserts, updates) in PERMISSIONS.items():
        uuid = db.insert("RBAC_Permission", d.uuid(), {
            "table": table, "authorization": column,
            "insert_delete": inserts, "update": one_or_set(updates.split())})
        permissions.append([table, ref(uuid)])
    db.insert("RBAC_Role", d.uuid(), {"name": "ovn-controller",
                                      "permissions": ["map", permissions]})


def rows(db, d):
    option_rows(db, d, "DHCP_Options", DHCP_OPTIONS)
    option_rows(db, d, "DHCPv6_Options", DHCPV6_OPTIONS)
    permission_rows(db, d)
