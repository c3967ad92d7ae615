#include "apply/signals.h"

#include <errno.h>
#include <poll.h>
#include <string.h>
#include <sys/signalfd.h>
#include <unistd.h>

static bool
poll_for(const struct signals *s, int ms)
{
    struct pollfd fd = { .fd = s->fd, .events = POLLIN };
    return poll(&fd, 1, ms) > 0;
}

struct error *
signals_hold(struct signals *s)
{
    sigset_t held;
    sigemptyset(&held);
    sigaddset(&held, SIGINT);
    sigaddset(&held, SIGTERM);
    sigaddset(&held, SIGHUP);
    sigaddset(&held, SIGQUIT);
    pthread_sigmask(SIG_BLOCK, &held, &s->before);
    s->fd = signalfd(-1, &held, SFD_CLOEXEC | SFD_NONBLOCK);
    return s->fd < 0 ? error_new("signalfd: %s", strerror(errno)) : NULL;
}

bool
signals_release(struct signals *s)
{
    struct signalfd_siginfo info;
    bool any = false;
    while (s->fd >= 0 && read(s->fd, &info, sizeof info) == sizeof info) {
        any = true;
    }
    if (s->fd >= 0) {
        close(s->fd);
    }
    pthread_sigmask(SIG_SETMASK, &s->before, NULL);
    return any;
}

struct error *
signals_wait(struct signals *s, int ms)
{
    struct signalfd_siginfo info;
    return poll_for(s, ms) && read(s->fd, &info, sizeof info) == sizeof info
               ? error_new("interrupted by a signal (%s)",
                           strsignal((int) info.ssi_signo))
               : NULL;
}

bool
signals_have_come(const struct signals *s)
{
    return poll_for(s, 0);
}
