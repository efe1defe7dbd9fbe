/* SPVP=0: a VU access, to U pages alone. SPVP=1: a VS access, to S pages, and to U pages where vsstatus.SUM=1;
   sstatus.SUM does not matter. Either MXR lets HLV read an executable page of the VS stage; at the G stage that of
   sstatus alone does.
   rules: hstatus_spvp_op, hlsv_priv, hlsv_trans, hlsv_sstatus_mxr, hlsv_vsstatus_mxr */
#include "hyacinth.h"

int main(void)
{
    struct guest guest = guest_on(&SV39, &SV39X4);
    map(guest.g, TEST_GPA, (uint64_t)test_pages[0], 0, LEAF_U);
    delegate_exceptions(ALL_EXCEPTIONS, 0);
    for (unsigned setting = 0; setting < 64; setting++) {
        bool spvp = setting & 1, vs_sum = setting & 2, vs_mxr = setting & 4, hs_mxr = setting & 8;
        bool user_page = setting & 16, execute_only = setting & 32;
        map(guest.vs, TEST_VA, TEST_GPA, 0, PTE_V | PTE_A | PTE_D | PTE_X | (execute_only ? 0 : PTE_R | PTE_W)
            | (user_page ? PTE_U : 0));
        fence_all();
        csr_write(hstatus, spvp ? HSTATUS_SPVP : 0);
        csr_write(vsstatus, (vs_sum ? MSTATUS_SUM : 0) | (vs_mxr ? MSTATUS_MXR : 0));
        csr_write(sstatus, (vs_sum ? 0 : MSTATUS_SUM) | (hs_mxr ? MSTATUS_MXR : 0));
        bool reachable = spvp ? !user_page || vs_sum : user_page;
        for (unsigned m = 0; m < 2; m++) {
            enum mode mode = m ? MODE_M : MODE_HS, in = m ? MODE_M : MODE_HS;
            context(mode_name(mode), setting);
            struct trap load = attempt(mode, WORD("hlv.d a2, (a0)"), TEST_VA + 8, 0);
            if (reachable && (!execute_only || vs_mxr || hs_mxr))
                CHECK_NO_TRAP("HLV", load);
            else
                check_fault("HLV", load, in, LOAD, LOAD_PAGE_FAULT, true, 0, false);
            struct trap fetch = attempt(mode, WORD("hlvx.wu a2, (a0)"), TEST_VA + 8, 0);
            if (reachable)
                CHECK_NO_TRAP("HLVX", fetch);
            else
                check_fault("HLVX", fetch, in, LOAD, LOAD_PAGE_FAULT, true, 0, false);
            struct trap store = attempt(mode, WORD("hsv.d a1, (a0)"), TEST_VA + 8, 0);
            if (reachable && !execute_only)
                CHECK_NO_TRAP("HSV", store);
            else
                check_fault("HSV", store, in, STORE, STORE_PAGE_FAULT, true, 0, false);
        }
    }
    map(guest.vs, TEST_VA, TEST_GPA, 0, LEAF);
    map(guest.g, TEST_GPA, (uint64_t)test_pages[0], 0, LEAF_U & ~(PTE_R | PTE_W));
    fence_all();
    csr_write(hstatus, HSTATUS_SPVP);
    for (unsigned setting = 0; setting < 4; setting++) {
        csr_write(vsstatus, setting & 1 ? MSTATUS_MXR : 0);
        csr_write(sstatus, setting & 2 ? MSTATUS_MXR : 0);
        context("G stage", setting);
        struct trap load = attempt(MODE_HS, WORD("hlv.d a2, (a0)"), TEST_VA + 8, 0);
        if (setting & 2)
            CHECK_NO_TRAP("HLV", load);
        else
            check_fault("HLV", load, MODE_HS, LOAD, LOAD_GUEST_PAGE_FAULT, true, (TEST_GPA + 8) >> 2, false);
    }
    return 0;
}
