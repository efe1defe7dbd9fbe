/* xtvec.MODE=1: an interrupt enters at BASE + 4 * code, VS's with the code that vscause shows; an exception at BASE.
   rules: mtvec_mode_vectored_op, stvec_sz_base, vstvec_op */
#include "interrupts.h"

void m_vectors(void), hs_vectors(void), vs_vectors(void);

/* Entry n sets t3 to n and joins the handler of its mode. */
asm(".macro vectors name, handler\n"
    ".balign 64\n.option push\n.option norvc\n\\name:\n"
    ".irp n, 0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15\nj \\name\\()_\\n\n.endr\n"
    ".irp n, 0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15\n\\name\\()_\\n: li t3, \\n\nj \\handler\n.endr\n"
    ".option pop\n.endm\n"
    "vectors m_vectors, m_trap\nvectors hs_vectors, hs_trap\nvectors vs_vectors, vs_trap\n");

static volatile uint64_t entered;

static bool look(struct frame *frame, const struct trap *trap)
{
    (void)trap;
    entered = frame->x[28];
    return false;
}

static uint64_t wait_in_assembler(uint64_t sie)
{
    if (sie)
        csr_set(sstatus, MSTATUS_SIE);
    asm volatile("li t4, 300\n1: addi t4, t4, -1\nbnez t4, 1b" : : : "t3", "t4", "t5", "t6", "memory");
    if (sie)
        csr_clear(sstatus, MSTATUS_SIE);
    return 0;
}

int main(void)
{
    static const unsigned machine[] = {MSI, MTI, MEI}, supervisor[] = {SSI, STI, SEI}, guests[] = {VSSI, VSTI, VSEI};
    csr_write(mtvec, (uint64_t)m_vectors | 1);
    csr_write(stvec, (uint64_t)hs_vectors | 1);
    csr_write(vstvec, (uint64_t)vs_vectors | 1);
    trap_hook = look;
    for (unsigned i = 0; i < 3; i++) {
        context("code", i);
        delegate_interrupts(~0UL, 0);
        csr_write(mie, BIT(machine[i]));
        raise(machine[i], true);
        CHECK_EQ("M", trap_of(MODE_HS, wait_in_assembler, 0).cause, INTERRUPT(machine[i]));
        CHECK_EQ("entry of M", entered, machine[i]);
        raise(machine[i], false);

        csr_write(mie, BIT(supervisor[i]));
        raise(supervisor[i], true);
        CHECK_EQ("HS", trap_of(MODE_HS, wait_in_assembler, 1).cause, INTERRUPT(supervisor[i]));
        CHECK_EQ("entry of HS", entered, supervisor[i]);
        raise(supervisor[i], false);

        csr_write(mie, BIT(guests[i]));
        raise(guests[i], true);
        CHECK_EQ("HS for VS", trap_of(MODE_VS, wait_in_assembler, 0).cause, INTERRUPT(guests[i]));
        CHECK_EQ("entry of HS", entered, guests[i]);
        csr_write(hideleg, ~0UL);
        csr_write(mie, BIT(guests[i]));
        CHECK_EQ("VS", trap_of(MODE_VS, wait_in_assembler, 1).cause, INTERRUPT(guests[i] - 1));
        CHECK_EQ("entry of VS", entered, guests[i] - 1);
        raise(guests[i], false);
    }
    context("exceptions", 0);
    csr_write(mie, 0);
    entered = 99;
    CHECK_EQ("M", attempt(MODE_HS, WORD("mret"), 0, 0).in, MODE_M);
    CHECK_EQ("entry of M", entered, 0);
    entered = 99;
    delegate_exceptions(BIT(ILLEGAL_INSTRUCTION), 0);
    CHECK_EQ("HS", attempt(MODE_HS, WORD("mret"), 0, 0).in, MODE_HS);
    CHECK_EQ("entry of HS", entered, 0);
    entered = 99;
    delegate_exceptions(BIT(ILLEGAL_INSTRUCTION), BIT(ILLEGAL_INSTRUCTION));
    CHECK_EQ("VS", attempt(MODE_VS, WORD("mret"), 0, 0).in, MODE_VS);
    CHECK_EQ("entry of VS", entered, 0);
    return 0;
}
