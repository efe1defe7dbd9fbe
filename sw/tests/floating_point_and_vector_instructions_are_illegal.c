/* Without F, D and V there is no state of theirs, FS and VS are Off for good: what reads or writes it is illegal in
   each mode, and not virtual in a guest.
   rules: mstatus_fs_vs_xs_off_op */
#include "hyacinth.h"

int main(void)
{
    static const struct {
        const char *name;
        uint32_t word;
    } rows[] = {
        {"FLW", 0x00052007}, {"FSD", 0x00a53027}, {"FADD.S", 0x00b50053}, {"FMADD.D", 0x02b50043},
        {"FMV.X.W", 0xe0050653}, {"C.FLD", 0x2100}, {"C.FSD", 0xa100}, {"C.FLDSP", 0x2002}, {"C.FSDSP", 0xa002},
        {"fflags", 0x00102673}, {"frm", 0x00202673}, {"fcsr", 0x00302673}, {"FSCSR", 0x00359673},
        {"VSETVLI", 0x0c0576d7}, {"VLE8.V", 0x02050007}, {"vstart", 0x00802673}, {"vl", 0xc2002673},
        {"vtype", 0xc2102673},
    };
    static const enum mode modes[] = {MODE_U, MODE_HS, MODE_M, MODE_VU, MODE_VS};
    for (unsigned m = 0; m < 5; m++)
        for (unsigned i = 0; i < sizeof rows / sizeof *rows; i++) {
            context(rows[i].name, modes[m]);
            CHECK_TRAP("illegal", attempt(modes[m], rows[i].word, (uint64_t)test_pages[0], 0), .in = MODE_M,
                       .cause = ILLEGAL_INSTRUCTION, .tval = THE_INSTRUCTION);
        }
    return 0;
}
