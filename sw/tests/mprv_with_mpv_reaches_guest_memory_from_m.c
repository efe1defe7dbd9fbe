/* MPRV=1 in M: loads and stores translate as MPP with V=MPV would; their faults set mstatus.GVA where MPV=1 and name M
   as the previous mode. Fetches are not concerned. With MPP=M, MPRV changes nothing whatever MPV is. It never changes
   what HLV does.
   rules: mstatus_mprv_hypervisor, mstatus_mprv_hlsv, mstatus_mprv_ldst_op, mstatus_mprv_inst_xlat_op,
   mstatus_sum_op_mprv_mpp */
#include "hyacinth.h"

/* A function of run_in in M: `load` with mstatus set as its argument says. */
#define LOADER(name, load) \
    static uint64_t name(uint64_t status) \
    { \
        register uint64_t address asm("a0") = TEST_VA + 8; \
        register uint64_t value asm("a2") = 0; \
        uint64_t old = csr_read(mstatus); \
        asm volatile( \
            "lla t4, 1f\nlla t6, 2f\nli t5, 0x7472796d\ncsrw mstatus, %1\n" \
            ".option push\n.option norvc\n1: " load "\n.option pop\n" \
            "2: csrw mstatus, %2\nli t5, 0" \
            : "+r"(value) : "r"(status), "r"(old), "r"(address) : "t4", "t5", "t6", "memory"); \
        return value; \
    }
LOADER(loaded, "ld a2, 0(a0)")
LOADER(loaded_by_hlv, "hlv.d a2, (a0)")

int main(void)
{
    struct space own = supervisor_on(&SV39);
    struct guest guest = {space_new(&SV39), space_new(&SV39X4)};
    uint64_t *vs = pte_of(guest.vs, TEST_VA, 0);
    map(guest.g, 0x80000000, 0x80000000, 2, LEAF_U);
    map(guest.g, TEST_GPA, (uint64_t)test_pages[1], 0, LEAF_U);
    csr_write(vsatp, satp_of(guest.vs, 0));
    csr_write(hgatp, hgatp_of(guest.g, 0));
    test_pages[0][1] = 0x11;
    test_pages[1][1] = 0x22;
    for (unsigned setting = 0; setting < 16; setting++) {
        bool user = setting & 1, user_page = setting & 2, mpv = setting & 4, sum = setting & 8;
        *pte_of(own, TEST_VA, 0) = PTE_PPN(test_pages[0]) | (user_page ? LEAF_U : LEAF);
        *vs = PTE_PPN(TEST_GPA) | (user_page ? LEAF_U : LEAF);
        fence_all();
        csr_write(vsstatus, sum && mpv ? MSTATUS_SUM : 0);
        uint64_t status = MSTATUS_MPRV | (user ? 0 : MSTATUS_MPP_S) | (mpv ? MSTATUS_MPV : 0)
            | (sum && !mpv ? MSTATUS_SUM : 0);
        bool allowed = user ? user_page : !user_page || sum;
        context("setting", setting);
        struct trap trap = trap_of(MODE_M, loaded, status);
        if (allowed) {
            CHECK_NO_TRAP("allowed", trap);
            CHECK_EQ("loaded", trap.value, mpv ? 0x22 : 0x11);
        } else {
            check_fault("forbidden", trap, MODE_M, LOAD, LOAD_PAGE_FAULT, mpv, 0, false);
        }
    }
    /* What HLV reaches is the guest's, with the privilege of SPVP, whatever MPRV, MPP and MPV say. */
    for (unsigned setting = 0; setting < 8; setting++) {
        bool spvp = setting & 1, mpp_is_m = setting & 2, mpv = setting & 4;
        *pte_of(own, TEST_VA, 0) = PTE_PPN(test_pages[0]) | (spvp ? LEAF_U : LEAF);
        *vs = PTE_PPN(TEST_GPA) | (spvp ? LEAF : LEAF_U);
        fence_all();
        csr_write(vsstatus, 0);
        csr_put(hstatus, HSTATUS_SPVP, spvp ? HSTATUS_SPVP : 0);
        context("HLV", setting);
        uint64_t mpp = mpp_is_m ? MSTATUS_MPP : spvp ? 0 : MSTATUS_MPP_S;
        struct trap trap = trap_of(MODE_M, loaded_by_hlv, MSTATUS_MPRV | mpp | (mpv ? MSTATUS_MPV : 0));
        CHECK_NO_TRAP("allowed", trap);
        CHECK_EQ("loaded", trap.value, 0x22);
    }
    context("guest-page fault", 0);
    *vs = PTE_PPN(TEST_GPA) | LEAF_U;
    map(guest.g, TEST_GPA, 0, 0, 0);
    fence_all();
    check_fault("as VU", trap_of(MODE_M, loaded, MSTATUS_MPRV | MSTATUS_MPV), MODE_M, LOAD, LOAD_GUEST_PAGE_FAULT,
                true, (TEST_GPA + 8) >> 2, false);
    context("MPP is M", 0);
    check_fault("physical", trap_of(MODE_M, loaded, MSTATUS_MPRV | MSTATUS_MPV | MSTATUS_MPP), MODE_M, LOAD,
                LOAD_ACCESS_FAULT, false, 0, false);
    return 0;
}
