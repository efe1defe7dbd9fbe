/* The transformation of an instruction for mtinst and htinst (hypervisor chapter, "Transformed Instruction or
   Pseudoinstruction"). */
#include "hyacinth.h"

#define LOAD 0x03
#define STORE 0x23
#define AMO 0x2f
#define SYSTEM 0x73

static uint32_t as_load(unsigned width, unsigned rd)
{
    return LOAD | width << 12 | rd << 7;
}

static uint32_t as_store(unsigned width, unsigned rs2)
{
    return STORE | width << 12 | rs2 << 20;
}

/* The 32-bit equivalent of a compressed load or store, its offset and rs1 as 0. */
static uint32_t expanded(uint32_t c)
{
    unsigned small = 8 + (c >> 2 & 7), rd = c >> 7 & 31, rs2 = c >> 2 & 31;
    switch ((c & 3) << 3 | c >> 13) {
    case 0 << 3 | 2: return as_load(2, small);  /* C.LW */
    case 0 << 3 | 3: return as_load(3, small);  /* C.LD */
    case 0 << 3 | 6: return as_store(2, small); /* C.SW */
    case 0 << 3 | 7: return as_store(3, small); /* C.SD */
    case 0 << 3 | 4:
        switch (c >> 10 & 7) {
        case 0: return as_load(4, small);                /* C.LBU */
        case 1: return as_load(c & 64 ? 1 : 5, small);   /* C.LH, C.LHU */
        case 2: return as_store(0, small);               /* C.SB */
        case 3: return c & 64 ? 0 : as_store(1, small);  /* C.SH */
        default: return 0;
        }
    case 2 << 3 | 2: return as_load(2, rd);     /* C.LWSP */
    case 2 << 3 | 3: return as_load(3, rd);     /* C.LDSP */
    case 2 << 3 | 6: return as_store(2, rs2);   /* C.SWSP */
    case 2 << 3 | 7: return as_store(3, rs2);   /* C.SDSP */
    default: return 0;
    }
}

uint32_t transformed(uint32_t instruction, unsigned offset)
{
    if ((instruction & 3) != 3) {
        uint32_t wide = expanded(instruction);
        return wide ? (wide | offset << 15) & ~2U : 0;
    }
    unsigned width = instruction >> 12 & 7;
    switch (instruction & 0x7f) {
    case LOAD: return as_load(width, instruction >> 7 & 31) | offset << 15;
    case STORE: return as_store(width, instruction >> 20 & 31) | offset << 15;
    case AMO: return (instruction & ~(31U << 15)) | offset << 15;
    case SYSTEM: return width == 4 ? (instruction & ~(31U << 15)) | offset << 15 : 0; /* HLV, HLVX and HSV */
    default: return 0;
    }
}
