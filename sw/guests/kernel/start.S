# A guest's first instructions, in VS-mode at what it takes for physical address 0x8000_0000, and its trap entry.
# Nothing here knows of a hypervisor: a kernel on the bare machine, started by firmware, looks the same.

#define REG(n) (8 * (n))
#define PC REG(32)
#define STATUS REG(33)
#define FRAME REG(34)

    .section .text.start, "ax"
    .globl _start
_start:
    la sp, stack_top
    csrw sscratch, zero                       # 0 says: the kernel runs
    la t0, trap_entry
    csrw stvec, t0
    j kernel_main

    .macro each_register, operation           # all but x0 and sp
    .irp n, 1, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, \
            16, 17, 18, 19, 20, 21, 22, 23, 24, 25, 26, 27, 28, 29, 30, 31
    \operation x\n, REG(\n)(sp)
    .endr
    .endm

# Every trap of the kernel and of the user program. sscratch holds the kernel's stack while the user program runs,
# and 0 while the kernel does.
    .text
    .balign 4
trap_entry:
    csrrw sp, sscratch, sp
    bnez sp, 1f
    csrr sp, sscratch                         # from the kernel: go on with its stack
1:  addi sp, sp, -FRAME
    each_register sd
    csrrw t0, sscratch, zero
    sd t0, REG(2)(sp)                         # sp before the trap
    csrr t0, sepc
    sd t0, PC(sp)
    csrr t0, sstatus
    sd t0, STATUS(sp)
    mv a0, sp
    call trap                                 # kernel.c

trap_return:
    ld t0, STATUS(sp)
    csrw sstatus, t0
    andi t1, t0, 0x100                        # SPP
    bnez t1, 2f
    addi t1, sp, FRAME
    csrw sscratch, t1                         # back to the user program
2:  ld t0, PC(sp)
    csrw sepc, t0
    each_register ld
    ld sp, REG(2)(sp)
    sret

# void enter_user(uint64_t pc, uint64_t sp, uint64_t status): leaves the kernel; it comes back by traps only.
    .globl enter_user
enter_user:
    la t0, stack_top
    csrw sscratch, t0
    csrw sepc, a0
    csrw sstatus, a2
    mv sp, a1
    sret

# bool has_stimecmp(void): reads a CSR that may not be there. Its exception handler, for the moment, is label 1.
    .globl has_stimecmp
has_stimecmp:
    la t0, 1f
    csrrw t0, stvec, t0
    li a0, 0
    csrr t1, stimecmp
    li a0, 1
    .balign 4
1:  csrw stvec, t0
    ret

    .section .rodata
    .balign 4096
    .globl user_image, user_image_end
user_image:
    .incbin USER_IMAGE
user_image_end:

    .bss
    .balign 16
    .skip 8192
stack_top:
