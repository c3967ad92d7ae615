#include "probe/watch.h"

#include <arpa/inet.h>
#include <errno.h>
#include <linux/filter.h>
#include <linux/if_packet.h>
#include <net/ethernet.h>
#include <net/if.h>
#include <poll.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/clock.h"

#define MAX_WATCHES 16
#define MAX_FRAMES 4096 /* That one probe looks at, whatever comes. */
#define SNAP_BYTES 256

/* Lets frames through that are from or to the made-up MAC address, and, for
 * IPv6, advertisements to all nodes.  The kernel has taken the VLAN tag off;
 * offsets are those of an untagged frame. */
static int
set_filter(int fd, const struct frame_probe *p)
{
    const uint8_t *m = p->mac;
    uint32_t low = (uint32_t) m[2] << 24 | (uint32_t) m[3] << 16
                   | (uint32_t) m[4] << 8 | m[5];
    uint32_t high = (uint32_t) m[0] << 8 | m[1];
    struct sock_filter code[] = {
        BPF_STMT(BPF_LD | BPF_W | BPF_ABS, 8),
        BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, low, 0, 2),
        BPF_STMT(BPF_LD | BPF_H | BPF_ABS, 6),
        BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, high, 7, 0),
        BPF_STMT(BPF_LD | BPF_W | BPF_ABS, 2),
        BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, low, 0, 2),
        BPF_STMT(BPF_LD | BPF_H | BPF_ABS, 0),
        BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, high, 3, 0),
        /* 33:33:00:00:00:01 is no unicast address: its tail is enough. */
        BPF_STMT(BPF_LD | BPF_W | BPF_ABS, 2),
        BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, p->is_ipv6 ? 1 : low, 1, 0),
        BPF_STMT(BPF_RET | BPF_K, 0),
        BPF_STMT(BPF_RET | BPF_K, SNAP_BYTES),
    };
    struct sock_fprog program = { N_ELEMENTS(code), code };
    return setsockopt(fd, SOL_SOCKET, SO_ATTACH_FILTER, &program,
                      sizeof program);
}

struct error *
watch_open(struct watch *w, const char *device, const struct frame_probe *p)
{
    unsigned index = if_nametoindex(device);
    int one = 1;
    w->device = device;
    w->fd = -1;
    if (!index) {
        return error_new("this host has no network device %s", device);
    }
    /* Protocol 0: nothing comes in before the filter is there. */
    w->fd = socket(AF_PACKET, SOCK_RAW | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    struct sockaddr_ll address = { .sll_family = AF_PACKET,
                                   .sll_protocol = htons(ETH_P_ALL),
                                   .sll_ifindex = (int) index };
    if (w->fd < 0 || set_filter(w->fd, p)
        || setsockopt(w->fd, SOL_PACKET, PACKET_AUXDATA, &one, sizeof one)
        || bind(w->fd, (struct sockaddr *) &address, sizeof address)) {
        int code = errno;
        struct error *error =
            error_new("cannot watch %s: %s", device, strerror(code));
        watch_close(w);
        return code == EPERM || code == EACCES
                   ? error_hint(error, "run as root, or with CAP_NET_RAW")
                   : error;
    }
    return NULL;
}

void
watch_close(struct watch *w)
{
    if (w->fd >= 0) {
        close(w->fd);
    }
    w->fd = -1;
}

/* The tag that the kernel took off the frame. */
static uint16_t
stripped_vlan(struct msghdr *message)
{
    for (struct cmsghdr *c = CMSG_FIRSTHDR(message); c;
         c = CMSG_NXTHDR(message, c)) {
        struct tpacket_auxdata aux;
        if (c->cmsg_level == SOL_PACKET && c->cmsg_type == PACKET_AUXDATA
            && c->cmsg_len >= CMSG_LEN(sizeof aux)) {
            memcpy(&aux, CMSG_DATA(c), sizeof aux);
            return aux.tp_status & TP_STATUS_VLAN_VALID
                       ? aux.tp_vlan_tci & 0x0fff
                       : 0;
        }
    }
    return 0;
}

/* Takes one frame in; false if there is none. */
static bool
take_frame(const struct watch *w, const struct frame_probe *p,
           watch_seen_fn *seen, void *aux)
{
    uint8_t bytes[SNAP_BYTES];
    struct sockaddr_ll from;
    _Alignas(struct cmsghdr) char control[256];
    struct iovec part = { bytes, sizeof bytes };
    struct msghdr message = { .msg_name = &from,
                              .msg_namelen = sizeof from,
                              .msg_iov = &part,
                              .msg_iovlen = 1,
                              .msg_control = control,
                              .msg_controllen = sizeof control };
    ssize_t n = recvmsg(w->fd, &message, 0);
    if (n < 0) {
        return false;
    }
    struct frame_seen frame;
    enum frame_kind kind =
        frame_read(p, bytes, (size_t) n, stripped_vlan(&message), &frame);
    if (kind != FRAME_OTHER) {
        seen(aux, w, kind, &frame, from.sll_pkttype == PACKET_OUTGOING);
    }
    return true;
}

void
watch_wait(const struct watch *watches, size_t n, const struct frame_probe *p,
           int64_t deadline_ms, watch_seen_fn *seen, void *aux,
           const bool *done)
{
    struct pollfd polls[MAX_WATCHES];
    size_t n_frames = 0;
    n = n < MAX_WATCHES ? n : MAX_WATCHES;
    for (size_t i = 0; i < n; i++) {
        polls[i] = (struct pollfd){ watches[i].fd, POLLIN, 0 };
    }
    while (!*done && n_frames < MAX_FRAMES) {
        int64_t left_ms = deadline_ms - clock_now_ms();
        int ready = left_ms > 0 ? poll(polls, n, (int) left_ms) : 0;
        if (ready < 0 && errno == EINTR) {
            continue;
        }
        if (ready <= 0) {
            return;
        }
        for (size_t i = 0; i < n; i++) {
            bool more = polls[i].revents;
            while (more && n_frames < MAX_FRAMES) {
                more = take_frame(&watches[i], p, seen, aux);
                n_frames += more;
            }
            /* A device that went away has nothing to tell any more. */
            if (polls[i].revents & (POLLERR | POLLHUP | POLLNVAL)) {
                polls[i].fd = -1;
            }
        }
    }
}
