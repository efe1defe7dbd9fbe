/* On a trap the mode that takes it has its xIE=0, xPIE what xIE was, xPP the privilege it came from, and, M and HS, MPV
   or SPV the V it came from. SPVP changes only on a trap from V=1, and then is the privilege. Nothing of the other
   modes' status changes.
   rules: mstatus_xpp_op, mstatus_xpie_trap_op, mstatus_xie_trap_op, mstatus_xpp_trap_op, sstatus_spp_op,
   sstatus_spie_op, hstatus_spv_op, hstatus_spvp_op, mstatus_mpv_op, H_trap_m_csrwrites, H_trap_hs_csrwrites,
   H_trap_vs_csrwrites */
#include "hyacinth.h"

static volatile uint64_t m_status, hs_status, vs_status, h_status;

static bool look(struct frame *frame, const struct trap *trap)
{
    (void)frame;
    if (trap->in == MODE_M) {
        m_status = csr_read(mstatus);
        hs_status = csr_read(sstatus);
        h_status = csr_read(hstatus);
        vs_status = csr_read(vsstatus);
    } else if (trap->in == MODE_HS) {
        hs_status = csr_read(sstatus);
        h_status = csr_read(hstatus);
        vs_status = csr_read(vsstatus);
    } else {
        vs_status = csr_read(sstatus);
    }
    return false;
}

int main(void)
{
    static const enum mode modes[] = {MODE_U, MODE_HS, MODE_VU, MODE_VS};
    const uint64_t pushed = MSTATUS_SIE | MSTATUS_SPIE | MSTATUS_SPP;
    trap_hook = look;
    for (unsigned m = 0; m < 4; m++)
        for (unsigned target = 0; target < 3; target++)
            for (unsigned ie = 0; ie < 4; ie++) {
                enum mode mode = modes[m];
                if (target == 2 && mode < MODE_VU)
                    continue;
                uint64_t bit = BIT(ILLEGAL_INSTRUCTION);
                uint64_t sie = ie & 1 ? MSTATUS_SIE : 0, spie = ie & 2 ? MSTATUS_SPIE : 0;
                uint64_t spp = mode & 1 ? MSTATUS_SPP : 0, old_spvp = ie & 1 ? HSTATUS_SPVP : 0;
                delegate_exceptions(target > 0 ? bit : 0, target > 1 ? bit : 0);
                csr_write(sstatus, sie | spie);
                csr_write(vsstatus, sie | spie);
                csr_write(hstatus, old_spvp);
                context(mode_name(mode), target << 4 | ie);
                CHECK_EQ("cause", attempt(mode, WORD("mret"), 0, 0).cause, ILLEGAL_INSTRUCTION);
                uint64_t after = (sie ? MSTATUS_SPIE : 0) | spp;
                if (target == 0) {
                    CHECK_EQ("MIE", m_status & MSTATUS_MIE, 0);
                    CHECK_EQ("MPP", m_status >> 11 & 3, mode & 1);
                    CHECK_EQ("MPV", m_status >> 39 & 1, mode >> 2);
                    CHECK_EQ("sstatus as it was", hs_status & pushed, sie | spie);
                }
                if (target == 1) {
                    CHECK_EQ("sstatus pushed", hs_status & pushed, after);
                    CHECK_EQ("SPV", !!(h_status & HSTATUS_SPV), mode >> 2);
                    CHECK_EQ("SPVP", h_status & HSTATUS_SPVP, mode >> 2 ? (mode & 1 ? HSTATUS_SPVP : 0) : old_spvp);
                } else if (target == 0) {
                    CHECK_EQ("hstatus as it was", h_status & (HSTATUS_SPV | HSTATUS_SPVP), old_spvp);
                }
                CHECK_EQ("vsstatus", vs_status & pushed, target == 2 ? after : sie | spie);
            }
    return 0;
}
