/* Every HLV, HLVX and HSV: from M, HS, and U with hstatus.HU=1 it reaches the page of a guest as VS or VU by SPVP;
   illegal from U with HU=0, virtual from VS and VU. Loads extend as their names say.
   rules: hstatus_hu_op, hlsv_mode, hlsv_op, hlsv_virtinst, hlsv_illegalinst, H_virtinst_vu_vs_hinst */
#include "hyacinth.h"

#define PATTERN 0x8182838485868788UL

int main(void)
{
    const struct {
        const char *name;
        uint32_t word;
        uint64_t result; /* of a load; of a store, what memory holds */
        bool store;
    } rows[] = {
        {"HLV.B", WORD("hlv.b a2, (a0)"), -0x78UL, false},
        {"HLV.BU", WORD("hlv.bu a2, (a0)"), 0x88, false},
        {"HLV.H", WORD("hlv.h a2, (a0)"), -0x7878UL, false},
        {"HLV.HU", WORD("hlv.hu a2, (a0)"), 0x8788, false},
        {"HLV.W", WORD("hlv.w a2, (a0)"), 0xffffffff85868788UL, false},
        {"HLV.WU", WORD("hlv.wu a2, (a0)"), 0x85868788UL, false},
        {"HLV.D", WORD("hlv.d a2, (a0)"), PATTERN, false},
        {"HLVX.HU", WORD("hlvx.hu a2, (a0)"), 0x8788, false},
        {"HLVX.WU", WORD("hlvx.wu a2, (a0)"), 0x85868788UL, false},
        {"HSV.B", WORD("hsv.b a1, (a0)"), 0x81828384858687f8UL, true},
        {"HSV.H", WORD("hsv.h a1, (a0)"), 0x818283848586f7f8UL, true},
        {"HSV.W", WORD("hsv.w a1, (a0)"), 0x81828384f5f6f7f8UL, true},
        {"HSV.D", WORD("hsv.d a1, (a0)"), 0xf1f2f3f4f5f6f7f8UL, true},
    };
    static const enum mode modes[] = {MODE_U, MODE_HS, MODE_M, MODE_VU, MODE_VS};
    struct guest guest = guest_on(&SV39, &SV39X4);
    map(guest.g, TEST_GPA, (uint64_t)test_pages[0], 0, LEAF_U);
    map(guest.vs, TEST_VA, TEST_GPA, 0, LEAF);
    map(guest.vs, TEST_VA + PAGE, TEST_GPA, 0, LEAF_U);
    delegate_exceptions(BIT(VIRTUAL_INSTRUCTION), 0);
    for (unsigned setting = 0; setting < 4; setting++)
        for (unsigned i = 0; i < sizeof rows / sizeof *rows; i++)
            for (unsigned m = 0; m < 5; m++) {
                bool hu = setting & 1, spvp = setting & 2;
                csr_write(hstatus, (hu ? HSTATUS_HU : 0) | (spvp ? HSTATUS_SPVP : 0));
                context(rows[i].name, setting << 4 | modes[m]);
                test_pages[0][2] = PATTERN;
                struct trap trap = attempt(modes[m], rows[i].word, TEST_VA + (spvp ? 0 : PAGE) + 16,
                                           0xf1f2f3f4f5f6f7f8UL);
                if (modes[m] >= MODE_VU) {
                    CHECK_TRAP("from V=1", trap, .in = MODE_HS, .cause = VIRTUAL_INSTRUCTION, .tval = THE_INSTRUCTION);
                } else if (modes[m] == MODE_U && !hu) {
                    CHECK_TRAP("from U", trap, .in = MODE_M, .cause = ILLEGAL_INSTRUCTION, .tval = THE_INSTRUCTION);
                } else {
                    CHECK_NO_TRAP("allowed", trap);
                    CHECK_EQ("result", rows[i].store ? test_pages[0][2] : trap.value, rows[i].result);
                }
            }
    return 0;
}
