/* The addresses in Logical_Switch_Port.addresses and port_security, as
 * ovn-nb(5) describes them: "MAC", "MAC IP...", "unknown", "dynamic",
 * "router". */
#ifndef FABRIC_ADDRESS_H
#define FABRIC_ADDRESS_H 1

#include <stdbool.h>
#include <stddef.h>
#include "base/arena.h"

struct address {
    const char *mac; /* Lower case; NULL if the text has none. */
    const char **ips;
    size_t n_ips;
};

/* Splits "MAC IP..." into its parts; words that are neither a MAC nor an IP
 * address (with or without "/LENGTH") are left out. */
void address_parse(struct address *, const char *text, struct arena *);

bool address_is_mac(const char *);
bool address_is_ip(const char *); /* IPv4 or IPv6, without "/LENGTH". */
bool address_is_ipv6(const char *);

/* Whether 'ip' lies in 'prefix' ("IP" or "IP/LENGTH"). */
bool address_in_prefix(const char *ip, const char *prefix);

/* A network: the first 'length' bits of 'bytes'. */
struct address_prefix {
    bool is_ipv6;
    unsigned length;
    unsigned char bytes[16];
};

/* Parses "IP" or "IP/LENGTH"; returns false if 'text' is neither. */
bool address_prefix_parse(const char *text, struct address_prefix *ret);

/* Whether 'inner' lies in 'outer'. */
bool address_prefix_contains(const struct address_prefix *outer,
                             const struct address_prefix *inner);

/* Makes it the network of so many bits that contains it. */
void address_prefix_cut(struct address_prefix *, unsigned length);

/* Orders networks by family, length and number. */
int address_prefix_compare(const struct address_prefix *,
                           const struct address_prefix *);

/* Whether one of 'n' networks, in that order and cut to their lengths,
 * contains 'inner'. */
bool address_prefixes_contain(const struct address_prefix *networks, size_t n,
                              const struct address_prefix *inner);

/* Orders addresses by number, IPv4 before IPv6 before what is no address. */
int address_compare(const char *, const char *);

/* The same for addresses of which each is compared many times. */
struct address_key {
    const char *text; /* Which it does not copy. */
    unsigned char family;
    unsigned char bytes[16];
};
struct address_key address_key(const char *);
int address_key_compare(const struct address_key *,
                        const struct address_key *);

#endif /* fabric/address.h */
