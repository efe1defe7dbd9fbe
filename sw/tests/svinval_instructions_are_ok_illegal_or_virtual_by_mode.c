/* SINVAL.VMA and HINVAL are forbidden where the fences of the same operands are, by mode, TVM and VTVM; SFENCE.W.INVAL
   and SFENCE.INVAL.IR in U and VU alone, whatever TVM and VTVM say.
   rules: Svinval_illegal_instruction_u_mode, Svinval_illegal_instruction_tvm, Svinval_virtual_instruction_vu_vs,
   Svinval_virtual_instruction_vtvms, Svinval_sfence_w_inval_inval_u_mode, Svinval_sfence_w_inval_inval_vu_mode,
   Svinval_sfence_w_inval_inval_s_vs_mode */
#include "hyacinth.h"

enum what { W_INVAL, INVAL_IR, SINVAL, HINVAL_VVMA, HINVAL_GVMA, KINDS };

static uint64_t answer(enum what what, enum mode mode, bool tvm, bool vtvm)
{
    if (mode == MODE_M)
        return NO_TRAP;
    if (mode == MODE_U)
        return ILLEGAL_INSTRUCTION;
    if (mode == MODE_VU)
        return VIRTUAL_INSTRUCTION;
    if (what == W_INVAL || what == INVAL_IR)
        return NO_TRAP;
    if (mode == MODE_HS)
        return tvm && what != HINVAL_VVMA ? ILLEGAL_INSTRUCTION : NO_TRAP;
    return what != SINVAL || vtvm ? VIRTUAL_INSTRUCTION : NO_TRAP;
}

int main(void)
{
    const uint32_t words[KINDS] = {WORD("sfence.w.inval"), WORD("sfence.inval.ir"), WORD("sinval.vma a0, a1"),
                                   WORD("hinval.vvma a0, a1"), WORD("hinval.gvma a0, a1")};
    static const char *const names[KINDS] = {"SFENCE.W.INVAL", "SFENCE.INVAL.IR", "SINVAL.VMA", "HINVAL.VVMA",
                                             "HINVAL.GVMA"};
    static const enum mode modes[] = {MODE_U, MODE_HS, MODE_M, MODE_VU, MODE_VS};
    if (attempt(MODE_M, words[W_INVAL], 0, 0).cause != NO_TRAP)
        return 0; /* no Svinval */
    for (unsigned setting = 0; setting < 4; setting++)
        for (unsigned what = 0; what < KINDS; what++)
            for (unsigned m = 0; m < 5; m++) {
                bool tvm = setting & 1, vtvm = setting & 2;
                context(names[what], setting << 4 | modes[m]);
                csr_put(mstatus, MSTATUS_TVM, tvm ? MSTATUS_TVM : 0);
                csr_write(hstatus, vtvm ? HSTATUS_VTVM : 0);
                struct trap trap = attempt(modes[m], words[what], 0, 0);
                uint64_t cause = answer(what, modes[m], tvm, vtvm);
                if (cause == NO_TRAP)
                    CHECK_NO_TRAP("allowed", trap);
                else
                    CHECK_TRAP("forbidden", trap, .in = MODE_M, .cause = cause, .tval = THE_INSTRUCTION);
            }
    return 0;
}
