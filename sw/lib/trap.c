#include "hyacinth.h"
#include "internal.h"

struct trap traps[MAX_TRAPS];
volatile uint64_t trap_count;
bool writes_transformed;
bool (*trap_hook)(struct frame *frame, const struct trap *trap);
uint64_t attempt_a1;

static struct trap unexpected_trap;

/* In boot.S. */
#define STUB_BYTES 128
extern uint8_t attempt_stubs[], attempt_stubs_end[];
extern uint32_t attempt_first_slot[];

void clear_traps(void)
{
    trap_count = 0;
}

static struct trap record_of(enum mode in, const struct frame *frame)
{
    struct trap trap = {.in = in, .at = frame->x[29], .a0 = frame->x[10]};
    if (in == MODE_M) {
        uint64_t status = csr_read(mstatus);
        trap.cause = csr_read(mcause);
        trap.epc = csr_read(mepc);
        trap.tval = csr_read(mtval);
        trap.pp = status >> 11 & 3;
        if (hypervisor) {
            trap.tval2 = csr_read(mtval2);
            trap.tinst = csr_read(mtinst);
            trap.gva = !!(status & MSTATUS_GVA);
            trap.pv = !!(status & MSTATUS_MPV);
        }
        return trap;
    }
    trap.cause = csr_read(scause);
    trap.epc = csr_read(sepc);
    trap.tval = csr_read(stval);
    trap.pp = !!(csr_read(sstatus) & MSTATUS_SPP);
    if (in == MODE_HS && hypervisor) {
        uint64_t hstatus = csr_read(hstatus);
        trap.tval2 = csr_read(htval);
        trap.tinst = csr_read(htinst);
        trap.gva = !!(hstatus & HSTATUS_GVA);
        trap.pv = !!(hstatus & HSTATUS_SPV);
        trap.spvp = !!(hstatus & HSTATUS_SPVP);
    }
    return trap;
}

static void disable_interrupt(enum mode in, uint64_t code)
{
    if (in == MODE_M)
        csr_clear(mie, BIT(code));
    else if (in == MODE_HS && hypervisor && BIT(code) & (BIT(VSSI) | BIT(VSTI) | BIT(VSEI) | BIT(SGEI)))
        csr_clear(hie, BIT(code));
    else
        csr_clear(sie, BIT(code));
}

static void keep(const struct trap *trap)
{
    if (trap_count < MAX_TRAPS)
        traps[trap_count] = *trap;
    trap_count = trap_count + 1;
}

static const struct {
    const char *name;
    size_t offset;
} words[] = {{"cause", offsetof(struct trap, cause)}, {"epc", offsetof(struct trap, epc)},
             {"tval", offsetof(struct trap, tval)}, {"tval2", offsetof(struct trap, tval2)},
             {"tinst", offsetof(struct trap, tinst)}, {"pp", offsetof(struct trap, pp)},
             {"pv", offsetof(struct trap, pv)}, {"GVA", offsetof(struct trap, gva)},
             {"SPVP", offsetof(struct trap, spvp)}};
#define WORDS (sizeof words / sizeof *words)

static uint64_t word(const struct trap *trap, unsigned i)
{
    return *(const uint64_t *)((const char *)trap + words[i].offset);
}

#ifdef AGAIN
/* An attempt that has trapped is made once more, with everything that it has warmed; it must trap in the same way.
   Not with MPRV, since MPP does not come back from the trap. */
static struct trap first;
static bool is_second;

static bool to_be_tried_again(const struct trap *trap)
{
    if (!is_second && trap->in == MODE_M && csr_read(mstatus) & MSTATUS_MPRV)
        return false;
    is_second = !is_second;
    if (is_second) {
        first = *trap;
        return true;
    }
    checking("trap of the same attempt, made again");
    check_eq("mode that took the trap", trap->in, first.in);
    for (unsigned i = 0; i < WORDS; i++)
        check_eq(words[i].name, word(trap, i), word(&first, i));
    checking(0);
    return false;
}
#else
static const bool is_second;

static bool to_be_tried_again(const struct trap *trap)
{
    (void)trap;
    return false;
}
#endif

static void print_trap(const struct trap *trap)
{
    put_string("trap that was not expected, taken in ");
    put_string(mode_name(trap->in));
    for (unsigned i = 0; i < WORDS; i++) {
        put_string(" ");
        put_string(words[i].name);
        put_string("=");
        put_hex(word(trap, i));
    }
    put_string("\n");
}

/* What the machine is asked to do by `leave` and its like, in whatever mode it was asked. */
static void call(enum mode in, uint64_t number, uint64_t a0)
{
    if (in != MODE_M)
        call_machine(number, a0);
    if (number == CALL_LEAVE)
        back_to_machine(a0);
    if (number == CALL_UNEXPECTED) {
        print_trap(&unexpected_trap);
        exit_with(255);
    }
    report_failed_check();
}

/* Called by entry.S for every trap, in the mode that takes it. */
void trap_taken(struct frame *frame, enum mode in)
{
    struct trap trap = record_of(in, frame);
    uint64_t number = frame->x[17];
    bool is_call = trap.cause == BREAKPOINT || (trap.cause >= ECALL_U && trap.cause <= ECALL_M);

    frame->epc = trap.epc;
    if (is_call && (number == CALL_LEAVE || number == CALL_FAILED || number == CALL_UNEXPECTED))
        call(in, number, frame->x[10]);
    if (trap_hook && trap_hook(frame, &trap)) {
    } else if (trap.cause >> 63) {
        keep(&trap);
        disable_interrupt(in, trap.cause & 63);
    } else if (frame->x[30] == TRY_MAGIC) {
        if (!to_be_tried_again(&trap)) {
            keep(&trap);
            frame->epc = frame->x[31];
        }
    } else {
        unexpected_trap = trap;
        call(in, CALL_UNEXPECTED, 0);
    }
    if (in == MODE_M)
        csr_write(mepc, frame->epc);
    else
        csr_write(sepc, frame->epc);
}

struct trap trap_of(enum mode mode, function *f, uint64_t argument)
{
    clear_traps();
    uint64_t value = run_in(mode, f, argument);
    if (is_second)
        check_eq("traps of an attempt that trapped, made again", 0, 1);
    if (trap_count > 1)
        check_eq("number of traps", trap_count, 1);
    struct trap trap = {.cause = NO_TRAP};
    if (trap_count)
        trap = traps[0];
    trap.value = value;
    trap.from = mode;
    return trap;
}

/* The slot of a stub that holds `instruction`. */
static uint32_t *slot_of(uint32_t instruction)
{
    static unsigned next;
    const unsigned step = STUB_BYTES / 4, count = (attempt_stubs_end - attempt_stubs) / STUB_BYTES;
    if ((instruction & 3) != 3)
        instruction = (instruction & 0xffff) | 0x10000; /* C.NOP above */
    for (unsigned i = 0; i < count; i++)
        if (attempt_first_slot[i * step] == instruction)
            return &attempt_first_slot[i * step];
    uint32_t *slot = &attempt_first_slot[next++ % count * step];
    *slot = instruction;
    FENCE_I();
    return slot;
}

uint64_t after_attempt(uint32_t instruction)
{
    return (uint64_t)(slot_of(instruction) + 1);
}

struct trap attempt(enum mode mode, uint32_t instruction, uint64_t a0, uint64_t a1)
{
    uint8_t *stub = attempt_stubs + ((uint8_t *)slot_of(instruction) - (uint8_t *)attempt_first_slot);
    attempt_a1 = a1;
    return trap_of(mode, (function *)stub, a0);
}

/* The manual leaves open whether mtinst gets a transformed instruction or 0: a load of what is absent tells. */
void find_writes_transformed(void)
{
    writes_transformed = attempt(MODE_M, WORD("ld a2, 0(a0)"), 0x20000000, 0).tinst;
}

void check_trap(const char *name, struct trap got, struct expected_trap expected)
{
    checking(name);
    CHECK_EQ("cause", got.cause, expected.cause);
    uint64_t at = got.at & ~USER_ALIAS;
    uint32_t tried = expected.tval == THE_INSTRUCTION || expected.tinst >> 12 == TRANSFORMED(0) >> 12
        ? MEMORY16(at) | (uint32_t)MEMORY16(at + 2) << 16 : 0;
    bool fetch = expected.cause == INSTRUCTION_MISALIGNED || expected.cause == INSTRUCTION_ACCESS_FAULT
        || expected.cause == INSTRUCTION_PAGE_FAULT || expected.cause == INSTRUCTION_GUEST_PAGE_FAULT;

    if ((tried & 3) != 3)
        tried &= 0xffff;
    if (expected.tval == THE_INSTRUCTION)
        expected.tval = tried;
    if ((expected.tinst & ~31UL) == TRANSFORMED(0))
        expected.tinst = writes_transformed ? transformed(tried, expected.tinst - TRANSFORMED(0)) : 0;
    if (expected.cause == BREAKPOINT && expected.in == got.in) { /* xtval of EBREAK: its address, or 0 */
        expected.tval = got.tval ? got.epc : 0;
        expected.gva = got.tval && got.in != MODE_VS && got.from >> 2;
    }
    if (!expected.epc)
        expected.epc = fetch ? got.a0 : got.at;
    CHECK_EQ("mode that took the trap", got.in, expected.in);
    if (!(expected.cause >> 63))
        CHECK_EQ("epc", got.epc, expected.epc);
    CHECK_EQ("tval", got.tval, expected.tval);
    CHECK_EQ("GVA", got.gva, expected.gva);
    CHECK_EQ("tval2", got.tval2, expected.tval2);
    CHECK_EQ("tinst", got.tinst, expected.tinst);
    CHECK_EQ("previous privilege", got.pp, got.from & 3);
    if (got.in != MODE_VS && hypervisor)
        CHECK_EQ("previous V", got.pv, got.from >> 2);
    if (got.in == MODE_HS && got.from >> 2)
        CHECK_EQ("SPVP", got.spvp, got.from & 1);
    checking(0);
}
