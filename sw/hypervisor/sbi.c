/* The supervisor binary interface, as far as the guests need it: an ECALL in VS-mode (cause 10) with the extension
 * in a7, the function in a6 and arguments from a0 on. An error comes back in a0 and a value in a1; the legacy
 * extensions have only a0. For the guest, the hypervisor is what firmware is for a kernel on the bare machine.
 */
#include "hypervisor.h"

enum { A0 = 10, A1 = 11, A2 = 12, A6 = 16, A7 = 17 };

/* When the guest's timer shall go off, in the guest's time. */
static void set_timer(struct guest *g, uint64_t when)
{
    g->timecmp = when;
    if (g->sstc)
        csr_write(vstimecmp, when);
}

static enum verdict power_off(struct guest *g)
{
    if (g->line_length)
        guest_putchar(g, '\n');
    say("[hypervisor] guest %d has shut down", (uint64_t)g->number);
    g->state = OFF;
    return YIELD;
}

static bool exists(uint64_t extension)
{
    return extension == SBI_LEGACY_SET_TIMER || extension == SBI_LEGACY_PUTCHAR || extension == SBI_LEGACY_SHUTDOWN ||
           extension == SBI_BASE || extension == SBI_TIME || extension == SBI_DBCN || extension == SBI_SRST ||
           extension == SBI_CHANNEL;
}

static int64_t base(uint64_t function, uint64_t argument, uint64_t *value)
{
    switch (function) {
    case SBI_BASE_VERSION: *value = 2 << 24; break;        /* version 2.0 has the debug console */
    case SBI_BASE_PROBE: *value = exists(argument); break;
    case SBI_BASE_IMPLEMENTATION:
    case SBI_BASE_IMPLEMENTATION_VERSION:
    case SBI_BASE_VENDOR:
    case SBI_BASE_ARCH:
    case SBI_BASE_MACHINE: *value = 0; break;
    default: return SBI_NOT_SUPPORTED;
    }
    return SBI_OK;
}

/* Debug console: a text at a guest *physical* address, so no translation of the guest's own is needed. */
static int64_t console(struct guest *g, uint64_t function, uint64_t *x, uint64_t *value)
{
    if (function == SBI_DBCN_WRITE_BYTE) {
        guest_putchar(g, (char)x[A0]);
        return SBI_OK;
    }
    if (function != SBI_DBCN_WRITE)
        return SBI_NOT_SUPPORTED;
    if (x[A2] || x[A0] > GUEST_RAM_SIZE || x[A1] - GUEST_RAM > GUEST_RAM_SIZE - x[A0])
        return SBI_INVALID_PARAMETER;
    for (uint64_t i = 0; i < x[A0]; i++)
        guest_putchar(g, (char)*memory_at(g, x[A1] + i));
    *value = x[A0];
    return SBI_OK;
}

enum verdict sbi_call(struct guest *g)
{
    uint64_t *x = g->registers.x, value = 0;
    int64_t error = SBI_OK;
    g->registers.pc += 4;                                  /* sepc is the ECALL's own address */
    switch (x[A7]) {
    case SBI_LEGACY_SET_TIMER:
        set_timer(g, x[A0]);
        x[A0] = 0;
        return RESUME;
    case SBI_LEGACY_PUTCHAR:
        guest_putchar(g, (char)x[A0]);
        x[A0] = 0;
        return RESUME;
    case SBI_LEGACY_SHUTDOWN:
        return power_off(g);
    case SBI_BASE:
        error = base(x[A6], x[A0], &value);
        break;
    case SBI_TIME:
        if (x[A6] == 0)
            set_timer(g, x[A0]);
        else
            error = SBI_NOT_SUPPORTED;
        break;
    case SBI_DBCN:
        error = console(g, x[A6], x, &value);
        break;
    case SBI_SRST:
        if (x[A6] == 0 && x[A1] == 0)                      /* reason 0: no failure */
            return power_off(g);
        if (x[A6] == 0)
            panic("[hypervisor] guest %d reports a failure", (uint64_t)g->number);
        error = SBI_NOT_SUPPORTED;
        break;
    case SBI_CHANNEL:                                      /* the byte arrives at the other guest's UART */
        if (peer_of(g)->state == OFF || !uart_receive(peer_of(g), (uint8_t)x[A0]))
            error = SBI_FAILED;
        break;
    default:
        error = SBI_NOT_SUPPORTED;
    }
    x[A0] = (uint64_t)error;
    x[A1] = value;
    return RESUME;
}
