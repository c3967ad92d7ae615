/* Where evidence comes from: live servers, database files, bundles, and this
 * host.  The only folder, beside the acting side, that does I/O.
 *
 * Everything here reads only: no database is locked or written, no file
 * changed (collect_write() writes into the folder that it is given). */
#ifndef COLLECT_COLLECT_H
#define COLLECT_COLLECT_H 1

#include "base/error.h"
#include "evidence/evidence.h"

struct collect_options {
    const char *nb; /* REMOTE or FILE; several of either, separated by
                     * commas, of a cluster's members; NULL: the default. */
    const char *sb;
    const char **ovs; /* One per chassis. */
    size_t n_ovs;
    const char *bundle;      /* DIR; excludes the above. */
    const char *private_key; /* For ssl: remotes, as in ovn-nbctl(8). */
    const char *certificate;
    const char *ca_cert;
    int timeout_ms; /* For each remote, from connect to last byte. */
    bool all_logs;  /* For who asks for the past: of live databases the
                     * southbound's log too, and of a damaged log what stands
                     * before the damage. */
};

#define COLLECT_DEFAULT_TIMEOUT_MS 10000

/* Gathers what the options name into 'evidence', which the caller has
 * initialised.  Without --nb, --sb, --ovs and --bundle: OVN_NB_DB, OVN_SB_DB,
 * then the sockets in the usual run directories of this host; what is not
 * there by default is absent, what was asked for and cannot be read is an
 * error.  If any of --nb, --sb and --ovs is given, only what is given (or
 * named by OVN_NB_DB, OVN_SB_DB for the databases not given) is read. */
struct error *collect_gather(const struct collect_options *,
                             struct evidence *);

/* Gathers and writes a bundle (DESIGN: nb.db, sb.db, CHASSIS/conf.db, ...)
 * into the new or empty folder 'dir', with the standard tools' own formats.
 * What could not be had is listed in '*ret_notes', one line each, in
 * 'evidence's arena. */
struct error *collect_write(const struct collect_options *, const char *dir,
                            struct evidence *, const char ***ret_notes,
                            size_t *ret_n_notes);

#endif /* collect/collect.h */
