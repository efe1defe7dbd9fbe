/* The first process of the guest: reads its disk, says so, and powers off; well only where it could read it. */
#include "init.h"

#include <fcntl.h>
#include <string.h>

int main(void)
{
    begin("guest");
    static char text[512];
    int disk = open("/dev/vda", O_RDONLY);
    bool was_read = disk >= 0 && read(disk, text, sizeof text) == sizeof text;
    if (disk < 0)
        printf("guest: no disk\n");
    else if (was_read)
        printf("guest: the disk says: %.*s\n", (int)strcspn(text, "\n"), text);
    else
        printf("guest: the disk cannot be read\n");
    printf("Hello from the user space of a Linux guest\n");
    end("guest", was_read);
}
