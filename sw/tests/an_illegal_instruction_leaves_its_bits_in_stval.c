/* What is no instruction, what is no CSR, and what the mode may not do: an exception that goes to S-mode as delegated,
   sepc the instruction's address and stval its bits, 16 or 32 of them, right-justified below zeros. So also the virtual
   instruction.
   rules: stval_op_illegal_instr, stval_op_illegal_instr_format, sstvala_stval_faulting_instruction,
   ssstrict_unimplemented_opcodes_csr_exception */
#include "hyacinth.h"

#define READ_OF(csr) ((csr) << 20 | 2 << 12 | 12 << 7 | 0x73)
#define DELEGATED (BIT(ILLEGAL_INSTRUCTION) | BIT(VIRTUAL_INSTRUCTION))

int main(void)
{
    static const uint32_t words[] = {
        0x0000, 0x0004, 0x2001, 0x4002, 0x6101, 0x6201, 0x8002, /* reserved ones of 16 bits */
        0xffffffff, 0x0000000b, 0x0000002b, 0x0000005b, 0xfffff07b, 0x80000033, 0x00003063, 0x00002063, 0x00007003,
        0x00004023, 0x00001073 | 0x7c0 << 20, READ_OF(0x7c0), READ_OF(0x5c0), READ_OF(0x9c0), READ_OF(0xcff),
        READ_OF(0x300), 0x30200073,
    };
    static const enum mode modes[] = {MODE_U, MODE_HS, MODE_VU, MODE_VS};
    delegate_exceptions(DELEGATED, 0);
    for (unsigned m = 0; m < (hypervisor ? 4 : 2); m++)
        for (unsigned i = 0; i < sizeof words / sizeof *words; i++) {
            context(mode_name(modes[m]), words[i]);
            CHECK_TRAP("illegal", attempt(modes[m], words[i], 0, 0), .in = MODE_HS, .cause = ILLEGAL_INSTRUCTION,
                       .tval = words[i]);
        }
    if (!hypervisor)
        return 0;
    context("hstatus", 0);
    CHECK_TRAP("virtual", attempt(MODE_VS, WORD("csrr a2, hstatus"), 0, 0), .in = MODE_HS,
               .cause = VIRTUAL_INSTRUCTION, .tval = READ_OF(0x600));
    return 0;
}
