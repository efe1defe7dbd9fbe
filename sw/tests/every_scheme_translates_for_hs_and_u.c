/* Bare, Sv39, Sv48 and Sv57 in satp: fetch, load, store and atomics by HS on its page and by U on its own.
   rules: satp_op, satp_mode, satp_mode_op, satp_mode_sxlen64, svbare_satp_mode_bare, ssccptr_memory_pte_reads */
#include "hyacinth.h"

int main(void)
{
    delegate_exceptions(ALL_EXCEPTIONS, 0);
    for (unsigned s = 0; s < 4; s++) {
        const struct scheme *scheme = VS_SCHEMES[s];
        if (!supported(scheme))
            continue;
        struct space space = supervisor_on(scheme);
        uint64_t address[2] = {TEST_VA, TEST_VA + PAGE};
        for (unsigned user = 0; user < 2; user++)
            if (scheme->levels)
                map(space, address[user], (uint64_t)test_pages[user], 0, user ? LEAF_U : LEAF);
            else
                address[user] = (uint64_t)test_pages[user];
        CHECK_EQ("satp", csr_read(satp), satp_of(space, 0));
        for (unsigned user = 0; user < 2; user++) {
            enum mode mode = user ? MODE_U : MODE_HS;
            context(scheme->name, user);
            test_pages[user][0] = RET;
            FENCE_I();
            for (unsigned i = 0; i < ACCESSES; i++)
                if (i != 4)
                    CHECK_NO_TRAP(accesses[i].name, attempt(mode, accesses[i].word, address[user], RET | 0x10000));
            CHECK_EQ("stored", test_pages[user][0], RET | 0x10000);
            CHECK_EQ("loaded", attempt(mode, WORD("ld a2, 0(a0)"), address[user], 0).value, RET | 0x10000);
            if (!scheme->levels)
                continue;
            for (unsigned i = 0; i < ACCESSES; i++)
                check_fault("not mapped", attempt(mode, accesses[i].word, TEST_VA + 5 * PAGE, 0), MODE_HS,
                            accesses[i].reach, PAGE_FAULT(accesses[i].reach), false, 0, false);
        }
    }
    return 0;
}
