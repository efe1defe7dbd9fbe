/* Each CSR, read and written, in each mode. The number says who may: bits 9:8 the least privilege, 11:10 = 3 read-only.
   What V=1 may not do though HS could is virtual; else illegal. Numbers that no CSR has, the high halves of RV32 and
   that of seed among them, are illegal everywhere.
   rules: M_access_all_lower_priv_CSRs, misa_always_rd, MEDELEGH_OMIT_XLEN64, medeleg_mandatory_S_mode,
   mideleg_mandatory_S_mode, cycle_rdonly, instret_rdonly, time_rdonly, pmp_csr_mode, pmp_cfg_rv64_illegal,
   sstatus_mode, stvec_mode, sip_mode, sie_mode, scounteren_mode, sscratch_mode, sepc_mode, stval_mode,
   senvcfg_mode, Zicsr_higher_priv, Zicsr_rw, Zicsr_access, Zicsr_illegal_mode, Zicsr_illegal_acc,
   Zicsr_debug_illegal, H_csrs_hs_not_vs, H_vscsrs_acc_vs, H_vscsrs_acc_u, H_vscsrs_acc_m_hs, hgeip_acc,
   H_cause_virtual_instruction, H_illegal_high_half, H_virtinst_vu_vs_nonhigh_allowedhs_tvm0,
   H_virtinst_vu_nonhigh_supervisor_allowedhs_tvm0, H_virtinst_xtval, non_priv_exc, m_level_highest_priv,
   menvcfg_no_U_mode, mseccfg_useed_U-mode_op, mseccfg_sseed_S_mode_op, mseccfg_sseed_HS_mode_op,
   mseccfg_sseed_VS_mode_op, mseccfg_sseed_VU_mode_op */
#include "hyacinth.h"

static void check_csr(uint32_t number, bool exists, bool write, enum mode mode)
{
    bool possible = exists && !(write && number >> 10 == 3);
    unsigned least = number >> 8 & 3, rank = mode == MODE_HS ? 2 : mode & 3;
    uint32_t word = number << 20 | (write ? 11 : 0) << 15 | 2 << 12 | 12 << 7 | 0x73; /* CSRRS a2, csr, a1 or x0 */
    struct trap trap = attempt(mode, word, 0, 0);
    if (possible && least <= rank)
        CHECK_NO_TRAP(write ? "write" : "read", trap);
    else
        CHECK_TRAP(write ? "write" : "read", trap, .in = MODE_M, .tval = THE_INSTRUCTION,
                   .cause = mode >= MODE_VU && possible && least <= 2 ? VIRTUAL_INSTRUCTION : ILLEGAL_INSTRUCTION);
}

int main(void)
{
    static const uint16_t exist[] = {
        0xc00, 0xc01, 0xc02,                                                        /* cycle, time, instret */
        0x100, 0x104, 0x105, 0x106, 0x140, 0x141, 0x142, 0x143, 0x144, 0x180, 0x10a, /* supervisor */
        0x600, 0x602, 0x603, 0x604, 0x605, 0x606, 0x607, 0x60a, 0x643, 0x644, 0x645, 0x64a, 0x680, 0xe12, /* HS */
        0x200, 0x204, 0x205, 0x240, 0x241, 0x242, 0x243, 0x244, 0x280,              /* VS */
        0x300, 0x301, 0x302, 0x303, 0x304, 0x305, 0x306, 0x30a, 0x340, 0x341, 0x342, 0x343, 0x344, 0x34a, 0x34b,
        0xf11, 0xf12, 0xf13, 0xf14, 0xb00, 0xb02, 0x3a0, 0x3b0, 0x320,              /* machine */
    };
    static const uint16_t absent[] = {
        0x015, 0x312, 0x615, 0x61a, 0x612, 0x613, 0x656, 0xc80, 0xc81, 0x25d, 0x310, 0x31a, 0x3a1, 0x682, 0x2ff, 0x9c0,
        0xc8f, 0x7b0, 0x7b1, 0x7b2, 0x7b3, 0x7b4, 0x7bf, /* the last ones of debug mode */
    };
    static const enum mode modes[] = {MODE_U, MODE_HS, MODE_M, MODE_VU, MODE_VS};
    csr_write(mcounteren, 7);
    csr_write(hcounteren, 7);
    csr_write(scounteren, 7);
    for (unsigned m = 0; m < 5; m++) {
        for (unsigned i = 0; i < sizeof exist / sizeof *exist; i++) {
            context(mode_name(modes[m]), exist[i]);
            check_csr(exist[i], true, false, modes[m]);
            check_csr(exist[i], true, true, modes[m]);
        }
        for (unsigned i = 0; i < sizeof absent / sizeof *absent; i++) {
            context(mode_name(modes[m]), absent[i]);
            check_csr(absent[i], false, false, modes[m]);
            check_csr(absent[i], false, true, modes[m]);
        }
    }
    return 0;
}
