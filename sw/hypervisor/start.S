# The first instructions, in M-mode at 0x8000_0000: variables of 0, a stack, then C. a0 is the hart's number, a1 the device tree.
    .section .text.start, "ax"
    .globl _start
_start:
    bnez a0, park               # one hart is enough for this lecture
    la t0, bss_start
    la t1, bss_end
1:  sd zero, (t0)
    addi t0, t0, 8
    bltu t0, t1, 1b

    la sp, stack_top
    call boot                   # boot.c: returns in M-mode, all set up

    # Leave M-mode for good: MRET goes to HS-mode, because boot() set mstatus.MPP to S and mstatus.MPV to 0.
    la t0, hypervisor_main
    csrw mepc, t0
    la t0, machine_trap
    csrw mtvec, t0
    mret

park:
    wfi
    j park

# Nothing should arrive here: all that can be delegated is, and the hypervisor makes no ECALL.
    .balign 4
machine_trap:
    csrr a0, mcause
    csrr a1, mepc
    csrr a2, mtval
    call machine_panic

# A trap of the hypervisor itself: it runs with interrupts off, so it is a mistake in these files.
    .balign 4
    .globl hypervisor_trap
hypervisor_trap:
    csrr a0, scause
    csrr a1, sepc
    csrr a2, stval
    call hypervisor_panic

# skip_if_absent: a trap handler that steps over the instruction. boot() uses it to write CSRs that not every
# machine has. They are all 4 bytes long.
    .balign 4
    .globl skip_if_absent
skip_if_absent:
    csrw mscratch, t0
    csrr t0, mepc
    addi t0, t0, 4
    csrw mepc, t0
    csrr t0, mscratch
    mret

    .section .uninitialised, "aw", @nobits
    .balign 16
    .skip 16384
stack_top:
