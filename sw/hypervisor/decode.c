/* What a load or store wanted: decode the instruction whose access must be emulated.
 *
 * On a guest-page fault a machine may leave the *transformed instruction* in htinst: the load or store with its
 * address parts (rs1 and immediate) set to zero, because htval has the address already. A compressed instruction is
 * expanded first, and bit 1 is then 0, so that its length is not lost. A machine may also write 0; then the
 * hypervisor reads the instruction itself and does the same transformation in software. So there is one decoder.
 * (Hypervisor chapter, "Transformed Instruction or Pseudoinstruction for mtinst or htinst".)
 */
#include "hypervisor.h"

enum { OPCODE_LOAD = 0x03, OPCODE_STORE = 0x23 };
#define LOAD_FIELDS 0x00007fffu      /* funct3, rd, opcode */
#define STORE_FIELDS 0x01f0707fu     /* rs2, funct3, opcode */
#define COMPRESSED 2u                /* the bit that is cleared in the transformation of a compressed instruction */

static uint32_t load(uint32_t funct3, uint32_t rd)
{
    return (funct3 << 12 | rd << 7 | OPCODE_LOAD) & ~COMPRESSED;
}

static uint32_t store(uint32_t funct3, uint32_t rs2)
{
    return (rs2 << 20 | funct3 << 12 | OPCODE_STORE) & ~COMPRESSED;
}

/* The compressed loads and stores of Zca and Zcb. Their register is one of x8 to x15, or any where sp is the base. */
static uint32_t transform_compressed(uint32_t i)
{
    enum { LB, LH, LW, LD, LBU, LHU };
    enum { SB, SH, SW, SD };
    uint32_t near = 8 + (i >> 2 & 7);
    switch ((i & 3) << 3 | (i >> 13 & 7)) {
    case 0 << 3 | 2: return load(LW, near);               /* c.lw */
    case 0 << 3 | 3: return load(LD, near);               /* c.ld */
    case 0 << 3 | 6: return store(SW, near);              /* c.sw */
    case 0 << 3 | 7: return store(SD, near);              /* c.sd */
    case 2 << 3 | 2: return load(LW, i >> 7 & 31);        /* c.lwsp */
    case 2 << 3 | 3: return load(LD, i >> 7 & 31);        /* c.ldsp */
    case 2 << 3 | 6: return store(SW, i >> 2 & 31);       /* c.swsp */
    case 2 << 3 | 7: return store(SD, i >> 2 & 31);       /* c.sdsp */
    case 0 << 3 | 4:
        switch (i >> 10 & 7) {
        case 0: return load(LBU, near);                   /* c.lbu */
        case 1: return load(i & BIT(6) ? LH : LHU, near); /* c.lh, c.lhu */
        case 2: return store(SB, near);                   /* c.sb */
        case 3: return i & BIT(6) ? 0 : store(SH, near);  /* c.sh */
        }
    }
    return 0;
}

/* The transformed instruction of a load or store of the base ISA, or 0 if it is none. */
uint64_t transform(uint32_t instruction)
{
    if ((instruction & 3) != 3)
        return transform_compressed(instruction);
    switch (instruction & 0x7f) {
    case OPCODE_LOAD: return instruction & LOAD_FIELDS;
    case OPCODE_STORE: return instruction & STORE_FIELDS;
    default: return 0;
    }
}

/* Decodes a transformed instruction; false if it is no load or store of the base ISA.
 * The upper 32 bits must be 0: the manual keeps other values for the future. */
bool decode(uint64_t transformed, struct access *access)
{
    uint32_t opcode = (transformed | COMPRESSED) & 0x7f, funct3 = transformed >> 12 & 7;
    bool is_store = opcode == OPCODE_STORE;
    if (transformed >> 32 || !(transformed & 1) || !(is_store || opcode == OPCODE_LOAD))
        return false;
    if (funct3 > (is_store ? 3 : 6))
        return false;
    *access = (struct access){
        .store = is_store,
        .is_signed = funct3 < 4,
        .size = 1u << (funct3 & 3),
        .reg = is_store ? transformed >> 20 & 31 : transformed >> 7 & 31,
        .length = transformed & COMPRESSED ? 4 : 2,
    };
    return true;
}
