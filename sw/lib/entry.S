# Trap entries of M, HS and VS. xscratch holds the end of that mode's trap stack; struct frame is built there.

    .macro trap_entry name, scratch, mode, return
    .balign 4
    .globl \name
\name:
    csrrw sp, \scratch, sp
    addi sp, sp, -272
    sd x1, 8(sp)
    .irp n, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16, 17, 18, 19, 20, 21, 22, 23, 24, 25, 26, 27, 28, 29, 30, 31
    sd x\n, 8*\n(sp)
    .endr
    addi t0, sp, 272
    csrrw t0, \scratch, t0
    sd t0, 16(sp)
    mv a0, sp
    li a1, \mode
    call trap_taken
    ld x1, 8(sp)
    .irp n, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16, 17, 18, 19, 20, 21, 22, 23, 24, 25, 26, 27, 28, 29, 30, 31
    ld x\n, 8*\n(sp)
    .endr
    ld sp, 16(sp)
    \return
    .endm

    .text
    trap_entry m_trap, mscratch, 3, mret
    trap_entry hs_trap, sscratch, 1, sret
    trap_entry vs_trap, sscratch, 5, sret
