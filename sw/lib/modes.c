#include "hyacinth.h"
#include "internal.h"

enum leave_by leave_by;

#define STACK 8192
static uint8_t stacks[2][STACK] __attribute__((aligned(16), section(".pages")));

uint64_t enter(uint64_t address, uint64_t argument, uint64_t stack, uint64_t return_to);
__attribute__((noreturn)) void enter_by_sret(uint64_t argument, uint64_t stack, uint64_t return_to);

static uint64_t user_alias, guest_user_alias; /* of this run_in: a lower mode cannot look into satp of another */

__attribute__((noreturn)) void call_machine(uint64_t number, uint64_t a0)
{
    register uint64_t r0 asm("a0") = a0;
    register uint64_t r7 asm("a7") = number;
    if (leave_by == LEAVE_BY_EBREAK)
        asm volatile(".option push\n.option norvc\nebreak\n.option pop" : : "r"(r0), "r"(r7) : "memory");
    else
        asm volatile("ecall" : : "r"(r0), "r"(r7) : "memory");
    __builtin_unreachable();
}

__attribute__((noreturn)) void leave(uint64_t result)
{
    call_machine(CALL_LEAVE, result);
}

static uint64_t alias_of(enum mode mode)
{
    return mode == MODE_U ? user_alias : mode == MODE_VU ? guest_user_alias : 0;
}

static void find_aliases(void)
{
    user_alias = csr_read(satp) >> 60 ? USER_ALIAS : 0;
    guest_user_alias = hypervisor && csr_read(vsatp) >> 60 ? USER_ALIAS : 0;
}

uint64_t seen_by(enum mode mode, const void *address)
{
    find_aliases();
    return (uint64_t)address + alias_of(mode);
}

uint64_t run_in(enum mode mode, function *f, uint64_t argument)
{
    find_aliases();
    uint64_t alias = alias_of(mode), clear = MSTATUS_MPP | MSTATUS_MPIE;
    if (hypervisor)
        clear |= MSTATUS_MPV;
    csr_put(mstatus, clear, (uint64_t)(mode & 3) << 11 | (mode & 4 ? MSTATUS_MPV : 0));
    return enter((uint64_t)f + alias, argument, (uint64_t)(stacks[0] + STACK) + alias, (uint64_t)leave + alias);
}

__attribute__((noreturn)) void go_by_sret(enum mode from, enum mode mode, function *f, uint64_t argument)
{
    if (from == MODE_HS && hypervisor)
        csr_put(hstatus, HSTATUS_SPV, mode & 4 ? HSTATUS_SPV : 0);
    uint64_t alias = alias_of(mode);
    csr_put(sstatus, MSTATUS_SPP, mode & 1 ? MSTATUS_SPP : 0);
    csr_write(sepc, (uint64_t)f + alias);
    enter_by_sret(argument, (uint64_t)(stacks[1] + STACK) + alias, (uint64_t)leave + alias);
}

const char *mode_name(enum mode mode)
{
    return mode == MODE_U ? "U" : mode == MODE_HS ? "HS" : mode == MODE_M ? "M" : mode == MODE_VU ? "VU" : "VS";
}
