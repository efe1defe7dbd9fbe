/* Sockets for kvmtool on a host whose kernel has no network.
 *
 * kvmtool listens on a socket for `lkvm stop` and its like, and does not start without. Linked before the C library, this
 * gives it a file that it may wait for and on which nobody ever calls. */
#include <sys/eventfd.h>
#include <sys/socket.h>

int socket(int family, int type, int protocol)
{
    (void)family, (void)type, (void)protocol;
    return eventfd(0, EFD_CLOEXEC);
}

int bind(int file, const struct sockaddr *name, socklen_t size)
{
    (void)file, (void)name, (void)size;
    return 0;
}

int listen(int file, int waiting)
{
    (void)file, (void)waiting;
    return 0;
}
