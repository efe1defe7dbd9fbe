/* WFI: TW=1 makes it illegal in every mode but M; with TW=0 it is virtual in VU, and in VS where VTW=1. Where it may
   wait, a pending and enabled interrupt ends the wait. In U with TW=0 the manual leaves it open: not tried. It also
   lets a machine complete WFI in VS with VTW=1 where an interrupt is pending already: this one raises the exception.
   rules: hstatus_vtw_op, VTW_VIRTINSTR, mstatus_modes, H_virtinst_vu_wfi_tw0, H_virtinst_wfi_vtw1_tw0,
   mstatus_tw_op, MSTATUS_TW_TIME_LIMIT, MSTATUS_TW_ALWAYS_ILLEGAL, wfi_ill_exc, wfi_all_privileged_modes, wfi_enc */
#include "hyacinth.h"

int main(void)
{
    static const enum mode modes[] = {MODE_HS, MODE_M, MODE_VU, MODE_VS};
    /* cause for HS, M, VU, VS by TW and VTW */
    static const uint64_t causes[4][4] = {
        {NO_TRAP, NO_TRAP, VIRTUAL_INSTRUCTION, NO_TRAP},
        {NO_TRAP, NO_TRAP, VIRTUAL_INSTRUCTION, VIRTUAL_INSTRUCTION},
        {ILLEGAL_INSTRUCTION, NO_TRAP, ILLEGAL_INSTRUCTION, ILLEGAL_INSTRUCTION},
        {ILLEGAL_INSTRUCTION, NO_TRAP, ILLEGAL_INSTRUCTION, ILLEGAL_INSTRUCTION},
    };
    /* Pending and enabled in mie, delegated to HS and disabled there by sstatus.SIE=0; in U, VU and VS it would be
       taken, so it is enabled for HS and M alone. */
    delegate_interrupts(BIT(SSI), 0);
    csr_set(mip, BIT(SSI));
    for (unsigned setting = 0; setting < 4; setting++)
        for (unsigned i = 0; i < 4; i++) {
            context(mode_name(modes[i]), setting);
            csr_write(mie, modes[i] == MODE_HS || modes[i] == MODE_M ? BIT(SSI) : 0);
            csr_put(mstatus, MSTATUS_TW, setting & 2 ? MSTATUS_TW : 0);
            csr_put(hstatus, HSTATUS_VTW, setting & 1 ? HSTATUS_VTW : 0);
            if (modes[i] == MODE_VS && causes[setting][i] == NO_TRAP)
                continue;
            struct trap trap = attempt(modes[i], WORD("wfi"), 0, 0);
            if (causes[setting][i] == NO_TRAP)
                CHECK_NO_TRAP("WFI", trap);
            else
                CHECK_TRAP("WFI", trap, .in = MODE_M, .cause = causes[setting][i], .tval = THE_INSTRUCTION);
        }
    /* In VS with neither: an interrupt for VS itself, disabled there by vsstatus.SIE=0, ends the wait. */
    context(0, 0);
    csr_write(mie, 0);
    csr_write(mstatus, 0);
    csr_write(hstatus, 0);
    delegate_interrupts(0, BIT(VSSI));
    csr_write(hie, BIT(VSSI));
    csr_write(hvip, BIT(VSSI));
    CHECK_NO_TRAP("WFI in VS with its own interrupt pending", attempt(MODE_VS, WORD("wfi"), 0, 0));
    csr_set(hstatus, HSTATUS_VTW);
    CHECK_TRAP("WFI in VS with VTW, its own interrupt pending", attempt(MODE_VS, WORD("wfi"), 0, 0),
               .in = MODE_M, .cause = VIRTUAL_INSTRUCTION, .tval = THE_INSTRUCTION);
    csr_set(mstatus, MSTATUS_TW);
    CHECK_TRAP("WFI in U with TW", attempt(MODE_U, WORD("wfi"), 0, 0),
               .in = MODE_M, .cause = ILLEGAL_INSTRUCTION, .tval = THE_INSTRUCTION);
    return 0;
}
