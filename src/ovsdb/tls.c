#include "ovsdb/tls.h"

#include <dlfcn.h>
#include <errno.h>
#include <pthread.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <openssl/bio.h>
#include <openssl/err.h>
#include <openssl/ssl.h>

#include "base/arena.h"

/* The library that the headers belong to; libcrypto comes with it. */
#define STRING_OF(X) #X
#define LIBRARY_OF(VERSION) "libssl.so." STRING_OF(VERSION)
#define LIBRARY LIBRARY_OF(OPENSSL_SHLIB_VERSION)

/* Each function of OpenSSL that is used here, by its own name. */
#define FUNCTIONS(FUNCTION)                      \
    FUNCTION(BIO_clear_flags)                    \
    FUNCTION(BIO_get_data)                       \
    FUNCTION(BIO_get_new_index)                  \
    FUNCTION(BIO_meth_free)                      \
    FUNCTION(BIO_meth_new)                       \
    FUNCTION(BIO_meth_set_ctrl)                  \
    FUNCTION(BIO_meth_set_read)                  \
    FUNCTION(BIO_meth_set_write)                 \
    FUNCTION(BIO_new)                            \
    FUNCTION(BIO_set_data)                       \
    FUNCTION(BIO_set_flags)                      \
    FUNCTION(BIO_set_init)                       \
    FUNCTION(ERR_clear_error)                    \
    FUNCTION(ERR_get_error)                      \
    FUNCTION(ERR_reason_error_string)            \
    FUNCTION(SSL_CTX_ctrl)                       \
    FUNCTION(SSL_CTX_free)                       \
    FUNCTION(SSL_CTX_load_verify_locations)      \
    FUNCTION(SSL_CTX_new)                        \
    FUNCTION(SSL_CTX_set_verify)                 \
    FUNCTION(SSL_CTX_use_PrivateKey_file)        \
    FUNCTION(SSL_CTX_use_certificate_chain_file) \
    FUNCTION(SSL_connect)                        \
    FUNCTION(SSL_free)                           \
    FUNCTION(SSL_get_error)                      \
    FUNCTION(SSL_get_verify_result)              \
    FUNCTION(SSL_new)                            \
    FUNCTION(SSL_read)                           \
    FUNCTION(SSL_set_bio)                        \
    FUNCTION(SSL_write)                          \
    FUNCTION(TLS_client_method)                  \
    FUNCTION(X509_verify_cert_error_string)

static struct {
#define MEMBER(NAME) typeof(&NAME) NAME;
    FUNCTIONS(MEMBER)
} openssl;

static const struct {
    const char *name;
    void *place; /* Of the pointer to it. */
} functions[] = {
#define ENTRY(NAME) { #NAME, &openssl.NAME },
    FUNCTIONS(ENTRY)
};

/* Why it cannot be used; "" if it can.  Written once, as 'openssl' is, by the
 * thread that comes first. */
static char why_not[256];

static void
load_openssl(void)
{
    void *library = dlopen(LIBRARY, RTLD_NOW | RTLD_LOCAL);
    bool is_loaded = library != NULL;
    for (size_t i = 0; is_loaded && i < N_ELEMENTS(functions); i++) {
        void *function = dlsym(library, functions[i].name);
        memcpy(functions[i].place, &function, sizeof function);
        is_loaded = function != NULL;
    }
    if (!is_loaded) {
        const char *why = dlerror();
        snprintf(why_not, sizeof why_not, "%s", why ? why : LIBRARY);
    }
}

static struct error *
need_openssl(void)
{
    static pthread_once_t once = PTHREAD_ONCE_INIT;
    pthread_once(&once, load_openssl);
    return !*why_not
               ? NULL
               : error_hint(error_new("ssl: needs OpenSSL, which cannot be "
                                      "loaded: %s",
                                      why_not),
                            "install it (Debian's package is libssl3), or "
                            "use the server's unix: socket on its own host");
}

/* OpenSSL reads and writes through a BIO of our own, for one reason only:
 * its socket BIO raises SIGPIPE where the peer has gone, and a library should
 * not change the program's signals. */

struct tls {
    int fd;
    SSL_CTX *context;
    BIO_METHOD *method;
    SSL *ssl;
};

static int
bio_write(BIO *bio, const char *bytes, int size)
{
    const struct tls *t = openssl.BIO_get_data(bio);
    ssize_t n = send(t->fd, bytes, (size_t) size, MSG_NOSIGNAL);
    openssl.BIO_clear_flags(bio, BIO_FLAGS_RWS | BIO_FLAGS_SHOULD_RETRY);
    if (n < 0 && (errno == EAGAIN || errno == EINTR)) {
        openssl.BIO_set_flags(bio, BIO_FLAGS_WRITE | BIO_FLAGS_SHOULD_RETRY);
    }
    return (int) n;
}

static int
bio_read(BIO *bio, char *buffer, int size)
{
    const struct tls *t = openssl.BIO_get_data(bio);
    errno = 0; /* Stays so at the end of the stream. */
    ssize_t n = recv(t->fd, buffer, (size_t) size, 0);
    openssl.BIO_clear_flags(bio, BIO_FLAGS_RWS | BIO_FLAGS_SHOULD_RETRY);
    if (n < 0 && (errno == EAGAIN || errno == EINTR)) {
        openssl.BIO_set_flags(bio, BIO_FLAGS_READ | BIO_FLAGS_SHOULD_RETRY);
    }
    return (int) n;
}

static long
bio_control(BIO *bio PROVNET_UNUSED, int command, long n PROVNET_UNUSED,
            void *p PROVNET_UNUSED)
{
    return command == BIO_CTRL_FLUSH;
}

static struct error *
tls_error(const char *what)
{
    unsigned long code = openssl.ERR_get_error();
    const char *reason = !code ? NULL
                         : ERR_SYSTEM_ERROR(code)
                             ? strerror(ERR_GET_REASON(code))
                             : openssl.ERR_reason_error_string(code);
    openssl.ERR_clear_error();
    return error_new("%s: %s", what, reason ? reason : "no reason known");
}

static struct error *
load_files(SSL_CTX *context, const struct ovsdb_tls *files)
{
    if (openssl.SSL_CTX_load_verify_locations(context, files->ca_cert, NULL)
        != 1) {
        return error_wrap(tls_error("cannot read the CA's certificate"), "%s",
                          files->ca_cert);
    }
    if (openssl.SSL_CTX_use_certificate_chain_file(context, files->certificate)
        != 1) {
        return error_wrap(tls_error("cannot read the certificate"), "%s",
                          files->certificate);
    }
    if (openssl.SSL_CTX_use_PrivateKey_file(context, files->private_key,
                                            SSL_FILETYPE_PEM)
        != 1) {
        return error_wrap(tls_error("cannot use the private key"), "%s",
                          files->private_key);
    }
    return NULL;
}

/* OpenSSL's own configuration can forbid what it takes. */
static struct error *
cannot_set_up(void)
{
    return error_hint(tls_error("cannot set up TLS"),
                      "see openssl.cnf, and OPENSSL_CONF in the environment");
}

/* As Open vSwitch does, the peer's certificate must be signed by the CA; its
 * name is not compared, since OVS's PKI (ovs-pki(8)) does not put host names
 * into certificates. */
static struct error *
make_context(struct tls *t)
{
    t->context = openssl.SSL_CTX_new(openssl.TLS_client_method());
    t->method = openssl.BIO_meth_new(
        openssl.BIO_get_new_index() | BIO_TYPE_SOURCE_SINK, "ovsdb-stream");
    if (!t->context || !t->method) {
        return cannot_set_up();
    }
    openssl.BIO_meth_set_write(t->method, bio_write);
    openssl.BIO_meth_set_read(t->method, bio_read);
    openssl.BIO_meth_set_ctrl(t->method, bio_control);
    openssl.SSL_CTX_ctrl(t->context, SSL_CTRL_SET_MIN_PROTO_VERSION,
                         TLS1_2_VERSION, NULL);
    openssl.SSL_CTX_set_verify(t->context, SSL_VERIFY_PEER, NULL);
    openssl.SSL_CTX_ctrl(t->context, SSL_CTRL_MODE,
                         SSL_MODE_ENABLE_PARTIAL_WRITE
                             | SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER,
                         NULL);
    return NULL;
}

static struct error *
make_connection(struct tls *t)
{
    t->ssl = openssl.SSL_new(t->context);
    BIO *bio = t->ssl ? openssl.BIO_new(t->method) : NULL;
    if (!bio) {
        return cannot_set_up();
    }
    openssl.BIO_set_data(bio, t);
    openssl.BIO_set_init(bio, 1);
    openssl.SSL_set_bio(t->ssl, bio, bio);
    return NULL;
}

struct error *
tls_new(int fd, const struct ovsdb_tls *files, struct tls **ret)
{
    *ret = NULL;
    if (!files || !files->private_key || !files->certificate
        || !files->ca_cert) {
        return error_hint(error_new("ssl: needs a key, a certificate and the "
                                    "CA's certificate"),
                          "give -p PRIVKEY -c CERT -C CACERT, as to "
                          "ovn-nbctl");
    }
    struct error *error = need_openssl();
    if (error) {
        return error;
    }
    struct tls *t = xcalloc(1, sizeof *t);
    t->fd = fd;
    error = make_context(t);
    error = error ? error : load_files(t->context, files);
    error = error ? error : make_connection(t);
    if (error) {
        tls_free(t);
        return error;
    }
    *ret = t;
    return NULL;
}

void
tls_free(struct tls *t)
{
    if (t) {
        openssl.SSL_free(t->ssl);
        openssl.SSL_CTX_free(t->context);
        openssl.BIO_meth_free(t->method);
        free(t);
    }
}

/* What the 'returned' value of an SSL call means. */
static enum tls_result
result_of(struct tls *t, int returned, struct error **error)
{
    int code = errno;
    switch (openssl.SSL_get_error(t->ssl, returned)) {
    case SSL_ERROR_NONE:
        return TLS_DONE;
    case SSL_ERROR_WANT_READ:
        return TLS_WANT_READ;
    case SSL_ERROR_WANT_WRITE:
        return TLS_WANT_WRITE;
    case SSL_ERROR_ZERO_RETURN:
        return TLS_CLOSED;
    case SSL_ERROR_SYSCALL:
        errno = code;
        return TLS_BROKEN;
    default:
        *error = tls_error("TLS failed");
        return TLS_FAILED;
    }
}

enum tls_result
tls_connect(struct tls *t, struct error **error)
{
    openssl.ERR_clear_error();
    return result_of(t, openssl.SSL_connect(t->ssl), error);
}

static int
at_most_int(size_t size)
{
    return size > INT32_MAX ? INT32_MAX : (int) size;
}

enum tls_result
tls_read(struct tls *t, void *buffer, size_t size, size_t *ret,
         struct error **error)
{
    openssl.ERR_clear_error();
    int n = openssl.SSL_read(t->ssl, buffer, at_most_int(size));
    *ret = n > 0 ? (size_t) n : 0;
    return n > 0 ? TLS_DONE : result_of(t, n, error);
}

enum tls_result
tls_write(struct tls *t, const char *bytes, size_t size, size_t *ret,
          struct error **error)
{
    openssl.ERR_clear_error();
    int n = openssl.SSL_write(t->ssl, bytes, at_most_int(size));
    *ret = n > 0 ? (size_t) n : 0;
    return n > 0 ? TLS_DONE : result_of(t, n, error);
}

const char *
tls_verify_error(struct tls *t)
{
    long verdict = openssl.SSL_get_verify_result(t->ssl);
    return verdict == X509_V_OK
               ? NULL
               : openssl.X509_verify_cert_error_string(verdict);
}
