/* This host's network links, through rtnetlink(7). */
#ifndef COLLECT_HOST_H
#define COLLECT_HOST_H 1

#include <stdbool.h>
#include "base/arena.h"
#include "base/error.h"
#include "base/strmap.h"
#include "ovsdb/store.h"

/* Puts the links of this process's network namespace into 'links', a map from
 * name to 'struct link' (evidence/links.h); everything lives in 'arena'. */
struct error *host_read_links(struct arena *, struct strmap *links);

/* Whether the chassis with the Open_vSwitch rows of 'store' has its ports in
 * this very network namespace, whose links are 'links'.
 *
 * A unix: socket does not tell: several chassis may live in namespaces of one
 * machine, with sockets in one file system (containers, labs), and the links
 * of another namespace would be evidence of the wrong host.  So each Interface
 * row of a kernel link (type "", "system" or "internal") with an ifindex is
 * compared with the link of its name: at least one must agree in both ifindex
 * and MAC address, and none may contradict.  ovs-vswitchd fills both columns
 * in from the kernel (ovs-vswitchd.conf.db(5), "Interface Status"). */
bool host_is_chassis(const struct ovsdb_store *store,
                     const struct strmap *links);

#endif /* collect/host.h */
