/* What boot.S calls: brings the machine into a known state and runs main. */
#include "hyacinth.h"
#include "internal.h"

uint64_t device_tree;
volatile bool hypervisor;

/* Like all stacks in .pages, which is not cleared at the start. */
typedef struct {
    uint64_t words[512];
} __attribute__((aligned(16))) stack;
static stack m_trap_stack __attribute__((section(".pages")));
static stack hs_trap_stack __attribute__((section(".pages")));
static stack vs_trap_stack __attribute__((section(".pages")));

void m_trap(void), hs_trap(void), vs_trap(void);
void find_writes_transformed(void);
void fill_accesses(void);

void delegate_exceptions(uint64_t to_hs, uint64_t to_vs)
{
    csr_write(medeleg, to_hs);
    if (hypervisor)
        csr_write(hedeleg, to_vs);
}

void delegate_interrupts(uint64_t to_hs, uint64_t to_vs)
{
    csr_write(mideleg, to_hs);
    if (hypervisor)
        csr_write(hideleg, to_vs);
}

/* Opens all that Smstateen controls; on a machine without it the attempts trap. */
static void enable_state(void)
{
    attempt(MODE_M, WORD("csrw mstateen0, a1"), 0, ~0UL);
    if (hypervisor)
        attempt(MODE_M, WORD("csrw hstateen0, a1"), 0, ~0UL);
}

__attribute__((noreturn)) void start(void)
{
    csr_write(mtvec, m_trap);
    csr_write(mscratch, &m_trap_stack + 1);
    csr_write(mie, 0);
    csr_write(mstatus, 0);
    csr_write(pmpaddr0, ~0UL);
    csr_write(pmpcfg0, PMP_NAPOT | PMP_R | PMP_W | PMP_X);
    csr_write(satp, 0);
    csr_write(mcounteren, 0);
    csr_write(scounteren, 0);
    csr_write(stvec, hs_trap);
    csr_write(sscratch, &hs_trap_stack + 1);
    csr_write(medeleg, 0);
    csr_write(mideleg, 0);
    CLINT_MTIMECMP = ~0UL;
    hypervisor = csr_read(misa) & MISA_H;
    if (hypervisor) {
        csr_write(hstatus, 0);
        csr_write(hedeleg, 0);
        csr_write(hideleg, 0);
        csr_write(hvip, 0);
        csr_write(hcounteren, 0);
        csr_write(htimedelta, 0);
        csr_write(hgatp, 0);
        csr_write(vsatp, 0);
        csr_write(vsstatus, 0);
        csr_write(vstvec, vs_trap);
        csr_write(vsscratch, &vs_trap_stack + 1);
        find_writes_transformed();
    }
#ifdef TWICE
    reset_rest();
#endif
    enable_state();
    fill_accesses();
    exit_with(main());
}
