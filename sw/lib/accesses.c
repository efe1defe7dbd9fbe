#include "hyacinth.h"
#include "internal.h"

struct access accesses[ACCESSES];

void fill_accesses(void)
{
    struct access all[ACCESSES] = {
        {"fetch", FETCH, WORD("jalr ra, 0(a0)")},
        {"load", LOAD, WORD("ld a2, 0(a0)")},
        {"store", STORE, WORD("sd a1, 0(a0)")},
        {"LR", LOAD, WORD("lr.d a2, (a0)")},
        {"SC", STORE, WORD("sc.d a2, a1, (a0)")},
        {"AMO", STORE, WORD("amoor.d a2, a1, (a0)")},
    };
    for (unsigned i = 0; i < ACCESSES; i++)
        accesses[i] = all[i];
}

void check_fault(const char *name, struct trap got, enum mode in, enum reach reach, uint64_t cause, bool gva,
                 uint64_t tval2, bool implicit)
{
    CHECK_TRAP(name, got, .in = in, .cause = cause, .tval = got.a0, .gva = gva, .tval2 = tval2,
               .tinst = in == MODE_VS ? 0 : implicit ? PSEUDO_READ : reach == FETCH ? 0 : TRANSFORMED(0));
}
