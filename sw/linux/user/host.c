/* The first process of the host: starts the monitor with the guest, and powers off when it has ended.
 *
 * The guest's disk is that of the host, where it has one (/dev/vda). What the kernel's command line has after `--` are
 * further arguments of the monitor. */
#include "init.h"

#include <sys/wait.h>

int main(int count, char **words)
{
    begin("host");
    char *disk = access("/dev/vda", R_OK) ? "/guest/disk" : "/dev/vda";
    char *const monitor[] = {"/monitor", "/guest/Image", "/guest/tree.dtb", "/guest/initrd.cpio", disk,
                             count > 1 ? words[1] : NULL, NULL};
    int result = 0;
    pid_t child = fork();
    if (child == 0) {
        execv(monitor[0], monitor);
        _exit(127);
    }
    if (child < 0 || waitpid(child, &result, 0) < 0)
        result = 1;
    if (result)
        printf("host: the monitor ended with status %d\n", WIFEXITED(result) ? WEXITSTATUS(result) : -1);
    end("host", result == 0);
}
