/* A machine without F and V, or with FS=0 and VS=0 in sstatus or vsstatus: their instructions and CSRs raise an
   illegal-instruction exception in every mode; with V=1, too, it is never a virtual one. mstateen0.FCSR, where there is
   such a CSR, is read-only 0.
   rules: vsstatus_fs_op, vsstatus_vs_op, H_illegalinst_xstatus_fs_vs, mstatus_fs_vs_xs_off_op,
   stateen0_fcsr0_misa_f0_illegal_fpu_instr */
#include "hyacinth.h"

int main(void)
{
    const struct {
        const char *name;
        uint32_t word;
    } rows[] = {
        {"FLW", 0x00052507}, {"FLD", 0x00053507}, {"FSD", 0x00a53027}, {"FADD.D", 0x02b50553}, {"FMADD.S", 0x60b50543},
        {"FMV.X.W", 0xe0050653}, {"read of fcsr", 0x00302673}, {"write of frm", 0x00259673}, {"C.FLD", 0x2108},
        {"C.FSDSP", 0xa02a}, {"VSETVLI", 0x0c057657}, {"VLE8.V", 0x02050007}, {"VSE64.V", 0x02057027},
        {"VADD.VV", 0x02108157}, {"read of vl", 0xc2002673}, {"write of vstart", 0x00859673},
    };
    static const enum mode modes[] = {MODE_U, MODE_HS, MODE_M, MODE_VU, MODE_VS};
    delegate_exceptions(BIT(VIRTUAL_INSTRUCTION), 0);
    csr_clear(vsstatus, 3UL << 9 | 3UL << 13);
    csr_clear(sstatus, 3UL << 9 | 3UL << 13);
    attempt(MODE_M, WORD("csrs 0x30c, a1"), 0, MSTATEEN0_FCSR);
    CHECK_EQ("FCSR", attempt(MODE_M, WORD("csrr a2, 0x30c"), 0, 0).value & MSTATEEN0_FCSR, 0);
    for (unsigned r = 0; r < sizeof rows / sizeof *rows; r++)
        for (unsigned m = 0; m < 5; m++) {
            context(rows[r].name, modes[m]);
            CHECK_TRAP("illegal", attempt(modes[m], rows[r].word, (uint64_t)test_pages[0], 0), .in = MODE_M,
                       .cause = ILLEGAL_INSTRUCTION, .tval = THE_INSTRUCTION);
        }
    return 0;
}
