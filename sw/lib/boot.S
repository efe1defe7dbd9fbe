# The start of every program: hart 0 clears bss, gives each mode its trap handler and stack, and calls main in M-mode.
# a0 = hart id, a1 = device tree.

    .section .text.start, "ax"
    .globl _start
_start:
    bnez a0, sleep
    lla sp, m_stack_end
#ifdef TWICE
    mv s1, a1
    call keep_or_restore
    mv a1, s1
#endif
    lla t0, bss_start
    lla t1, bss_end
1:  bgeu t0, t1, 2f
    sd zero, 0(t0)
    addi t0, t0, 8
    j 1b
2:  lla t0, device_tree
    sd a1, 0(t0)
    call start
sleep:
    wfi
    j sleep

# Runs a function in another mode: a0 = its address, a1 = argument, a2 = stack, a3 = where it returns to, all as that
# mode sees them. mstatus.MPP and MPV name the mode. back_to_machine, with a result in a0, is the way back.
    .text
    .globl enter
enter:
    addi sp, sp, -112
    sd ra, 0(sp)
    sd s0, 8(sp)
    sd s1, 16(sp)
    sd s2, 24(sp)
    sd s3, 32(sp)
    sd s4, 40(sp)
    sd s5, 48(sp)
    sd s6, 56(sp)
    sd s7, 64(sp)
    sd s8, 72(sp)
    sd s9, 80(sp)
    sd s10, 88(sp)
    sd s11, 96(sp)
    lla t0, m_context
    sd sp, 0(t0)
    csrw mepc, a0
    mv a0, a1
    mv sp, a2
    mv ra, a3
    mret

    .globl back_to_machine
back_to_machine:
    li t0, 1 << 42  # mstatus.MDT: this is no return from a trap, but the end of one
    csrc mstatus, t0
    lla t0, m_context
    ld sp, 0(t0)
    ld ra, 0(sp)
    ld s0, 8(sp)
    ld s1, 16(sp)
    ld s2, 24(sp)
    ld s3, 32(sp)
    ld s4, 40(sp)
    ld s5, 48(sp)
    ld s6, 56(sp)
    ld s7, 64(sp)
    ld s8, 72(sp)
    ld s9, 80(sp)
    ld s10, 88(sp)
    ld s11, 96(sp)
    addi sp, sp, 112
    ret

# Goes to a function by SRET: a0 = argument, a1 = stack, a2 = where it returns to. sepc and the status fields are set.
    .globl enter_by_sret
enter_by_sret:
    mv sp, a1
    mv ra, a2
    sret

# The stubs of attempt (trap.c): each runs the instruction at its slot with a0 as it comes, a1 from attempt_a1, and
# returns a2. t4, t5 and t6 tell the trap handler what is tried, that it may trap, and where to go on. There are many,
# so that a loop over a few instructions need not write code, and empty the instruction cache, each time.
    .balign 128
    .globl attempt_stubs, attempt_first_slot, attempt_stubs_end
attempt_stubs:
    .rept 16
    .balign 128
    addi sp, sp, -16
    sd ra, 0(sp)
    lla t0, attempt_a1
    ld a1, 0(t0)
    li a2, 0
    li a7, 0
    lla t4, 1f
    lla t6, 2f
    li t5, 0x7472796d
    .balign 4
    .ifndef attempt_first_slot
attempt_first_slot:
    .endif
1:  .word 0
2:  li t5, 0
    mv a0, a2
    ld ra, 0(sp)
    addi sp, sp, 16
    ret
    .endr
    .balign 128
attempt_stubs_end:

    .bss
    .balign 8
m_context:
    .space 8

    .section .pages, "aw", @nobits
    .balign 16
    .space 16384
m_stack_end:

    .section .tohost, "aw"
    .globl tohost, fromhost
    .balign 64
tohost:
    .dword 0
    .balign 64
fromhost:
    .dword 0
