/* VM exits: why the guest came out, and what is done about it.
 *
 * Most traps of a guest never arrive here: hedeleg and hideleg (main.c) leave its page faults, system calls and
 * virtual interrupts to the guest's own kernel. What does arrive is what the guest cannot settle by itself: a page
 * that the G-stage does not map, an ECALL to "firmware", an instruction that is the hypervisor's business, and the
 * hypervisor's own timer.
 */
#include "hypervisor.h"

/* Lets the guest's own kernel handle an exception, by doing in software what the hart does on a trap into VS-mode:
 * remember where and why, switch its interrupts off, go to vstvec. */
void inject_exception(struct guest *g, uint64_t cause, uint64_t tval)
{
    uint64_t vsstatus = csr_read(vsstatus) & ~(STATUS_SPP | STATUS_SPIE);
    vsstatus |= g->registers.sstatus & STATUS_SPP;             /* the guest's mode at the exit */
    vsstatus |= vsstatus & STATUS_SIE ? STATUS_SPIE : 0;
    csr_write(vsstatus, vsstatus & ~STATUS_SIE);
    csr_write(vsepc, g->registers.pc);
    csr_write(vscause, cause);
    csr_write(vstval, tval);
    g->registers.pc = csr_read(vstvec) & ~3ull;
    g->registers.sstatus |= STATUS_SPP;                        /* it goes on in VS-mode */
    g->statistics.reflected++;
}

/* A load or store of the guest's UART. There is no such device behind the G-stage: find out what the instruction
 * wanted, do that, and go on behind it. */
static void emulate(struct guest *g, const struct exit *e, uint64_t gpa)
{
    struct access access;
    bool given = g->use_htinst && e->htinst;
    uint64_t transformed = e->htinst;
    if (!given) {
        uint32_t instruction = read_guest_instruction(g->registers.pc);
        if (!instruction)
            return;                                            /* its page has gone: let the guest fetch it again */
        transformed = transform(instruction);
    }
    if (!decode(transformed, &access) || access.size != 1) {   /* the registers of the UART are bytes */
        inject_exception(g, e->cause == CAUSE_LOAD_GUEST_PAGE ? CAUSE_LOAD_ACCESS : CAUSE_STORE_ACCESS, e->stval);
        return;
    }
    if (given)
        g->statistics.by_htinst++;
    else
        g->statistics.by_hlvx++;

    if (access.store) {
        uart_write(g, gpa - GUEST_UART, (uint8_t)(access.reg ? g->registers.x[access.reg] : 0));
    } else {
        uint64_t value = uart_read(g, gpa - GUEST_UART);
        if (access.reg)
            g->registers.x[access.reg] = access.is_signed ? (uint64_t)(int64_t)(int8_t)value : value;
    }
    g->registers.pc += access.length;
}

/* Causes 20, 21 and 23: the guest's own tables (VS-stage) gave a GPA, and the G-stage has no page for it. htval
 * holds the GPA without its low two bits; those are the low bits of the virtual address, in stval. */
static void guest_page_fault(struct guest *g, const struct exit *e)
{
    /* Pseudoinstruction: it was no access of the program, but the walker that read a page table of the guest.
     * htval is then the address of the table's entry, and stval is that of the program's access still. */
    bool walking = e->htinst == 0x3000 || e->htinst == 0x3020;
    uint64_t gpa = e->htval << 2 | (walking ? 0 : e->stval & 3);

    if (memory_fill(g, gpa))
        g->statistics.table_pages += walking;
    else if (e->cause != CAUSE_FETCH_GUEST_PAGE && !walking && gpa - GUEST_UART < 8)
        emulate(g, e, gpa);
    else                                                       /* nothing is there: what a real bus would answer */
        inject_exception(g, e->cause == CAUSE_FETCH_GUEST_PAGE  ? CAUSE_FETCH_ACCESS
                            : e->cause == CAUSE_LOAD_GUEST_PAGE ? CAUSE_LOAD_ACCESS
                                                                : CAUSE_STORE_ACCESS, e->stval);
}

/* Cause 22: an instruction that would be allowed in HS-mode, but not in this guest. */
static enum verdict virtual_instruction(struct guest *g, const struct exit *e)
{
    uint32_t instruction = e->stval ? (uint32_t)e->stval : read_guest_instruction(g->registers.pc);
    if (instruction == INSTRUCTION_WFI) {                      /* hstatus.VTW: while it waits, the other can run */
        g->registers.pc += 4;
        g->state = WAITING;
        return YIELD;
    }
    inject_exception(g, CAUSE_ILLEGAL, instruction);           /* for the guest, there is no such thing */
    return RESUME;
}

enum verdict handle_exit(struct guest *g, const struct exit *e)
{
    switch (e->cause) {
    case CAUSE_INTERRUPT | IRQ_STI:
        return RESUME;                                         /* run() sees by itself whether the slice is over */
    case CAUSE_FETCH_GUEST_PAGE:
    case CAUSE_LOAD_GUEST_PAGE:
    case CAUSE_STORE_GUEST_PAGE:
        guest_page_fault(g, e);
        return RESUME;
    case CAUSE_ECALL_VS:
        return sbi_call(g);
    case CAUSE_VIRTUAL:
        return virtual_instruction(g, e);
    default:
        panic("[hypervisor] guest %d: unexpected exit, scause %x, sepc %x, stval %x, htval %x", (uint64_t)g->number,
              e->cause, g->registers.pc, e->stval, e->htval);
    }
}
