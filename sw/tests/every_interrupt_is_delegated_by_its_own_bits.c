/* Each interrupt, in U, HS, VU and VS: M's stay in M; SSI, STI and SEI go to HS where mideleg says so; VSSI, VSTI and
   VSEI to HS, which mideleg says always, and from V=1 to VS where hideleg says so, with a code one lower. One that is
   for a less privileged mode than the one that runs waits.
   rules: mstatus_sie_op, mstatus_xie_intr_en_dis, mip_enc, mie_enc, mideleg_enc, MIDELEG_OP, mcause_intr_op,
   mcause_exccode_enc, trap_def_M_mode, mip_std_enc, mie_std_enc, mip_meip_op, mie_meie_op, mip_mtip_op,
   mie_mtie_op, mip_msip_op, mie_msie_op, MIE_MSIE_MAYBE_RDONLY0, mip_seip_op, mie_seie_op, mip_stip_no_stimecmp_op,
   mip_stie_op, mip_ssip_op, mie_ssie_op, mtval_other_traps_zero, trap_del_intr_priv_lvl, intr_mip_mie_op,
   sstatus_sie_op, scause_op, scause_interrupt_op, stval_op_other_traps, sip_ssip_op, hideleg_op, hideleg_acc,
   hideleg_hs, mideleg_acc_h, H_trap_deleg */
#include "interrupts.h"

int main(void)
{
    static const unsigned codes[] = {SSI, STI, SEI, VSSI, VSTI, VSEI, MSI, MTI, MEI};
    static const enum mode modes[] = {MODE_U, MODE_HS, MODE_VU, MODE_VS};
    const uint64_t for_guests = BIT(VSSI) | BIT(VSTI) | BIT(VSEI);
    for (unsigned i = 0; i < sizeof codes / sizeof *codes; i++)
        for (unsigned setting = 0; setting < 8; setting++)
            for (unsigned m = 0; m < 4; m++) {
                unsigned code = codes[i];
                uint64_t bit = BIT(code);
                enum mode mode = modes[m], in = MODE_M;
                bool sie = setting & 4 && mode & 1, guests = bit & for_guests;
                bool machines = code == MSI || code == MTI || code == MEI;
                context(mode_name(mode), code << 8 | setting);
                delegate_interrupts(setting & 1 ? bit : ~bit, setting & 2 ? bit : ~bit);
                if (guests || (setting & 1 && !machines))
                    in = MODE_HS;
                if (guests && setting & 2)
                    in = MODE_VS;
                csr_write(vsstatus, 0);
                csr_write(mie, bit);
                raise(code, true);
                struct trap trap = trap_of(mode, wait_for, WAIT_FOR(1UL, sie));
                raise(code, false);
                bool taken = in == MODE_M || (in == MODE_HS && (mode != MODE_HS || sie))
                    || (in == MODE_VS && (mode == MODE_VU || (mode == MODE_VS && sie)));
                if (taken)
                    CHECK_TRAP("interrupt", trap, .in = in, .cause = INTERRUPT(code - (in == MODE_VS)));
                else
                    CHECK_NO_TRAP("waiting", trap);
            }
    csr_write(mie, 0);
    context("masks", 0);
    delegate_interrupts(0, ~0UL);
    CHECK_EQ("mideleg has VS's interrupts always", csr_read(mideleg) & for_guests, for_guests);
    CHECK_EQ("hideleg holds VS's", csr_read(hideleg) & 0x1fff, for_guests);
    delegate_interrupts(~0UL, 0);
    CHECK_EQ("mideleg never holds M's", csr_read(mideleg) & (BIT(MSI) | BIT(MTI) | BIT(MEI)), 0);
    return 0;
}
