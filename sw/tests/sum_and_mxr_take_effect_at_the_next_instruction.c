/* Writes of sstatus.SUM and sstatus.MXR in S-mode: the very next load and store are judged by them, without a fence, as
   often as they change.
   rules: sfence_vma_sum_mxr_effect, sstatus_sum_op, sstatus_mxr_op, zicsr_order, zicsr_memory_access_ordering */
#include "hyacinth.h"

/* A write of sstatus with `bits`, and right after it an access of a2 at a0, which may trap. */
#define ACCESS_AFTER(write, access, address, bits) ({ \
    register uint64_t address_ asm("a0") = address; \
    register uint64_t value_ asm("a2") = 0; \
    asm volatile("lla t4, 1f\nlla t6, 2f\nli t5, 0x7472796d\n.option push\n.option norvc\n" \
                 write " sstatus, %1\n1: " access "\n.option pop\n2: li t5, 0" \
                 : "+r"(value_) : "r"(bits), "r"(address_) : "t4", "t5", "t6", "memory"); \
    value_; })

static uint64_t load_with(uint64_t bits)
{
    return ACCESS_AFTER("csrs", "ld a2, 0(a0)", TEST_VA, bits);
}

static uint64_t load_without(uint64_t bits)
{
    return ACCESS_AFTER("csrc", "ld a2, 0(a0)", TEST_VA, bits);
}

static uint64_t store_with(uint64_t bits)
{
    return ACCESS_AFTER("csrs", "sd a2, 0(a0)", TEST_VA + 8, bits);
}

static uint64_t store_without(uint64_t bits)
{
    return ACCESS_AFTER("csrc", "sd a2, 0(a0)", TEST_VA + 8, bits);
}

int main(void)
{
    struct space space = supervisor_on(&SV39);
    delegate_exceptions(ALL_EXCEPTIONS, 0);
    test_pages[0][0] = 0x77;
    for (unsigned mxr = 0; mxr < 2; mxr++) {
        map(space, TEST_VA, (uint64_t)test_pages[0], 0, mxr ? PTE_V | PTE_X | PTE_A | PTE_D : LEAF_U);
        fence_all();
        uint64_t bit = mxr ? SSTATUS_MXR : SSTATUS_SUM;
        csr_clear(sstatus, SSTATUS_SUM | SSTATUS_MXR);
        for (unsigned round = 0; round < 3; round++) {
            context(mxr ? "MXR" : "SUM", round);
            check_fault("load without", trap_of(MODE_HS, load_without, bit), MODE_HS, LOAD, LOAD_PAGE_FAULT, false, 0,
                        false);
            CHECK_EQ("load with", trap_of(MODE_HS, load_with, bit).value, 0x77);
            if (mxr) {
                check_fault("store with MXR", trap_of(MODE_HS, store_with, bit), MODE_HS, STORE, STORE_PAGE_FAULT,
                            false, 0, false);
                continue;
            }
            CHECK_NO_TRAP("store with", trap_of(MODE_HS, store_with, bit));
            check_fault("store without", trap_of(MODE_HS, store_without, bit), MODE_HS, STORE, STORE_PAGE_FAULT, false,
                        0, false);
        }
    }
    return 0;
}
