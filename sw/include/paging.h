/* Page tables of both stages. */
#pragma once
#include <stdbool.h>
#include <stdint.h>
#include "fields.h"

/* A scheme of address translation. */
struct scheme {
    const char *name;
    uint64_t mode;     /* of satp, vsatp or hgatp */
    unsigned levels;   /* 0: Bare */
    unsigned extra;    /* bits by which the root index is wider: 2 for the x4 schemes */
};
extern const struct scheme BARE, SV39, SV48, SV57, SV39X4, SV48X4, SV57X4;
extern const struct scheme *const VS_SCHEMES[4]; /* BARE, SV39, SV48, SV57 */
extern const struct scheme *const G_SCHEMES[4];  /* BARE, SV39X4, SV48X4, SV57X4 */

/* Whether the machine has it; what is narrower than a scheme it has, it has too. In M-mode. */
bool supported(const struct scheme *scheme);
/* The wider one, where the machine has it. */
#define SV48_OR_SV39 (supported(&SV48) ? &SV48 : &SV39)

/* An address space: a scheme and its root table. */
struct space {
    const struct scheme *scheme;
    uint64_t *root;
};

/* A new, empty space. */
struct space space_new(const struct scheme *scheme);

/* Maps the page of `level` (0: 4 KiB, each further one 512 times as much) at `address` to `target`. */
void map(struct space space, uint64_t address, uint64_t target, unsigned level, uint64_t flags);

/* The entry that serves `address` at `level`; tables above it are made as needed. */
uint64_t *pte_of(struct space space, uint64_t address, unsigned level);

/* A zeroed 4 KiB page for tables or anything else. */
void *page_new(void);

uint64_t satp_of(struct space space, uint64_t asid);
uint64_t hgatp_of(struct space space, uint64_t vmid);

/* Maps what a program needs: devices and RAM at their own addresses for S, RAM again at USER_ALIAS for U. */
void map_program(struct space space);
/* The same in a G-stage space: devices and RAM, at their own addresses. */
void map_machine(struct space space);

/* A program's page at 1 to 2 GiB, which map_program and map_machine leave free for tests. */
#define TEST_VA 0x40000000UL
#define TEST_GPA 0x60000000UL

/* Turns on translation for HS and U, or for VS and VU, with the program mapped; all TLBs are fenced. */
struct space supervisor_on(const struct scheme *scheme);
struct guest {
    struct space vs, g;
} guest_on(const struct scheme *vs, const struct scheme *g);

/* Turns all translation off and takes back the pages of every space. */
void translation_off(void);

/* SFENCE.VMA, HFENCE.VVMA and HFENCE.GVMA of everything. */
void fence_all(void);

/* The same: what the next access finds is kept by every TLB, also by one that is still being emptied when the fence is
   done. */
static inline void fence_and_wait(void)
{
    fence_all();
    for (unsigned i = 0; i < 400; i++)
        asm volatile("");
}

#define PAGE 4096UL

/* Pages of memory for tests to map; `test_pages` is aligned to 64 KiB. */
#define TEST_PAGES 16
extern uint64_t test_pages[TEST_PAGES][512];
