/* The first process of the host: starts the monitor with the guest, and powers off when it has ended. */
#include "init.h"

#include <sys/wait.h>

int main(void)
{
    begin("host");
    char *const monitor[] = {"/monitor", "/guest/Image", "/guest/tree.dtb", "/guest/initrd.cpio", "/guest/disk", NULL};
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
