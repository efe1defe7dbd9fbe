/* What the files of the hypervisor share. Reading order:
 *
 *   start.S, boot.c   M-mode: open the machine for HS-mode and leave
 *   main.c            the guests, and who runs next
 *   world.S           into a guest and out again
 *   exits.c           why the guest came out, and what is done about it
 *   memory.c          the guest's RAM: G-stage page tables, filled on demand
 *   decode.c, uart.c  a device that is not there: decode the access, play the UART
 *   sbi.c             what a guest may ask for by ECALL
 *   console.c, report.c, format.c   what is printed
 */
#pragma once
#include "riscv.h"

#define GUESTS 2
#define GUEST_RAM 0x80000000ull      /* where each guest sees its RAM */
#define GUEST_RAM_SIZE 0x100000ull   /* 1 MiB, of which only touched pages cost memory */
#define GUEST_UART 0x10000000ull     /* where each guest sees its UART */
#define SLICE 1000                   /* ticks of `time` that a guest runs before the next one may */

/* The state that a guest shares with the hypervisor, so that it is swapped on each entry and exit: world.S.
 * world.S knows the offsets. */
struct registers {
    uint64_t x[32];                  /* x[0] is not used */
    uint64_t pc;                     /* sepc at the exit */
    uint64_t sstatus;                /* SPP: whether it was in VS or VU */
    uint64_t hstatus;                /* SPV, SPVP, and what the guest may not do (VTW) */
    uint64_t host_sp;                /* the hypervisor's stack while the guest runs */
};

/* The state that a guest has to itself while it runs, in CSRs of its own: swapped only when another guest follows. */
struct vs_csrs {
    uint64_t vsstatus, vstvec, vsscratch, vsepc, vscause, vstval, vsatp, vsie;
};

struct uart {
    uint8_t ier, lcr, mcr, scr;
    uint8_t received[16];            /* bytes on their way to the guest */
    unsigned first, count;
};

#define CAUSES 64                    /* exceptions by their code, interrupts from INTERRUPTS up */
#define INTERRUPTS 32
struct statistics {
    uint64_t exits[CAUSES], cycles[CAUSES];
    uint64_t pages, table_pages;     /* filled: in all, and for the guest's own page tables (htinst 0x3000) */
    uint64_t by_htinst, by_hlvx;     /* accesses of a device, by the way in which the instruction was found */
    uint64_t timer, external;        /* interrupts raised by hvip */
    uint64_t reflected;              /* exceptions passed on to the guest's own handler */
};

struct guest {
    struct registers registers;      /* first, so that one address serves for both */
    struct vs_csrs vs;
    int number;
    enum { RUNNABLE, WAITING, OFF } state;  /* WAITING: in WFI, until an interrupt is pending */
    uint64_t *root;                  /* of the G-stage page tables, 16 KiB */
    bool sstc;                       /* it has a timer of its own, vstimecmp; otherwise it asks by SBI */
    bool use_htinst;                 /* otherwise the instruction is read from the guest's memory in every case */
    uint64_t timecmp;                /* when its timer is due, in the guest's time */
    uint64_t htimedelta;             /* the guest's time is time + htimedelta */
    uint64_t hvip;                   /* the virtual interrupts it was last given */
    struct uart uart;
    char line[128];                  /* what it has printed since its last newline */
    size_t line_length;
    struct statistics statistics;
};

/* What the trap left behind, read once, before anything can trap again. */
struct exit {
    uint64_t cause, stval, htval, htinst;
};
enum verdict { RESUME, YIELD };      /* whether the guest goes on, or another's turn has come */

/* main.c */
extern struct guest guests[GUESTS];
static inline struct guest *peer_of(const struct guest *g) { return &guests[(g->number + 1) % GUESTS]; }

/* start.S */
void hypervisor_trap(void);

/* world.S */
void enter_guest(struct registers *registers);
uint32_t read_guest_instruction(uint64_t pc);

/* exits.c */
enum verdict handle_exit(struct guest *g, const struct exit *e);
void inject_exception(struct guest *g, uint64_t cause, uint64_t tval);

/* memory.c */
void memory_create(struct guest *g);
uint64_t memory_hgatp(const struct guest *g);
bool memory_fill(struct guest *g, uint64_t gpa);
uint8_t *memory_at(struct guest *g, uint64_t gpa);

/* decode.c: no CSR is touched there, so that it runs (and is tested) anywhere */
struct access {
    bool store, is_signed;
    unsigned size, reg, length;      /* bytes; number of the x register; bytes of the instruction */
};
uint64_t transform(uint32_t instruction);
bool decode(uint64_t transformed, struct access *access);

/* uart.c */
uint64_t uart_read(struct guest *g, uint64_t offset);
void uart_write(struct guest *g, uint64_t offset, uint8_t value);
bool uart_interrupt(const struct guest *g);
bool uart_receive(struct guest *g, uint8_t byte);

/* sbi.c */
enum verdict sbi_call(struct guest *g);

/* console.c */
void say(const char *text, ...);
void guest_putchar(struct guest *g, char c);
_Noreturn void finish(unsigned code);
_Noreturn void panic(const char *text, ...);

/* report.c */
void report(void);
