/* mstatus.GVA and hstatus.GVA: 1 for a fault of memory or a breakpoint whose xtval is an address of a guest, be it 0;
   so for HLV and HSV from HS, from M and from U, and for MPRV with MPV=1. 0 for every other trap: instructions that are
   illegal or virtual, calls, interrupts, and faults of HS, U and M themselves. Each is taken with the bit set before
   and with it clear.
   rules: hstatus_gva_op, mstatus_gva_op, H_trap_m_csrwrites, H_trap_hs_csrwrites */
#include "interrupts.h"

#define UNMAPPED (TEST_VA + 0 * PAGE)
#define ABSENT (TEST_VA + 1 * PAGE)   /* mapped to where no memory is */
#define BEYOND (TEST_VA + 2 * PAGE)   /* mapped to a GPA that the G stage does not map */

static bool to_hs;

static void set_gva(bool set)
{
    csr_put(mstatus, MSTATUS_GVA, set ? MSTATUS_GVA : 0);
    csr_put(hstatus, HSTATUS_GVA, set ? HSTATUS_GVA : 0);
}

/* Checks GVA of `trap`, which is expected where exceptions go now, or from M in M. `before`: what GVA was. */
static void check(const char *name, struct trap trap, bool before, uint64_t cause, bool gva)
{
    bool in_hs = to_hs && trap.from != MODE_M;
    CHECK_EQ("cause", trap.cause, cause);
    CHECK_EQ("mode that took it", trap.in, in_hs ? MODE_HS : MODE_M);
    if (cause == BREAKPOINT && !trap.tval)
        gva = false; /* the manual allows that EBREAK writes 0 */
    CHECK_EQ(name, trap.gva, gva);
    if (!to_hs) /* else the call that ended run_in has written it */
        CHECK_EQ("GVA of HS, which did not take it", !!(csr_read(hstatus) & HSTATUS_GVA), before);
}

static uint64_t load_with_mprv(uint64_t status)
{
    register uint64_t address asm("a0") = 0;
    uint64_t old = csr_read(mstatus);
    asm volatile(
        "lla t4, 1f\nlla t6, 2f\nli t5, 0x7472796d\ncsrs mstatus, %0\n"
        ".option push\n.option norvc\n1: ld a2, 0(a0)\n.option pop\n"
        "2: csrw mstatus, %1\nli t5, 0"
        : : "r"(status), "r"(old), "r"(address) : "a2", "t4", "t5", "t6", "memory");
    return 0;
}

int main(void)
{
    const uint32_t fetch = accesses[0].word, load = WORD("ld a2, 0(a0)"), amo = WORD("amoadd.d a2, a1, (a0)");
    const struct {
        const char *name;
        enum mode mode;
        uint32_t word;
        uint64_t address, cause;
        bool gva;
    } rows[] = {
        {"fetch at 0 in VS", MODE_VS, fetch, 0, INSTRUCTION_PAGE_FAULT, true},
        {"load at 0 in VS", MODE_VS, load, 0, LOAD_PAGE_FAULT, true},
        {"load at 0 in VU", MODE_VU, load, 0, LOAD_PAGE_FAULT, true},
        {"load in HS", MODE_HS, load, UNMAPPED, LOAD_PAGE_FAULT, false},
        {"load in U", MODE_U, load, UNMAPPED, LOAD_PAGE_FAULT, false},
        {"absent memory in VS", MODE_VS, load, ABSENT, LOAD_ACCESS_FAULT, true},
        {"absent memory in HS", MODE_HS, load, ABSENT, LOAD_ACCESS_FAULT, false},
        {"fetch of absent memory in VS", MODE_VS, fetch, ABSENT, INSTRUCTION_ACCESS_FAULT, true},
        {"guest-page fault", MODE_VS, load, BEYOND, LOAD_GUEST_PAGE_FAULT, true},
        {"HLV at 0 in HS", MODE_HS, WORD("hlv.d a2, (a0)"), 0, LOAD_PAGE_FAULT, true},
        {"HSV in HS", MODE_HS, WORD("hsv.d a1, (a0)"), UNMAPPED, STORE_PAGE_FAULT, true},
        {"HLVX in HS", MODE_HS, WORD("hlvx.wu a2, (a0)"), BEYOND, LOAD_GUEST_PAGE_FAULT, true},
        {"HLV in U", MODE_U, WORD("hlv.d a2, (a0)"), 0, LOAD_PAGE_FAULT, true},
        {"HLV in M", MODE_M, WORD("hlv.d a2, (a0)"), 0, LOAD_PAGE_FAULT, true},
        {"EBREAK in VS", MODE_VS, WORD("ebreak"), 0, BREAKPOINT, true},
        {"EBREAK in HS", MODE_HS, WORD("ebreak"), 0, BREAKPOINT, false},
        {"illegal in VS", MODE_VS, WORD("mret"), 0, ILLEGAL_INSTRUCTION, false},
        {"illegal in HS", MODE_HS, WORD("mret"), 0, ILLEGAL_INSTRUCTION, false},
        {"virtual in VS", MODE_VS, WORD("csrr a2, hstatus"), 0, VIRTUAL_INSTRUCTION, false},
        {"virtual in VU", MODE_VU, WORD("hlv.d a2, (a0)"), 0, VIRTUAL_INSTRUCTION, false},
        {"call of VU", MODE_VU, WORD("ecall"), 0, ECALL_U, false},
        {"misaligned atomic in VS", MODE_VS, amo, (uint64_t)test_pages[0] + 1, STORE_MISALIGNED, true},
        {"misaligned atomic in HS", MODE_HS, amo, (uint64_t)test_pages[0] + 1, STORE_MISALIGNED, false},
    };
    struct space own = supervisor_on(&SV39);
    struct guest guest = guest_on(&SV39, &SV39X4);
    *pte_of(own, 0, 2) = *pte_of(guest.vs, 0, 2) = 0; /* the devices give way, so that 0 is not mapped */
    map(own, ABSENT, 0x20000000, 0, LEAF);
    map(guest.vs, ABSENT, TEST_GPA, 0, LEAF);
    map(guest.g, TEST_GPA, 0x20000000, 0, LEAF_U);
    map(guest.vs, BEYOND, TEST_GPA + PAGE, 0, LEAF);
    fence_all();
    for (unsigned setting = 0; setting < 4; setting++) {
        bool before = setting & 1;
        to_hs = setting & 2;
        delegate_exceptions(to_hs ? ALL_EXCEPTIONS | BIT(ECALL_U) : 0, 0);
        for (unsigned r = 0; r < sizeof rows / sizeof *rows; r++) {
            context(rows[r].name, setting);
            csr_set(hstatus, HSTATUS_HU | HSTATUS_SPVP); /* SPVP for HLV: a trap from VU leaves it 0 */
            set_gva(before);
            struct trap trap = attempt(rows[r].mode, rows[r].word, rows[r].address, 0);
            uint64_t cause = rows[r].cause == STORE_MISALIGNED && trap.cause == STORE_ACCESS_FAULT ? STORE_ACCESS_FAULT
                : rows[r].cause;
            check("GVA", trap, before, cause, rows[r].gva);
        }
        static const enum mode modes[] = {MODE_HS, MODE_VS};
        for (unsigned m = 0; m < 2; m++) {
            context(mode_name(modes[m]), setting);
            delegate_interrupts(BIT(SSI), 0);
            csr_write(mie, BIT(to_hs ? SSI : MSI));
            raise(to_hs ? SSI : MSI, true);
            set_gva(before);
            check("interrupt", trap_of(modes[m], wait_for, WAIT_FOR(1UL, modes[m] == MODE_HS)), before,
                  INTERRUPT(to_hs ? SSI : MSI), false);
            raise(to_hs ? SSI : MSI, false);
        }
        for (unsigned mpv = 0; mpv < 2; mpv++) {
            context("MPRV", setting << 1 | mpv);
            set_gva(before);
            check("GVA", trap_of(MODE_M, load_with_mprv, MSTATUS_MPRV | (mpv ? MSTATUS_MPV : 0)), before,
                  LOAD_PAGE_FAULT, mpv);
        }
    }
    return 0;
}
