/* Loads, stores, atomics, HLV and HSV, wide and compressed, that fault: htinst and mtinst are the instruction with its
   immediate and rs1 as 0, bit 1 cleared for a compressed one. Here they are numbers.
   rules: H_trap_xtinst, H_trap_xtinst_exception, mtinst_op, htinst_op */
#include "hyacinth.h"

int main(void)
{
    const struct {
        const char *name;
        uint32_t word, expected;
    } rows[] = {
        {"LB", WORD("lb a2, 16(a0)"), 0x00000603}, {"LBU", WORD("lbu a2, 16(a0)"), 0x00004603},
        {"LH", WORD("lh a2, 16(a0)"), 0x00001603}, {"LHU", WORD("lhu a2, -16(a0)"), 0x00005603},
        {"LW", WORD("lw a2, 16(a0)"), 0x00002603}, {"LWU", WORD("lwu a2, 16(a0)"), 0x00006603},
        {"LD", WORD("ld a2, -16(a0)"), 0x00003603}, {"LD x0", WORD("ld x0, 16(a0)"), 0x00003003},
        {"SB", WORD("sb a1, 16(a0)"), 0x00b00023}, {"SH", WORD("sh a1, 16(a0)"), 0x00b01023},
        {"SW", WORD("sw a1, -16(a0)"), 0x00b02023}, {"SD", WORD("sd a1, 16(a0)"), 0x00b03023},
        {"C.LW", WORD_C("c.lw a2, 16(a0)"), 0x00002601}, {"C.LD", WORD_C("c.ld a2, 16(a0)"), 0x00003601},
        {"C.SW", WORD_C("c.sw a1, 16(a0)"), 0x00b02021}, {"C.SD", WORD_C("c.sd a1, 16(a0)"), 0x00b03021},
        {"LR.W", WORD("lr.w a2, (a0)"), 0x1000262f}, {"LR.D.AQ", WORD("lr.d.aq a2, (a0)"), 0x1400362f},
        {"SC.W", WORD("sc.w a2, a1, (a0)"), 0x18b0262f}, {"SC.D.RL", WORD("sc.d.rl a2, a1, (a0)"), 0x1ab0362f},
        {"AMOADD.W", WORD("amoadd.w a2, a1, (a0)"), 0x00b0262f},
        {"AMOMAXU.D", WORD("amomaxu.d.aqrl a2, a1, (a0)"), 0xe6b0362f},
    }, hypervisor_rows[] = {
        {"HLV.B", WORD("hlv.b a2, (a0)"), 0x60004673}, {"HLV.BU", WORD("hlv.bu a2, (a0)"), 0x60104673},
        {"HLV.H", WORD("hlv.h a2, (a0)"), 0x64004673}, {"HLV.HU", WORD("hlv.hu a2, (a0)"), 0x64104673},
        {"HLVX.HU", WORD("hlvx.hu a2, (a0)"), 0x64304673}, {"HLV.W", WORD("hlv.w a2, (a0)"), 0x68004673},
        {"HLV.WU", WORD("hlv.wu a2, (a0)"), 0x68104673}, {"HLVX.WU", WORD("hlvx.wu a2, (a0)"), 0x68304673},
        {"HLV.D", WORD("hlv.d a2, (a0)"), 0x6c004673}, {"HSV.B", WORD("hsv.b a1, (a0)"), 0x62b04073},
        {"HSV.H", WORD("hsv.h a1, (a0)"), 0x66b04073}, {"HSV.W", WORD("hsv.w a1, (a0)"), 0x6ab04073},
        {"HSV.D", WORD("hsv.d a1, (a0)"), 0x6eb04073},
    };
    for (unsigned i = 0; i < sizeof rows / sizeof *rows; i++) {
        context(rows[i].name, 0);
        CHECK_EQ("by the library", transformed(rows[i].word, 0), rows[i].expected);
    }
    for (unsigned i = 0; i < sizeof hypervisor_rows / sizeof *hypervisor_rows; i++) {
        context(hypervisor_rows[i].name, 0);
        CHECK_EQ("by the library", transformed(hypervisor_rows[i].word, 0), hypervisor_rows[i].expected);
    }
    context("the stack pointer's compressed ones", 0);
    CHECK_EQ("C.LWSP", transformed(WORD_C("c.lwsp a2, 8(sp)"), 0), 0x00002601);
    CHECK_EQ("C.LDSP", transformed(WORD_C("c.ldsp a2, 8(sp)"), 0), 0x00003601);
    CHECK_EQ("C.SWSP", transformed(WORD_C("c.swsp a2, 8(sp)"), 0), 0x00c02021);
    CHECK_EQ("C.SDSP", transformed(WORD_C("c.sdsp a2, 8(sp)"), 0), 0x00c03021);
    guest_on(&BARE, &SV39X4);
    for (unsigned delegated = 0; delegated < 2; delegated++) {
        delegate_exceptions(delegated ? ALL_EXCEPTIONS : 0, 0);
        for (unsigned i = 0; i < sizeof rows / sizeof *rows; i++) {
            context(rows[i].name, 0);
            CHECK_EQ("in VS", attempt(MODE_VS, rows[i].word, TEST_GPA, 0).tinst, rows[i].expected);
        }
        for (unsigned i = 0; i < sizeof hypervisor_rows / sizeof *hypervisor_rows; i++) {
            context(hypervisor_rows[i].name, 0);
            CHECK_EQ("in HS", attempt(MODE_HS, hypervisor_rows[i].word, TEST_GPA, 0).tinst,
                     hypervisor_rows[i].expected);
        }
    }
    return 0;
}
