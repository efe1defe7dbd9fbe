/* Instructions as the comparison looks at them: from their bits alone, apart from Spike and from the core. */

#include <stdint.h>

typedef uint64_t u64;
typedef uint32_t u32;

enum { NONE, LOAD, STORE, AMO };  /* rtl/payloads.py, MemoryKind */

static int is_csr(u64 bits) { return (bits & 0x7f) == 0x73 && (bits >> 12 & 3); }
static int is_reservation(u64 bits) { return (bits & 0x7f) == 0x2f && bits >> 28 == 1; }  /* LR, SC */
static int is_sc(u64 bits) { return (bits & 0x7f) == 0x2f && bits >> 27 == 3; }

/* A compressed load or store in its 32-bit form; 0 for any other compressed instruction. */
static u32 expand(u32 c) {
  u32 f3 = c >> 13, full = c >> 7 & 31, low = (c >> 2 & 7) + 8, base = (c >> 7 & 7) + 8;
  u32 word_offset = (c >> 10 & 7) << 3 | (c >> 6 & 1) << 2 | (c >> 5 & 1) << 6;
  u32 double_offset = (c >> 10 & 7) << 3 | (c >> 5 & 3) << 6, imm, width;
  if ((c & 3) == 0 && f3 == 4) {  /* Zcb: C.LBU, C.LHU and C.LH, C.SB, C.SH */
    int signed_half = c >> 10 & 1 && c >> 6 & 1, stores = c >> 11 & 1;
    width = c >> 10 & 1;
    imm = (c >> 5 & 1) << 1 | (width ? 0 : c >> 6 & 1);
    if (c >> 12 & 1 || (signed_half && stores)) return 0;
    return stores ? low << 20 | base << 15 | width << 12 | imm << 7 | 0x23
                  : imm << 20 | base << 15 | (signed_half ? width : width | 4) << 12 | low << 7 | 0x03;
  }
  if ((c & 3) == 0) {
    if ((f3 & 3) < 2) return 0;
    width = f3 & 3;  /* 2: word, 3: double word */
    imm = width == 2 ? word_offset : double_offset;
    return f3 & 4 ? (imm >> 5) << 25 | low << 20 | base << 15 | width << 12 | (imm & 31) << 7 | 0x23
                  : imm << 20 | base << 15 | width << 12 | low << 7 | 0x03;
  }
  if ((c & 3) == 2 && (f3 & 3) >= 2) {
    width = f3 & 3;
    if (f3 & 4) {
      imm = width == 2 ? (c >> 9 & 15) << 2 | (c >> 7 & 3) << 6 : (c >> 10 & 7) << 3 | (c >> 7 & 7) << 6;
      return (imm >> 5) << 25 | (c >> 2 & 31) << 20 | 2 << 15 | width << 12 | (imm & 31) << 7 | 0x23;
    }
    imm = width == 2 ? (c >> 12 & 1) << 5 | (c >> 4 & 7) << 2 | (c >> 2 & 3) << 6
                     : (c >> 12 & 1) << 5 | (c >> 5 & 3) << 3 | (c >> 2 & 7) << 6;
    return imm << 20 | 2 << 15 | width << 12 | full << 7 | 0x03;
  }
  return 0;
}

static int waits_for_store(u32 i) { return i == 0x00d00073 || i == 0x01d00073; }  /* WRS.NTO, WRS.STO */

static int writes_pair(u32 i) { return (i & 0xf800707f) == 0x2800402f; }  /* AMOCAS.Q */

enum { BLOCK = 64 };
static int is_on_block(u32 i) { return (i & 0x707f) == 0x200f; }
static int zeroes_block(u32 i) { return is_on_block(i) && i >> 20 == 4; }

/* MOPs have bit 31 set. */
static int is_hypervisor_access(u32 i) { return (i & 0x8000707f) == 0x4073; }

/* An instruction in 32 bits; 0 for a compressed one that does not reach memory. */
static u32 long_form(u32 bits) { return (bits & 3) == 3 ? bits : expand(bits); }

/* What an instruction does to memory. An SC may do nothing, so it is told what it did. */
static u64 kind_of(u32 bits, u64 sc_did) {
  u32 i = long_form(bits);
  if ((i & 0x7f) == 0x03) return LOAD;
  if ((i & 0x7f) == 0x23) return STORE;
  if (is_hypervisor_access(i)) return i >> 25 & 1 ? STORE : LOAD;
  if (zeroes_block(i)) return STORE;
  if ((i & 0x7f) == 0x2f) return i >> 27 == 2 ? LOAD : i >> 27 == 3 ? sc_did == NONE ? NONE : STORE : AMO;
  return NONE;
}

/* log2 of the bytes that a load, store, AMO, CBO.ZERO or hypervisor access `i` in 32 bits reaches. */
static u64 size_of(u32 i) {
  if (zeroes_block(i)) return 6;
  if (is_hypervisor_access(i)) return i >> 26 & 3;
  return i >> 12 & ((i & 0x7f) == 0x2f ? 7 : 3);
}

/* The address of a load, store, AMO or hypervisor access `i` in 32 bits, from the registers `x`. */
static u64 address_of(u32 i, const u64 *x) {
  u64 base = x[i >> 15 & 31];
  if ((i & 0x7f) == 0x03) return base + (u64)(int64_t)((int32_t)i >> 20);
  if ((i & 0x7f) == 0x23) return base + (u64)(int64_t)(((int32_t)i >> 25) * 32 | (int32_t)(i >> 7 & 31));
  return base;
}

/* The transformed instruction (hypervisor chapter, "Transformed Instruction or Pseudoinstruction for mtinst or
   htinst") of a load, store or AMO that has raised exception `code` at address `tval`; else 0. */
static u64 transformed(u32 bits, u64 code, u64 tval, const u64 *x) {
  u32 i = long_form(bits), kept;
  if (!(0xa0a0f0 >> (code & 31) & 1)) return 0;                /* 4 to 7, 13, 15, 21, 23 */
  if ((i & 0x7f) == 0x03) kept = i & 0x7fff;                   /* funct3, rd, opcode */
  else if ((i & 0x7f) == 0x23) kept = i & 0x1f0707f;           /* rs2, funct3, opcode */
  else if ((i & 0x7f) == 0x2f || is_hypervisor_access(i) || is_on_block(i)) kept = i & ~(31u << 15);
  else return 0;
  if ((bits & 3) != 3) kept &= ~2u;
  return kept | ((tval - address_of(i, x)) & 31) << 15;
}
