/* Traps: what is recorded of each, and instructions that are expected to trap. */
#pragma once
#include <stdbool.h>
#include <stdint.h>
#include "modes.h"

#define NO_TRAP (~0UL)

/* The record of a trap. What the mode that took it has no CSR for is 0. */
struct trap {
    enum mode in;    /* took it: MODE_M, MODE_HS or MODE_VS */
    uint64_t cause;  /* INTERRUPT(code) for an interrupt, NO_TRAP if there was none */
    uint64_t epc;
    uint64_t tval;
    uint64_t tval2;  /* mtval2 or htval: a GPA shifted right by 2 */
    uint64_t tinst;  /* mtinst or htinst */
    uint64_t gva;    /* mstatus.GVA or hstatus.GVA */
    uint64_t pv;     /* mstatus.MPV or hstatus.SPV */
    uint64_t pp;     /* MPP or SPP */
    uint64_t spvp;   /* hstatus.SPVP */
    uint64_t at;     /* address of the instruction that was tried */
    uint64_t a0;     /* its operand */
    uint64_t value;  /* its result, where it did not trap */
    enum mode from;  /* in which it ran */
};

/* Traps since clear_traps, the oldest first; of more than MAX_TRAPS the first ones are kept. */
#define MAX_TRAPS 16
extern struct trap traps[MAX_TRAPS];
extern volatile uint64_t trap_count;
void clear_traps(void);

/* Runs `f(argument)` in `mode`; the record of the one trap, or one with the cause NO_TRAP. More than one: fails. */
struct trap trap_of(enum mode mode, function *f, uint64_t argument);

/* Executes one instruction in `mode`, with its operands in a0 and a1 and its result, if any, in a2.
   A compressed one has zeros above. Where it traps, the trap is recorded and the instruction skipped. */
struct trap attempt(enum mode mode, uint32_t instruction, uint64_t a0, uint64_t a1);

/* Where the next `attempt` of `instruction` goes on after it, if nothing but that is attempted before. */
uint64_t after_attempt(uint32_t instruction);

/* The three kinds of memory access, and the causes of their faults. */
enum reach { FETCH, LOAD, STORE };
#define ACCESS_FAULT(reach) ((reach) == FETCH ? 1UL : (reach) == LOAD ? 5UL : 7UL)
#define PAGE_FAULT(reach) ((reach) == FETCH ? 12UL : (reach) == LOAD ? 13UL : 15UL)
#define GUEST_PAGE_FAULT(reach) ((reach) == FETCH ? 20UL : (reach) == LOAD ? 21UL : 23UL)

/* Instructions that reach the memory at a0, one of each kind; the target of a fetch must hold RET. */
struct access {
    const char *name;
    enum reach reach;
    uint32_t word;
};
#define ACCESSES 6
extern struct access accesses[ACCESSES]; /* fetch, load, store, LR, SC, AMO */
#define RET 0x8082U /* C.JR ra */

/* Checks a fault of translation or protection of an access at a0, explicit unless `implicit`. */
void check_fault(const char *name, struct trap got, enum mode in, enum reach reach, uint64_t cause, bool gva,
                 uint64_t tval2, bool implicit);

/* The encoding of an instruction, by the assembler. WORD never compresses, WORD_C is for the `c.` mnemonics. */
#define WORD_(text, option) ({ \
    const uint32_t *word_; \
    asm(".pushsection .rodata.words, \"a\"\n.balign 4\n.option push\n.option " option "\n" \
        "77001: " text "\n.option pop\n.balign 4\n.word 0\n.popsection\nlla %0, 77001b" : "=r"(word_)); \
    *word_; })
#define WORD(text) WORD_(text, "norvc")
#define WORD_C(text) (WORD_(text, "rvc") & 0xffff)

/* What check_trap expects; whatever is not named is expected to be 0. */
struct expected_trap {
    enum mode in;
    uint64_t cause;
    uint64_t tval;   /* THE_INSTRUCTION: the bits of the instruction tried */
    uint64_t gva;
    uint64_t tval2;
    uint64_t tinst;  /* TRANSFORMED(offset): the instruction tried, transformed, or 0 by the machine's choice */
    uint64_t epc;    /* 0: the instruction tried, or, for a fetch, its target a0 */
};
#define THE_INSTRUCTION 0xfeedfacecafe0001UL
#define TRANSFORMED(offset) (0xfeedfacecafe0100UL + (offset))

/* Checks the record against what is expected, and that it names the mode in which the instruction ran. */
void check_trap(const char *name, struct trap got, struct expected_trap expected);
#define CHECK_TRAP(name, trap, ...) check_trap(name, trap, (struct expected_trap){__VA_ARGS__})
#define CHECK_NO_TRAP(name, trap) CHECK_EQ(name, (trap).cause, NO_TRAP)

/* The instruction as mtinst and htinst hold it (hypervisor chapter, "Transformed Instruction or Pseudoinstruction").
   offset: the address of the fault minus the address of the access. */
uint32_t transformed(uint32_t instruction, unsigned offset);
#define PSEUDO_READ 0x3000 /* 64-bit read for VS-stage address translation */
#define PSEUDO_WRITE 0x3020 /* 64-bit write of A or D for it */

/* Whether the machine writes transformed instructions; the manual lets it write 0 instead. Found at the start. */
extern bool writes_transformed;

/* Interrupts are recorded as traps; then the mode that took it disables it in its own xie and goes on. */

/* Called, where set, before anything else is done with a trap; true: it is dealt with, go on at frame->epc. */
struct frame {
    uint64_t x[32];
    uint64_t epc;
};
extern bool (*trap_hook)(struct frame *frame, const struct trap *trap);
