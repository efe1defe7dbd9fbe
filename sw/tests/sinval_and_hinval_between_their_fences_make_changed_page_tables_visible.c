/* Svinval: SFENCE.W.INVAL, SINVAL.VMA or HINVAL, SFENCE.INVAL.IR in this order have the effect of the fence with the
   same operands, by address, by ASID or VMID, and of everything.
   rules: Svinval_sinval_vma_invalidates_same_as_sfence_vma, Svinval_sequence_rs1_rs2,
   Svinval_sequence_reads_writes_before, Svinval_sequence_reads_writes_after,
   Svinval_sfence_w_inval_orders_before_sinval_vma, Svinval_hinval_vvma_gvma, Svinval_hinval_gvma_uses_vmid */
#include "hyacinth.h"

/* Pages away from those of the program, which would take their places in a small TLB. */
#define VA (TEST_VA + 37 * PAGE)
#define GPA (TEST_GPA + 37 * PAGE)
#define ASID 3UL
#define VMID 5UL

enum { VMA, VVMA, GVMA, KINDS };
static const char *const names[KINDS] = {"SINVAL.VMA", "HINVAL.VVMA", "HINVAL.GVMA"};

static void invalidate(unsigned kind, unsigned named, uint64_t address, uint64_t id)
{
#define BY(instruction) \
    switch (named) { \
    case 0: asm volatile(instruction " x0, x0" : : : "memory"); break; \
    case 1: asm volatile(instruction " %0, x0" : : "r"(address) : "memory"); break; \
    case 2: asm volatile(instruction " x0, %0" : : "r"(id) : "memory"); break; \
    case 3: asm volatile(instruction " %0, %1" : : "r"(address), "r"(id) : "memory"); break; \
    }
    asm volatile("sfence.w.inval" : : : "memory");
    if (kind == VMA)
        BY("sinval.vma")
    else if (kind == VVMA)
        BY("hinval.vvma")
    else
        BY("hinval.gvma")
    asm volatile("sfence.inval.ir" : : : "memory");
}

int main(void)
{
    const uint32_t load = WORD("ld a2, 0(a0)");
    if (attempt(MODE_M, WORD("sfence.w.inval"), 0, 0).cause != NO_TRAP)
        return 0; /* no Svinval */
    struct space own = supervisor_on(SV48_OR_SV39);
    struct guest guest = guest_on(SV48_OR_SV39, &SV39X4);
    csr_write(satp, satp_of(own, ASID));
    csr_write(vsatp, satp_of(guest.vs, ASID));
    csr_write(hgatp, hgatp_of(guest.g, VMID));
    test_pages[0][0] = 0x11;
    test_pages[1][0] = 0x22;
    uint64_t pages[2] = {(uint64_t)test_pages[0], (uint64_t)test_pages[1]};
    for (unsigned kind = 0; kind < KINDS; kind++)
        for (unsigned named = 0; named < 4; named++) {
            context(names[kind], named);
            enum mode mode = kind == VMA ? MODE_HS : MODE_VS;
            map(own, VA, pages[0], 0, LEAF);
            map(guest.vs, VA, GPA, 0, LEAF);
            map(guest.vs, VA + PAGE, GPA + PAGE, 0, LEAF);
            map(guest.g, GPA, pages[0], 0, LEAF_U);
            map(guest.g, GPA + PAGE, pages[1], 0, LEAF_U);
            fence_and_wait();
            CHECK_EQ("before", attempt(mode, load, VA, 0).value, 0x11);
            if (kind == VMA)
                map(own, VA, pages[1], 0, LEAF);
            else if (kind == VVMA)
                map(guest.vs, VA, GPA + PAGE, 0, LEAF);
            else
                map(guest.g, GPA, pages[1], 0, LEAF_U);
            invalidate(kind, named, kind == GVMA ? GPA >> 2 : VA, kind == GVMA ? VMID : ASID);
            CHECK_EQ("after", attempt(mode, load, VA, 0).value, 0x22);
        }
    return 0;
}
