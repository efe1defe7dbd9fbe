/* A loop of the greatest size that the manual promises an end to, 16 instructions of the base set and their short forms
   with jumps forward among them and the way back, ends after few rounds wherever it lies in lines and pages, where no
   cache holds it or its data, of words and of doublewords, in every mode, and adds what it should.
   not uncompressed: its compressed instructions are what it tests
   rules: constrained_lrsc_loop_size, constrained_lrsc_instruction_set, constrained_lrsc_compressed_allowed,
   constrained_lrsc_retry_code, lrsc_eventuality_region, lrsc_same_address_and_size, constrained_lrsc_forward_progress,
   lr_w_op, sc_w_success, lr_sc_rv64 */
#include "hyacinth.h"

#define FEW 100

/* a0: where; a1: how much is added. How many rounds it took comes back in a0. */
#define LOOP(name, width) \
    ".globl " name "\n" name ": c.li a3, 0\n" \
    "1: lr." width " a2, (a0)\n c.addi a3, 1\n beq a0, x0, 3f\n bne a0, x0, 2f\n sub a2, a2, a1\n" \
    "2: c.add a2, a1\n lui a4, 0x12345\n auipc a5, 0x12\n c.slli a4, 3\n xor a4, a4, a5\n c.and a4, a5\n" \
    " sltiu a4, a4, 5\n c.nop\n c.j 3f\n" \
    "3: sc." width " a4, a2, (a0)\n bnez a4, 1b\n" \
    "c.mv a0, a3\n c.jr ra\n" name "_end:\n"
asm(".pushsection .text\n.balign 4\n" LOOP("add_d", "d") LOOP("add_w", "w") ".popsection");
extern const uint16_t add_d[], add_d_end[], add_w[], add_w_end[];
typedef uint64_t adder(uint64_t *at, uint64_t value);

static uint64_t memory[2] __attribute__((aligned(64)));

/* For every mode. */
static uint64_t add_both(uint64_t at)
{
    return ((adder *)add_d)((uint64_t *)at, 5) + ((adder *)add_w)((uint64_t *)at, 7);
}

static void check(const uint16_t *from, const uint16_t *end, uint64_t at, uint64_t expected)
{
    for (unsigned i = 0; from + i < end; i++)
        MEMORY16(at + 2 * i) = from[i];
    FENCE_I();
    memory[0] = 0xfffffffffffffffe;
    uint64_t rounds = ((adder *)at)(memory, 3);
    CHECK("ends", rounds && rounds <= FEW);
    CHECK_EQ("sum", memory[0], expected);
}

int main(void)
{
    uint64_t code = (uint64_t)test_pages[1];
    for (unsigned n = 0; n < 40; n++) { /* across a line, and across a page */
        context("begins at", 2 * n);
        check(add_d, add_d_end, code + 2 * n, 1);
        check(add_w, add_w_end, code + PAGE - 64 + 2 * n, 0xffffffff00000001);
    }
    static const enum mode modes[] = {MODE_M, MODE_HS, MODE_U, MODE_VS, MODE_VU};
    for (unsigned m = 0; m < 5; m++) {
        context(mode_name(modes[m]), 0);
        memory[1] = 0;
        uint64_t rounds = run_in(modes[m], add_both, (uint64_t)&memory[1]);
        CHECK("ends", rounds >= 2 && rounds <= FEW);
        CHECK_EQ("sum", memory[1], 12);
    }
    return 0;
}
