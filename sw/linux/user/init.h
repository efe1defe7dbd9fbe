/* What the first process of a system does, whichever system it is. */
#pragma once

#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mount.h>
#include <sys/reboot.h>
#include <sys/utsname.h>
#include <unistd.h>

/* Mount what every program expects, and say who is there. */
static inline void begin(const char *who)
{
    struct utsname about;
    mount("proc", "/proc", "proc", 0, NULL);
    mount("sysfs", "/sys", "sysfs", 0, NULL);
    mount("devtmpfs", "/dev", "devtmpfs", 0, NULL);
    setvbuf(stdout, NULL, _IOLBF, 0);
    uname(&about);
    printf("%s: user space of %s %s on %s\n", who, about.sysname, about.release, about.machine);
}

/* Power off; where something went wrong, by a reset, which ends the machine with a failure. */
static inline _Noreturn void end(const char *who, bool well)
{
    printf("%s: powers off\n", who);
    fflush(stdout);
    sync();
    reboot(well ? RB_POWER_OFF : RB_AUTOBOOT);
    exit(1);
}
