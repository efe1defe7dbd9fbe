/* misa.H=0: no CSR and no instruction of the extension, no V: MPV reads 0, HLV and HFENCE are illegal, S-mode is plain.
   Set again, all is back. mtval2 stays, where Ssdbltrp has it too.
   rules: misa_extensions_disabling, misa_extensions_disabling_def, misa_acc, misa_h_op */
#include "hyacinth.h"

int main(void)
{
    CHECK_EQ("misa.H", csr_read(misa) & MISA_H, MISA_H);
    csr_clear(misa, MISA_H);
    if (csr_read(misa) & MISA_H)
        return 0; /* the manual lets misa be read-only: on such a machine there is nothing to check */
    hypervisor = false;
    static const enum mode modes[] = {MODE_M, MODE_HS};
    const uint32_t words[] = {
        WORD("csrr a2, hstatus"), WORD("csrr a2, hgatp"), WORD("csrr a2, vsstatus"), WORD("csrr a2, hgeip"),
        WORD("csrr a2, mtinst"), WORD("hlv.d a2, (a0)"), WORD("hsv.d a1, (a0)"),
        WORD("hlvx.wu a2, (a0)"), WORD("hfence.vvma"), WORD("hfence.gvma"), WORD("csrr a2, vstimecmp"),
    };
    for (unsigned m = 0; m < 2; m++)
        for (unsigned i = 0; i < sizeof words / sizeof *words; i++) {
            context(mode_name(modes[m]), i);
            CHECK_TRAP("illegal", attempt(modes[m], words[i], 0, 0), .in = MODE_M, .cause = ILLEGAL_INSTRUCTION,
                       .tval = THE_INSTRUCTION);
        }
    context("V", 0);
    csr_set(mstatus, MSTATUS_MPV);
    CHECK_EQ("MPV", csr_read(mstatus) & MSTATUS_MPV, 0);
    CHECK_TRAP("ECALL from S", attempt(MODE_HS, WORD("ecall"), 0, 0), .in = MODE_M, .cause = ECALL_S);
    csr_write(medeleg, BIT(ILLEGAL_INSTRUCTION));
    CHECK_TRAP("delegated", attempt(MODE_U, WORD("mret"), 0, 0), .in = MODE_HS, .cause = ILLEGAL_INSTRUCTION,
               .tval = THE_INSTRUCTION);
    csr_write(mideleg, 0);
    CHECK_EQ("mideleg has nothing of VS", csr_read(mideleg) & 0x1444, 0);

    csr_set(misa, MISA_H);
    hypervisor = true;
    CHECK_EQ("misa.H again", csr_read(misa) & MISA_H, MISA_H);
    CHECK_TRAP("ECALL from VS", attempt(MODE_VS, WORD("ecall"), 0, 0), .in = MODE_M, .cause = ECALL_VS);
    CHECK_NO_TRAP("hstatus", attempt(MODE_HS, WORD("csrr a2, hstatus"), 0, 0));
    return 0;
}
