/* Pointer masking speaks of explicit accesses alone: a trap goes to the address that stvec or vstvec holds, with all its
   bits, where PMM of the mode that takes it would take the upper 16 from the address of a load. So a handler whose
   address has a tag is not reached; fetching from there faults.
   rules: pm_no_trap_vector_mask */
#include "hyacinth.h"

#define TAG (1UL << 60)

static void check(const char *name, enum mode from, uint64_t vector)
{
    context(name, 0);
    struct trap trap = attempt(from, WORD("ecall"), 0, 0);
    CHECK_EQ("the fetch faults, and M is told", trap.in, MODE_M);
    CHECK("cause", trap.cause == INSTRUCTION_ACCESS_FAULT || trap.cause == INSTRUCTION_PAGE_FAULT
                       || trap.cause == INSTRUCTION_GUEST_PAGE_FAULT);
    CHECK_EQ("where", trap.epc, vector);
    CHECK_EQ("of whom", trap.pp, 1);
}

int main(void)
{
    if (attempt(MODE_M, WORD("csrr a2, menvcfg"), 0, 0).cause != NO_TRAP)
        return 0;
    csr_put(menvcfg, MENVCFG_PMM, 3UL << MENVCFG_PMM_SHIFT);
    if ((csr_read(menvcfg) & MENVCFG_PMM) != 3UL << MENVCFG_PMM_SHIFT)
        return 0; /* no Smnpm */
    uint64_t tagged = csr_read(stvec) ^ TAG;
    csr_write(stvec, tagged);
    csr_write(medeleg, BIT(ECALL_U));
    struct trap trap = attempt(MODE_HS, WORD("ld a2, (a0)"), (uint64_t)test_pages[0] ^ TAG, 0);
    CHECK_NO_TRAP("the mode that takes the trap ignores the tag of a load", trap);
    check("HS", MODE_U, tagged);
    if (!hypervisor)
        return 0;
    csr_put(henvcfg, HENVCFG_PMM, 3UL << HENVCFG_PMM_SHIFT);
    tagged = csr_read(vstvec) ^ TAG;
    csr_write(vstvec, tagged);
    csr_write(hedeleg, BIT(ECALL_U));
    trap = attempt(MODE_VS, WORD("ld a2, (a0)"), (uint64_t)test_pages[0] ^ TAG, 0);
    CHECK_NO_TRAP("so does the guest's", trap);
    check("VS", MODE_VU, tagged);
    return 0;
}
