/* Zkt: what it lists, and the rest of the arithmetic but for division, takes as many cycles for one pair of operands as
   for another; so does an instruction that waits for its result. (Spike counts instructions, and so passes, too.)
   not disturbed: it measures time
   rules: czero-eqz_inst_ctime, czero-nez_zkt_timing */
#include "hyacinth.h"
#include "operate.h"

#define FEW 6
static const uint64_t few[FEW] = {0, 1, -1UL, 0x8000000000000000, 0x123456789abcdef0, 63};

#define WARM 4

/* Cycles of `text`, three times, and of what needs its result: of every pair of operands as of another, once the code is
   in the cache. Compressed ones have their operands, and their result, in the registers that are used here. */
#define TIME(text) do { \
    uint64_t first_ = 0; \
    context(text, 0); \
    for (unsigned i_ = 0; i_ < WARM + FEW * FEW; i_++) { \
        asm volatile("" : "+r"(i_)); /* so that no round gets code of its own */ \
        register uint64_t a_ asm("a0") = few[i_ % FEW], b_ asm("a1") = few[i_ / FEW % FEW], c_ asm("a2") = a_; \
        register uint64_t from_ asm("a3"), to_ asm("a4"); \
        asm volatile(WITH_EXTENSIONS "csrr %1, mcycle\n" text "\naddi a5, a2, 1\n" text "\naddi a5, a2, 1\n" text \
                     "\naddi a5, a2, 1\ncsrr %2, mcycle\n.option pop" \
                     : "+r"(c_), "=&r"(from_), "=&r"(to_) : "r"(a_), "r"(b_) : "a5"); \
        first_ = i_ < WARM ? to_ - from_ : first_; \
        CHECK_EQ("cycles", to_ - from_, first_); \
    } \
} while (0);
#define OF_TWO(name) TIME(name " a2, a0, a1")
#define OF_ONE(name) TIME(name " a2, a0")

int main(void)
{
    TIME("lui a2, 0x12345") TIME("auipc a2, 0x12345") TIME("addi a2, a0, -7") TIME("slti a2, a0, -7")
    TIME("sltiu a2, a0, -7") TIME("xori a2, a0, -7") TIME("ori a2, a0, -7") TIME("andi a2, a0, -7")
    TIME("slli a2, a0, 35") TIME("srli a2, a0, 35") TIME("srai a2, a0, 35") TIME("addiw a2, a0, -7")
    TIME("slliw a2, a0, 5") TIME("srliw a2, a0, 5") TIME("sraiw a2, a0, 5")
    OF_TWO("add") OF_TWO("sub") OF_TWO("sll") OF_TWO("slt") OF_TWO("sltu") OF_TWO("xor") OF_TWO("srl") OF_TWO("sra")
    OF_TWO("or") OF_TWO("and") OF_TWO("addw") OF_TWO("subw") OF_TWO("sllw") OF_TWO("srlw") OF_TWO("sraw")
    OF_TWO("mul") OF_TWO("mulh") OF_TWO("mulhsu") OF_TWO("mulhu") OF_TWO("mulw")
    TIME("c.nop") TIME("c.addi a2, 1") TIME("c.addiw a2, 1") TIME("c.lui a2, 1") TIME("c.srli a2, 1")
    TIME("c.srai a2, 1") TIME("c.andi a2, 1") TIME("c.sub a2, a1") TIME("c.xor a2, a1") TIME("c.or a2, a1")
    TIME("c.and a2, a1") TIME("c.subw a2, a1") TIME("c.addw a2, a1") TIME("c.slli a2, 1") TIME("c.mv a2, a1")
    TIME("c.add a2, a1") TIME("c.mul a2, a1") TIME("c.not a2") TIME("c.sext.b a2") TIME("c.zext.w a2")
    OF_TWO("sh1add") OF_TWO("sh2add.uw") OF_TWO("add.uw") TIME("slli.uw a2, a0, 5")
    OF_TWO("andn") OF_TWO("orn") OF_TWO("xnor") OF_TWO("rol") OF_TWO("ror") OF_TWO("rolw") OF_TWO("rorw")
    TIME("rori a2, a0, 35") TIME("roriw a2, a0, 5") OF_TWO("min") OF_TWO("maxu") OF_ONE("clz") OF_ONE("ctz")
    OF_ONE("cpop") OF_ONE("sext.b") OF_ONE("zext.h") OF_ONE("orc.b") OF_ONE("rev8")
    OF_TWO("bset") OF_TWO("bclr") OF_TWO("binv") OF_TWO("bext") OF_TWO("czero.eqz") OF_TWO("czero.nez")
    OF_ONE("mop.r.0")
    return 0;
}
