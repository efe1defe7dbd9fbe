/* The six CSR instructions, with x0 and without: rd gets the old value, CSRRW writes, CSRRS and CSRRC set and clear the
   bits of their operand, the immediate is five bits without a sign. CSRRS and CSRRC do not write where rs1 is x0 or the
   immediate 0, so that they may read what is read-only; with another rs1 they write, even where it holds 0.
   rules: csrrw_op, csrrs_op, csrrc_op, csrrwi_op, csrrsi_op, csrrci_op, zicsr_rs1_x0, zicsr_rd_x0, zicsr_uimm_zero,
   zicsr_side_effects, Zicsr_illegal_acc */
#include "hyacinth.h"

#define OLD 0x8000000012345677UL
#define BITS 0x8000000f0f0f0f05UL

int main(void)
{
    const struct {
        const char *name;
        uint32_t word;
        uint64_t rd, after; /* of stval, which holds any 64 bits */
    } rows[] = {
        {"CSRRW", WORD("csrrw a2, stval, a1"), OLD, BITS},
        {"CSRRW to x0", WORD("csrrw x0, stval, a1"), 0, BITS},
        {"CSRRW of x0", WORD("csrrw a2, stval, x0"), OLD, 0},
        {"CSRRS", WORD("csrrs a2, stval, a1"), OLD, OLD | BITS},
        {"CSRRS to x0", WORD("csrrs x0, stval, a1"), 0, OLD | BITS},
        {"CSRRS of x0", WORD("csrrs a2, stval, x0"), OLD, OLD},
        {"CSRRC", WORD("csrrc a2, stval, a1"), OLD, OLD & ~BITS},
        {"CSRRC to x0", WORD("csrrc x0, stval, a1"), 0, OLD & ~BITS},
        {"CSRRC of x0", WORD("csrrc a2, stval, x0"), OLD, OLD},
        {"CSRRWI", WORD("csrrwi a2, stval, 31"), OLD, 31},
        {"CSRRWI to x0", WORD("csrrwi x0, stval, 16"), 0, 16},
        {"CSRRWI of 0", WORD("csrrwi a2, stval, 0"), OLD, 0},
        {"CSRRSI", WORD("csrrsi a2, stval, 24"), OLD, OLD | 24},
        {"CSRRSI to x0", WORD("csrrsi x0, stval, 31"), 0, OLD | 31},
        {"CSRRSI of 0", WORD("csrrsi a2, stval, 0"), OLD, OLD},
        {"CSRRCI", WORD("csrrci a2, stval, 19"), OLD, OLD & ~19UL},
        {"CSRRCI to x0", WORD("csrrci x0, stval, 31"), 0, OLD & ~31UL},
        {"CSRRCI of 0", WORD("csrrci a2, stval, 0"), OLD, OLD},
    };
    static const enum mode modes[] = {MODE_HS, MODE_M};
    for (unsigned m = 0; m < 2; m++)
        for (unsigned i = 0; i < sizeof rows / sizeof *rows; i++) {
            context(rows[i].name, modes[m]);
            csr_write(stval, OLD);
            struct trap trap = attempt(modes[m], rows[i].word, 0, BITS);
            CHECK_NO_TRAP("allowed", trap);
            CHECK_EQ("rd", trap.value, rows[i].rd);
            CHECK_EQ("the CSR", csr_read(stval), rows[i].after);
        }

    const uint32_t reads[] = {WORD("csrrs a2, mhartid, x0"), WORD("csrrc a2, mhartid, x0"),
                              WORD("csrrsi a2, mhartid, 0"), WORD("csrrci a2, mhartid, 0")};
    const uint32_t writes[] = {WORD("csrrs a2, mhartid, a1"), WORD("csrrc a2, mhartid, a1"),
                               WORD("csrrw a2, mhartid, a1"), WORD("csrrw a2, mhartid, x0"),
                               WORD("csrrwi a2, mhartid, 0"), WORD("csrrsi a2, mhartid, 1"),
                               WORD("csrrci a2, mhartid, 1")};
    for (unsigned i = 0; i < sizeof reads / sizeof *reads; i++) {
        context("read of what is read-only", i);
        CHECK_NO_TRAP("allowed", attempt(MODE_M, reads[i], 0, 0));
    }
    for (unsigned i = 0; i < sizeof writes / sizeof *writes; i++) {
        context("write of what is read-only", i);
        CHECK_TRAP("forbidden", attempt(MODE_M, writes[i], 0, 0), .in = MODE_M, .cause = ILLEGAL_INSTRUCTION,
                   .tval = THE_INSTRUCTION);
    }
    return 0;
}
