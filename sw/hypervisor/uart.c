/* The UART that each guest sees: an ns16550a made of a few variables.
 *
 * What the guest writes goes to the console; what it can read is what the other guest sent it. Its interrupt is a
 * level: up while a received byte waits and IER allows it. There is no interrupt controller in between: the level is
 * the guest's external interrupt (VSEIP).
 */
#include "hypervisor.h"

#define LCR_DLAB 0x80                /* registers 0 and 1 are the divisor of the baud rate while this is set */

uint64_t uart_read(struct guest *g, uint64_t offset)
{
    struct uart *u = &g->uart;
    switch (offset) {
    case UART_DATA:
        if (u->lcr & LCR_DLAB || !u->count)
            return 0;
        uint8_t byte = u->received[u->first];
        u->first = (u->first + 1) % sizeof u->received;
        u->count--;
        return byte;
    case UART_IER: return u->lcr & LCR_DLAB ? 0 : u->ier;
    case UART_IIR: return uart_interrupt(g) ? UART_IIR_RECEIVED : UART_IIR_NONE;
    case UART_LCR: return u->lcr;
    case UART_MCR: return u->mcr;
    case UART_LSR: return UART_LSR_EMPTY | (u->count ? UART_LSR_RECEIVED : 0);
    case UART_SCR: return u->scr;
    default: return 0;
    }
}

void uart_write(struct guest *g, uint64_t offset, uint8_t value)
{
    struct uart *u = &g->uart;
    switch (offset) {
    case UART_DATA:
        if (!(u->lcr & LCR_DLAB))
            guest_putchar(g, (char)value);
        break;
    case UART_IER:
        if (!(u->lcr & LCR_DLAB))
            u->ier = value & 0x0f;
        break;
    case UART_LCR: u->lcr = value; break;
    case UART_MCR: u->mcr = value; break;
    case UART_SCR: u->scr = value; break;
    }
}

bool uart_interrupt(const struct guest *g)
{
    return g->uart.count && g->uart.ier & UART_IER_RECEIVED;
}

/* A byte arrives at the guest's UART; false if there is no room for it. */
bool uart_receive(struct guest *g, uint8_t byte)
{
    struct uart *u = &g->uart;
    if (u->count == sizeof u->received)
        return false;
    u->received[(u->first + u->count++) % sizeof u->received] = byte;
    return true;
}
