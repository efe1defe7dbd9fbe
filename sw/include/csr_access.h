/* Access to CSRs by the assembler's names or by number. */
#pragma once
#include <stdint.h>

#define CSR_NAME_(name) #name

#define csr_read(name) ({ \
    uint64_t value_; \
    asm volatile("csrr %0, " CSR_NAME_(name) : "=r"(value_) : : "memory"); \
    value_; })
#define csr_write(name, value) \
    ({ asm volatile("csrw " CSR_NAME_(name) ", %0" : : "r"((uint64_t)(value)) : "memory"); })
#define csr_set(name, bits) \
    ({ asm volatile("csrs " CSR_NAME_(name) ", %0" : : "r"((uint64_t)(bits)) : "memory"); })
#define csr_clear(name, bits) \
    ({ asm volatile("csrc " CSR_NAME_(name) ", %0" : : "r"((uint64_t)(bits)) : "memory"); })
#define csr_swap(name, value) ({ \
    uint64_t value_ = (value); \
    asm volatile("csrrw %0, " CSR_NAME_(name) ", %0" : "+r"(value_) : : "memory"); \
    value_; })
#define csr_put(name, mask, bits) /* replaces the bits of `mask` */ \
    ({ csr_write(name, (csr_read(name) & ~(uint64_t)(mask)) | (bits)); })
