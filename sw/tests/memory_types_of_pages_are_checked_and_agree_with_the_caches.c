/* Svpbmt: NC and IO may be set in leaves where menvcfg.PBMTE (single stage, G stage) or henvcfg.PBMTE too (VS stage) is
   1; else, and 3, and any in a pointer, are page faults of that stage. What is stored through a page of one type is
   loaded through one of another, since this machine keeps caches and accesses past them in agreement.
   rules: menvcfg_pbmte_op, menvcfg_pbmte_fence, menvcfg_pbmte_henvcfg_pbmte_rdonly0, henvcfg_pbmte_op,
   Svpbmt_nonleaf_pte_pbmt_must_be_zero, Svpbmt_leaf_pte_pbmt_reserved_3_fault, Svpbmt_hgatp_stage_override_rule, Svpbmt_vsatp_stage_override_rule,
   Svpbmt_cacheable_aliasing_may_cause_coherence_loss,
   Svpbmt_cacheable_aliasing_fence_flush_fence_required, Svpbmt_noncacheable_aliasing_no_coherence_loss */
#include "hyacinth.h"

static struct space own;
static struct guest guest;

static void check_leaf(unsigned setting, unsigned stage, unsigned type)
{
    uint64_t *entry = stage == 0 ? pte_of(own, TEST_VA, 0) : stage == 1 ? pte_of(guest.vs, TEST_VA, 0)
                                                                        : pte_of(guest.g, TEST_GPA, 0);
    uint64_t kept = *entry;
    context("leaf", setting << 8 | stage << 4 | type);
    *entry |= (uint64_t)type << 61;
    fence_all();
    struct trap trap = attempt(stage ? MODE_VS : MODE_HS, WORD("ld a2, 0(a0)"), TEST_VA, 0);
    bool on = setting & 1 && (stage != 1 || setting & 2);
    if (!type || (on && type != 3))
        CHECK_EQ("allowed", trap.value, 0x1234);
    else
        check_fault("reserved", trap, MODE_HS, LOAD, stage == 2 ? LOAD_GUEST_PAGE_FAULT : LOAD_PAGE_FAULT, stage > 0,
                    stage == 2 ? TEST_GPA >> 2 : 0, false);
    *entry = kept;
}

static void check_pointer(unsigned stage, unsigned level, unsigned type)
{
    uint64_t *entry = stage == 0 ? pte_of(own, TEST_VA, level) : stage == 1 ? pte_of(guest.vs, TEST_VA, level)
                                                                            : pte_of(guest.g, TEST_GPA, level);
    context("pointer", stage << 8 | level << 4 | type);
    *entry |= (uint64_t)type << 61;
    fence_all();
    check_fault("reserved", attempt(stage ? MODE_VS : MODE_HS, WORD("ld a2, 0(a0)"), TEST_VA, 0), MODE_HS, LOAD,
                stage == 2 ? LOAD_GUEST_PAGE_FAULT : LOAD_PAGE_FAULT, stage > 0, stage == 2 ? TEST_GPA >> 2 : 0, false);
    *entry &= ~(3UL << 61);
}

int main(void)
{
    csr_write(menvcfg, ENVCFG_PBMTE);
    if (!(csr_read(menvcfg) & ENVCFG_PBMTE))
        return 0; /* no Svpbmt */
    delegate_exceptions(ALL_EXCEPTIONS, 0);
    own = supervisor_on(SV48_OR_SV39);
    guest = guest_on(SV48_OR_SV39, &SV39X4);
    map(own, TEST_VA, (uint64_t)test_pages[0], 0, LEAF);
    map(guest.vs, TEST_VA, TEST_GPA, 0, LEAF);
    map(guest.g, TEST_GPA, (uint64_t)test_pages[0], 0, LEAF_U);
    test_pages[0][0] = 0x1234;
    for (unsigned setting = 0; setting < 4; setting++) {
        csr_write(menvcfg, ENVCFG_PBMTE);
        csr_write(henvcfg, setting & 2 ? ENVCFG_PBMTE : 0);
        csr_write(menvcfg, setting & 1 ? ENVCFG_PBMTE : 0);
        CHECK_EQ("henvcfg.PBMTE", csr_read(henvcfg) & ENVCFG_PBMTE, setting == 3 ? ENVCFG_PBMTE : 0);
        for (unsigned stage = 0; stage < 3; stage++)
            for (unsigned type = 0; type < 4; type++)
                check_leaf(setting, stage, type);
    }
    for (unsigned stage = 0; stage < 3; stage++)
        for (unsigned level = 1; level < 3; level++)
            for (unsigned type = 1; type < 4; type++)
                check_pointer(stage, level, type);

    /* Pages of HS, one for each type, at the same memory; and each access of one, seen by the others. */
    for (unsigned type = 0; type < 3; type++)
        map(own, TEST_VA + type * PAGE, (uint64_t)test_pages[1], 0, LEAF | (uint64_t)type << 61);
    fence_all();
    uint64_t expected = 0;
    for (unsigned i = 0; i < 64; i++) {
        uint64_t offset = i * 8 % 512, writer = TEST_VA + i % 3 * PAGE + offset, value = 0x0101010101010101UL * (i + 1);
        context("agreement", i);
        CHECK_NO_TRAP("store", attempt(MODE_HS, WORD("sd a1, 0(a0)"), writer, value));
        for (unsigned reader = 0; reader < 3; reader++)
            CHECK_EQ("load", attempt(MODE_HS, WORD("ld a2, 0(a0)"), TEST_VA + reader * PAGE + offset, 0).value, value);
        expected = value + 1;
        CHECK_EQ("AMO", attempt(MODE_HS, WORD("amoadd.d a2, a1, (a0)"), TEST_VA + (i + 1) % 3 * PAGE + offset, 1).value,
                 value);
        CHECK_EQ("in M", test_pages[1][offset / 8], expected);
        CHECK_NO_TRAP("misaligned store", attempt(MODE_HS, WORD("sw a1, 6(a0)"), writer, i));
        for (unsigned reader = 0; reader < 3; reader++) {
            uint64_t address = TEST_VA + reader * PAGE + offset;
            CHECK_EQ("misaligned load", attempt(MODE_HS, WORD("lwu a2, 6(a0)"), address, 0).value, i);
        }
        test_pages[1][offset / 8] = 0;
    }
    return 0;
}
