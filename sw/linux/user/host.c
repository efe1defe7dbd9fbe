/* The first process of the host: starts a monitor for each guest, and powers off when they have ended.
 *
 * The guest's disk is that of the host, where it has one (/dev/vda). What the kernel's command line has after `--` are
 * further arguments of the monitor. */
#include "init.h"

#include <sys/wait.h>

static pid_t start(char *const monitor[])
{
    fflush(stdout);
    pid_t child = fork();
    if (child == 0) {
        execv(monitor[0], monitor);
        _exit(127);
    }
    return child;
}

/* Whether a monitor has ended well; waits for that. */
static bool ended(pid_t child)
{
    int result = 0;
    if (child < 0 || waitpid(child, &result, 0) < 0)
        result = 1;
    if (result)
        printf("host: the monitor ended with status %d\n", WIFEXITED(result) ? WEXITSTATUS(result) : -1);
    return result == 0;
}

int main(int count, char **words)
{
    begin("host");
    char *const beside[] = {"/monitor", "/bare/Image", "/bare/tree.dtb", "/bare/initrd.cpio", "/bare/disk", NULL};
    char *disk = access("/dev/vda", R_OK) ? "/guest/disk" : "/dev/vda";
    char *const monitor[] = {"/monitor", "/guest/Image", "/guest/tree.dtb", "/guest/initrd.cpio", disk,
                             count > 1 ? words[1] : NULL, NULL};
    bool two = !access(beside[1], R_OK);
    pid_t first = start(monitor), second = two ? start(beside) : 0;
    bool well = ended(first);
    end("host", (!two || ended(second)) && well);
}
