/* MPRV=1 in M: PMP judges loads and stores as those of MPP, and of M where that is M; fetches are M's. What is denied
   has no effect and traps at the instruction itself.
   rules: pmp_check_priv_modes, pmp_violation_precise_trap */
#include "pmp.h"

/* Loads or stores at `page` under `status`. */
#define UNDER(status, instruction) ({ \
    register uint64_t address_ asm("a0") = page; \
    register uint64_t value_ asm("a2") = 0x77; \
    uint64_t old_ = csr_read(mstatus); \
    asm volatile( \
        "lla t4, 1f\nlla t6, 2f\nli t5, 0x7472796d\ncsrw mstatus, %1\n" \
        ".option push\n.option norvc\n1: " instruction "\n.option pop\n" \
        "2: csrw mstatus, %2\nli t5, 0" \
        : "+r"(value_) : "r"(status), "r"(old_), "r"(address_) : "t4", "t5", "t6", "memory"); \
    value_; })

static uint64_t page;

static uint64_t load(uint64_t status)
{
    return UNDER(status, "ld a2, 0(a0)");
}

static uint64_t store(uint64_t status)
{
    return UNDER(status, "sd a2, 0(a0)");
}

int main(void)
{
    static const uint64_t rights[] = {0, PMP_R, PMP_X, PMP_R | PMP_W};
    page = (uint64_t)test_pages[0];
    csr_write(pmpaddr0, NAPOT_ADDRESS(page, PAGE));
    for (unsigned r = 0; r < sizeof rights / sizeof *rights; r++)
        for (unsigned mprv = 0; mprv < 2; mprv++)
            for (unsigned i = 0; i < 5; i++) {
                static const enum mode modes[] = {MODE_U, MODE_HS, MODE_M, MODE_VU, MODE_VS};
                enum mode as = modes[i];
                bool bound = mprv && as != MODE_M;
                uint64_t status = (mprv ? MSTATUS_MPRV : 0) | (uint64_t)(as & 3) << 11 | (as & 4 ? MSTATUS_MPV : 0);
                context(mode_name(as), rights[r] << 4 | mprv);
                test_pages[0][0] = 0x1234;
                pmp_configure(PMP_NAPOT | rights[r], 0, 0, 0);
                struct trap loaded = trap_of(MODE_M, load, status);
                if (!bound || rights[r] & PMP_R) {
                    CHECK_NO_TRAP("load", loaded);
                    CHECK_EQ("loaded", loaded.value, 0x1234);
                } else {
                    check_fault("load", loaded, MODE_M, LOAD, LOAD_ACCESS_FAULT, as & 4, 0, false);
                    CHECK_EQ("rd", loaded.value, 0x77);
                }
                struct trap stored = trap_of(MODE_M, store, status);
                bool done = !bound || rights[r] & PMP_W;
                if (done)
                    CHECK_NO_TRAP("store", stored);
                else
                    check_fault("store", stored, MODE_M, STORE, STORE_ACCESS_FAULT, as & 4, 0, false);
                CHECK_EQ("memory", test_pages[0][0], done ? 0x77 : 0x1234);
            }
    return 0;
}
