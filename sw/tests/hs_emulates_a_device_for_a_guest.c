/* Loads and stores of a guest to a GPA without memory: HS finds the instruction in htinst or, where that is 0, reads it
   by HLVX, does what the device would, and goes on after it. Wide and compressed, every width. */
#include "hyacinth.h"

static volatile uint64_t device; /* one register of 8 bytes */

static uint32_t fetched(uint64_t address)
{
    uint32_t low, high;
    asm volatile("hlvx.hu %0, (%1)" : "=r"(low) : "r"(address));
    if ((low & 3) != 3)
        return low;
    asm volatile("hlvx.hu %0, (%1)" : "=r"(high) : "r"(address + 2));
    return low | high << 16;
}

static bool emulate(struct frame *frame, const struct trap *trap)
{
    if (trap->in != MODE_HS || (trap->cause != LOAD_GUEST_PAGE_FAULT && trap->cause != STORE_GUEST_PAGE_FAULT))
        return false;
    uint32_t instruction = fetched(trap->epc);
    bool compressed = (instruction & 3) != 3;
    uint32_t wide = trap->tinst ? trap->tinst : transformed(instruction, 0);
    unsigned bits = 8 << (wide >> 12 & 3), shift = (trap->tval2 << 2 | (trap->tval & 3)) % 8 * 8;
    uint64_t mask = bits == 64 ? ~0UL : BIT(bits) - 1;
    if ((wide & 0x7d) == 0x01) {
        uint64_t value = device >> shift & mask;
        if (!(wide >> 14 & 1) && bits < 64 && value >> (bits - 1))
            value |= ~mask;
        frame->x[wide >> 7 & 31] = value;
    } else {
        device = (device & ~(mask << shift)) | (frame->x[wide >> 20 & 31] & mask) << shift;
    }
    frame->epc += compressed ? 2 : 4;
    return true;
}

int main(void)
{
    const struct {
        const char *name;
        uint32_t word;
        unsigned offset;
        uint64_t result, after;
    } rows[] = {
        {"LD", WORD("ld a2, 0(a0)"), 0, 0x8182838485868788, 0x8182838485868788},
        {"LW", WORD("lw a2, 0(a0)"), 4, 0xffffffff81828384, 0x8182838485868788},
        {"LWU", WORD("lwu a2, 4(a0)"), 0, 0x81828384, 0x8182838485868788},
        {"LH", WORD("lh a2, 0(a0)"), 2, 0xffffffffffff8586, 0x8182838485868788},
        {"LHU", WORD("lhu a2, 0(a0)"), 6, 0x8182, 0x8182838485868788},
        {"LB", WORD("lb a2, 0(a0)"), 3, 0xffffffffffffff85, 0x8182838485868788},
        {"LBU", WORD("lbu a2, 0(a0)"), 7, 0x81, 0x8182838485868788},
        {"C.LD", WORD_C("c.ld a2, 0(a0)"), 0, 0x8182838485868788, 0x8182838485868788},
        {"C.LW", WORD_C("c.lw a2, 0(a0)"), 0, 0xffffffff85868788, 0x8182838485868788},
        {"SD", WORD("sd a1, 0(a0)"), 0, 0, 0x1122334455667788},
        {"SW", WORD("sw a1, 0(a0)"), 4, 0, 0x5566778885868788},
        {"SH", WORD("sh a1, 0(a0)"), 2, 0, 0x8182838477888788},
        {"SB", WORD("sb a1, 0(a0)"), 5, 0, 0x8182888485868788},
        {"C.SD", WORD_C("c.sd a1, 0(a0)"), 0, 0, 0x1122334455667788},
        {"C.SW", WORD_C("c.sw a1, 0(a0)"), 4, 0, 0x5566778885868788},
    };
    struct guest guest = guest_on(&SV39, &SV39X4);
    map(guest.vs, TEST_VA, TEST_GPA, 0, LEAF);
    trap_hook = emulate;
    delegate_exceptions(ALL_EXCEPTIONS, 0);
    for (unsigned i = 0; i < sizeof rows / sizeof *rows; i++) {
        context(rows[i].name, 0);
        device = 0x8182838485868788;
        struct trap trap = attempt(MODE_VS, rows[i].word, TEST_VA + rows[i].offset, 0x1122334455667788);
        CHECK_NO_TRAP("emulated", trap);
        CHECK_EQ("result", trap.value, rows[i].result);
        CHECK_EQ("register of the device", device, rows[i].after);
    }
    return 0;
}
