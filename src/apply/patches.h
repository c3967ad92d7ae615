/* What became of a localnet port that was put into the northbound database:
 * its Port_Binding, made by ovn-northd, and its pair of patch ports on each
 * chassis, made by ovn-controller.  Private to apply/.
 *
 * ovn-controller makes the pair of a localnet port also if the port is not
 * enabled (observed on OVN 23.03, FAILURES.md, section A), and writes the
 * port's name into external_ids:ovn-localnet-port of both patch ports
 * (ovn-controller(8)).  A chassis has a pair if it maps the physical network
 * and has the switch's datapath: surely where one of its ports is bound. */
#ifndef APPLY_PATCHES_H
#define APPLY_PATCHES_H 1

#include "evidence/evidence.h"
#include "ovsdb/stream.h"

struct patches_port {
    const char *name;    /* Of the localnet port. */
    const char *network; /* options:network_name. */
};

/* Looks at the databases that 'evidence' names.  '*ret_why', in 'arena', says
 * what is not there yet, and is NULL if all is.  More than one pair is an
 * error, and so is a server that does not answer. */
struct error *patches_look(const struct evidence *,
                           const struct patches_port *,
                           const struct ovsdb_tls *, int timeout_ms,
                           struct arena *, const char **ret_why);

#endif /* apply/patches.h */
