/* What is no instruction, what is no CSR, and what the mode may not do: an exception, in M or as delegated in HS, whose
   xtval is the instruction's bits, 16 or 32 of them, right-justified below zeros. So also the virtual instruction.
   rules: mtval_instr_bits, mtval_ill_instr_exc_in_low_bits, stval_op_illegal_instr, stval_op_illegal_instr_format,
   sstvala_stval_faulting_instruction, ssstrict_unimplemented_opcodes_csr_exception */
#include "hyacinth.h"

#define READ_OF(csr) ((csr) << 20 | 2 << 12 | 12 << 7 | 0x73)

int main(void)
{
    static const uint32_t words[] = {
        0x0000, 0x0004, 0x2001, 0x4002, 0x6001, 0x6101, 0x6201, 0x8002, 0x9c79, 0x9c7d, /* reserved ones of 16 bits */
        0xffffffff, 0xffffff8b, 0x0000000b, 0x0000002b, 0x0000005b, 0x80000057, 0xfffff07b, 0x80000033, 0x00003063,
        0x00002063, 0x00007003, 0x00004023, 0x00001073 | 0x7c0 << 20, READ_OF(0x7c0), READ_OF(0x5c0), READ_OF(0x9c0),
        READ_OF(0xcff),
    };
    static const uint32_t of_m[] = {READ_OF(0x300), 0x30200073 /* MRET */};
    static const enum mode modes[] = {MODE_U, MODE_HS, MODE_M, MODE_VU, MODE_VS};
    const unsigned count = sizeof words / sizeof *words;
    for (unsigned to_hs = 0; to_hs < 2; to_hs++) {
        delegate_exceptions(to_hs ? BIT(ILLEGAL_INSTRUCTION) | BIT(VIRTUAL_INSTRUCTION) : 0, 0);
        for (unsigned m = 0; m < (hypervisor ? 5 : 3); m++)
            for (unsigned i = 0; i < count + (modes[m] == MODE_M ? 0 : 2); i++) {
                uint32_t word = i < count ? words[i] : of_m[i - count];
                context(mode_name(modes[m]), word);
                CHECK_TRAP("illegal", attempt(modes[m], word, 0, 0), .cause = ILLEGAL_INSTRUCTION,
                           .in = to_hs && modes[m] != MODE_M ? MODE_HS : MODE_M, .tval = word);
            }
        context("hstatus", to_hs);
        if (hypervisor)
            CHECK_TRAP("virtual", attempt(MODE_VS, WORD("csrr a2, hstatus"), 0, 0), .in = to_hs ? MODE_HS : MODE_M,
                       .cause = VIRTUAL_INSTRUCTION, .tval = READ_OF(0x600));
    }
    return 0;
}
