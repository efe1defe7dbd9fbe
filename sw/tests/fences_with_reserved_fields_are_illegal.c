/* SFENCE.VMA, HFENCE, HLV, HSV, WFI, SRET and MRET with a field set that is reserved: illegal in every mode, never
   virtual. */
#include "hyacinth.h"

int main(void)
{
    const struct {
        const char *name;
        uint32_t word, reserved;
    } rows[] = {
        {"SFENCE.VMA with rd", WORD("sfence.vma"), 1 << 7}, {"HFENCE.VVMA with rd", WORD("hfence.vvma"), 1 << 11},
        {"HFENCE.GVMA with rd", WORD("hfence.gvma"), 1 << 7}, {"HSV.D with rd", WORD("hsv.d a1, (a0)"), 1 << 8},
        {"HLV.D with rs2=4", WORD("hlv.d a2, (a0)"), 4 << 20}, {"WFI with rs1", WORD("wfi"), 1 << 15},
        {"SRET with rd", WORD("sret"), 1 << 7}, {"MRET with rs1", WORD("mret"), 1 << 15},
        {"HLVX.BU", WORD("hlvx.hu a2, (a0)") & ~(4U << 24), 0}, {"HLVX.D", WORD("hlvx.wu a2, (a0)") | 4U << 24, 0},
        {"ECALL with rd", WORD("ecall"), 1 << 7},
    };
    static const enum mode modes[] = {MODE_U, MODE_HS, MODE_M, MODE_VU, MODE_VS};
    for (unsigned r = 0; r < sizeof rows / sizeof *rows; r++)
        for (unsigned m = 0; m < 5; m++) {
            context(rows[r].name, modes[m]);
            CHECK_TRAP("illegal", attempt(modes[m], rows[r].word | rows[r].reserved, (uint64_t)test_pages[0], 0),
                       .in = MODE_M, .cause = ILLEGAL_INSTRUCTION, .tval = THE_INSTRUCTION);
        }
    return 0;
}
