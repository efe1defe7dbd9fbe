/* The hypervisor: two guests, and whose turn it is.
 *
 * It runs in HS-mode without translation of its own. A guest runs until its slice is over or it waits; then the next
 * one runs. There is no interrupt handler: each exit returns from enter_guest into the loop of run().
 */
#include "hypervisor.h"

struct guest guests[GUESTS];
static bool vmids;                   /* the hart tells the guests apart by VMID; without that, TLBs are emptied */

static uint64_t minimum(uint64_t a, uint64_t b) { return a < b ? a : b; }

static uint64_t guest_time(const struct guest *g) { return csr_read(time) + g->htimedelta; }

static void create(struct guest *g, int number)
{
    g->number = number;
    g->sstc = number == 0;           /* one guest of each kind, so that both kinds of timer are seen */
    g->use_htinst = number == 0;     /* and both ways to find an instruction, on a machine that writes htinst */
    g->timecmp = FOREVER;
    g->registers.pc = GUEST_RAM;     /* a0 is the number of its hart, a1 its device tree: both 0 */
    g->registers.sstatus = (csr_read(sstatus) & ~STATUS_SPIE) | STATUS_SPP;
    g->registers.hstatus = csr_read(hstatus) | HSTATUS_SPV | HSTATUS_SPVP | HSTATUS_VTW;
    g->vs.vsstatus = csr_read(vsstatus);
    g->htimedelta = -csr_read(time); /* its time begins at 0 */
    memory_create(g);
}

/* What the guest's kernel shall settle by itself, without an exit. */
static void delegate(void)
{
    csr_write(hedeleg, BIT(0) | BIT(CAUSE_FETCH_ACCESS) | BIT(CAUSE_ILLEGAL) | BIT(CAUSE_BREAKPOINT) | BIT(4) |
                       BIT(CAUSE_LOAD_ACCESS) | BIT(6) | BIT(CAUSE_STORE_ACCESS) | BIT(CAUSE_ECALL_U) |
                       BIT(CAUSE_FETCH_PAGE) | BIT(CAUSE_LOAD_PAGE) | BIT(CAUSE_STORE_PAGE));
    csr_write(hideleg, BIT(IRQ_VSSI) | BIT(IRQ_VSTI) | BIT(IRQ_VSEI));
    csr_write(hcounteren, COUNTEREN_ALL);
    csr_write(sie, BIT(IRQ_STI));    /* the hypervisor's own timer; while V=1 it interrupts whatever SIE says */
    csr_write(hgatp, memory_hgatp(&guests[GUESTS - 1]));
    vmids = csr_read(hgatp) == memory_hgatp(&guests[GUESTS - 1]);
    __asm__ volatile("hfence.gvma\n\thfence.vvma" : : : "memory");
}

/* The guest's supervisor CSRs. While V=1 the hart uses them in place of sstatus, stvec and so on. */
static void load(const struct guest *g)
{
    csr_write(vsstatus, g->vs.vsstatus);
    csr_write(vstvec, g->vs.vstvec);
    csr_write(vsscratch, g->vs.vsscratch);
    csr_write(vsepc, g->vs.vsepc);
    csr_write(vscause, g->vs.vscause);
    csr_write(vstval, g->vs.vstval);
    csr_write(vsatp, g->vs.vsatp);
    csr_write(vsie, g->vs.vsie);
    csr_write(hgatp, memory_hgatp(g));
    csr_write(htimedelta, g->htimedelta);
    csr_write(vstimecmp, g->sstc ? g->timecmp : FOREVER);  /* first: ends what the guest before had pending */
    csr_write(henvcfg, g->sstc ? ENVCFG_STCE : 0);
    if (!vmids)
        __asm__ volatile("hfence.gvma\n\thfence.vvma" : : : "memory");
}

static void save(struct guest *g)
{
    g->vs = (struct vs_csrs){
        .vsstatus = csr_read(vsstatus), .vstvec = csr_read(vstvec), .vsscratch = csr_read(vsscratch),
        .vsepc = csr_read(vsepc), .vscause = csr_read(vscause), .vstval = csr_read(vstval),
        .vsatp = csr_read(vsatp), .vsie = csr_read(vsie),
    };
    if (g->sstc)
        g->timecmp = csr_read(vstimecmp);
}

/* The virtual interrupts that the hypervisor must raise. With Sstc the hart itself compares vstimecmp with the
 * guest's time, and VSTIP is not our business. */
static uint64_t virtual_interrupts(const struct guest *g)
{
    uint64_t hvip = uart_interrupt(g) ? BIT(IRQ_VSEI) : 0;
    if (!g->sstc && guest_time(g) >= g->timecmp)
        hvip |= BIT(IRQ_VSTI);
    return hvip;
}

static void inject_interrupts(struct guest *g)
{
    uint64_t hvip = virtual_interrupts(g), risen = hvip & ~g->hvip;
    g->statistics.timer += risen >> IRQ_VSTI & 1;
    g->statistics.external += risen >> IRQ_VSEI & 1;
    g->hvip = hvip;
    csr_write(hvip, hvip);           /* the guest sees it one bit lower, as STIP and SEIP of its sip */
}

/* Whether a guest that waits has something to do: WFI ends when an interrupt is pending that sie enables, whether
 * or not sstatus.SIE lets it be taken. vsie is one bit lower than hvip. */
static bool wakes(const struct guest *g)
{
    uint64_t pending = virtual_interrupts(g);
    if (guest_time(g) >= g->timecmp)
        pending |= BIT(IRQ_VSTI);
    return pending & g->vs.vsie << 1;
}

/* One turn of a guest: until its slice is over, it waits, or it is off. */
static void run(struct guest *g)
{
    uint64_t slice_end = csr_read(time) + SLICE;
    enum verdict verdict = RESUME;
    load(g);
    while (verdict == RESUME && csr_read(time) < slice_end) {
        inject_interrupts(g);
        bool awaits_timer = !g->sstc && !(g->hvip & BIT(IRQ_VSTI)) && g->timecmp != FOREVER;
        csr_write(stimecmp, awaits_timer ? minimum(slice_end, g->timecmp - g->htimedelta) : slice_end);

        enter_guest(&g->registers);

        uint64_t start = csr_read(cycle);
        struct exit e = {csr_read(scause), csr_read(stval), csr_read(htval), csr_read(htinst)};
        verdict = handle_exit(g, &e);
        unsigned row = e.cause & CAUSE_INTERRUPT ? INTERRUPTS + (e.cause & 31) : e.cause % INTERRUPTS;
        g->statistics.exits[row]++;
        g->statistics.cycles[row] += csr_read(cycle) - start;
    }
    save(g);
}

/* The guest after `last` that can run, round robin; NULL when all are off. When all wait, so does the hart. */
static struct guest *next(const struct guest *last)
{
    for (;;) {
        uint64_t wake = FOREVER;
        bool all_off = true;
        for (int i = 1; i <= GUESTS; i++) {
            struct guest *g = &guests[(last->number + i) % GUESTS];
            if (g->state == WAITING && wakes(g))
                g->state = RUNNABLE;
            if (g->state == RUNNABLE)
                return g;
            if (g->state == WAITING && g->timecmp != FOREVER && g->vs.vsie & BIT(IRQ_STI))
                wake = minimum(wake, g->timecmp - g->htimedelta);
            all_off = all_off && g->state == OFF;
        }
        if (all_off)
            return NULL;
        if (wake == FOREVER)
            panic("[hypervisor] every guest waits, and nothing will ever wake one");
        csr_write(stimecmp, wake);
        __asm__ volatile("wfi");
    }
}

void hypervisor_main(void)
{
    csr_write(satp, 0);
    csr_write(stvec, hypervisor_trap);
    csr_write(scounteren, COUNTEREN_ALL);
    say("[hypervisor] HS-mode; %d guests, Sv39x4, filled on demand", (uint64_t)GUESTS);
    for (int i = 0; i < GUESTS; i++)
        create(&guests[i], i);
    delegate();
    for (struct guest *g = &guests[GUESTS - 1]; (g = next(g));)
        run(g);
    report();
    finish(0);
}
