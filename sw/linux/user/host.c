/* The first process of the host: starts a monitor for each guest, and powers off when they have ended.
 *
 * The guest's monitor is kvmtool, where the host has that. Its disk is that of the host, where it has one (/dev/vda).
 * What the kernel's command line has after `--` are further arguments of the monitor. */
#include "init.h"

#include <fcntl.h>
#include <string.h>
#include <sys/wait.h>

enum { MOST = 48 };

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

/* kvmtool's command: its words are in a file, each with a 0 byte behind it; then come the disk and `more`. */
static char **kvmtool(char *disk, char **more)
{
    static char text[4096], *words[MOST] = {"/kvmtool/lkvm"};
    int file = open("/kvmtool/arguments", O_RDONLY), count = 1;
    ssize_t size = file < 0 ? 0 : read(file, text, sizeof text - 1);
    for (char *word = text; word < text + size && count < MOST - 3; word += strlen(word) + 1)
        words[count++] = word;
    words[count++] = "--disk", words[count++] = disk;
    while (*more && count < MOST - 1)
        words[count++] = *more++;
    printf("host: kvmtool runs the guest\n");
    return words;
}

int main(int count, char **words)
{
    begin("host");
    char *const beside[] = {"/monitor", "/bare/Image", "/bare/tree.dtb", "/bare/initrd.cpio", "/bare/disk", NULL};
    char *disk = access("/dev/vda", R_OK) ? "/guest/disk" : "/dev/vda";
    char *monitor[] = {"/monitor", "/guest/Image", "/guest/tree.dtb", "/guest/initrd.cpio", disk,
                       count > 1 ? words[1] : NULL, NULL};
    bool two = !access(beside[1], R_OK);
    pid_t first = start(access("/kvmtool/lkvm", X_OK) ? monitor : kvmtool(disk, words + 1));
    pid_t second = two ? start(beside) : 0;
    bool well = ended(first);
    end("host", (!two || ended(second)) && well);
}
