"""Assembler programs for the tests of the referee; each ends in a jump to itself."""

PLAIN = """
    la sp, data
    li a0, 0x123456789abcdef
    mul a1, a0, a0
    divw a2, a1, a0
    sd a0, 0(sp)
    sw a1, 12(sp)
    ld a3, 3(sp)
    lhu a4, 13(sp)
    amoadd.d a5, a1, (sp)
    amomax.w zero, a0, (sp)
    lr.w t0, (sp)
    sc.w t1, a2, (sp)
    sc.w t2, a2, (sp)
    lr.d t0, (sp)
    sd a0, 0(sp)
    sc.d t1, a2, (sp)
    csrw mscratch, a0
    csrrs a6, mscratch, a1
    csrrci a7, mscratch, 7
    csrr s0, mstatus
    csrw mstatus, s0
    csrr s1, misa
    csrr s2, time
    csrr s2, mcycle
    csrr s3, minstret
    csrw mepc, a0
    csrw satp, zero
    csrr s4, pmpcfg0
    fence.i
    li a0, 0x10000000
    lbu s5, 5(a0)
    sb s5, 0(a0)
    j .
    .balign 64
data: .zero 64
"""

EXCEPTIONS = """
    la t0, handler
    csrw mtvec, t0
    la t0, supervisor_handler
    csrw stvec, t0
    li t0, 1 << 8 | 1 << 2
    csrw medeleg, t0
    li t0, -1
    csrw pmpaddr0, t0
    li t0, 0x1f
    csrw pmpcfg0, t0
    li a1, 1
    lw a0, 0(a1)
    sd a0, 0(zero)
    .word 0
    ecall
    ebreak
    li t0, 3 << 11
    csrc mstatus, t0
    la t0, user
    csrw mepc, t0
    mret
user:
    ecall
    .word 0
    csrr a0, mstatus
    li a1, 3
    lr.w a0, (a1)
    ld a0, 0(zero)
    j .
    .balign 4
handler:
    csrr s1, mcause
    csrr s2, mtval
    csrr s3, mtinst
    csrr t1, mepc
    addi t1, t1, 4
    lhu t2, -4(t1)
    andi t2, t2, 3
    addi t2, t2, -3
    beqz t2, 1f
    addi t1, t1, -2
1:  csrw mepc, t1
    mret
    .balign 4
supervisor_handler:
    csrr s4, scause
    csrr s5, stval
    csrr t1, sepc
    addi t1, t1, 4
    csrw sepc, t1
    sret
"""

GUEST = """
    .equ RWXUVAD, 0xdf
    .equ RWXVAD, 0xcf
    .equ RXVAD, 0xcb
    la t0, handler
    csrw mtvec, t0
    la t0, hypervisor_handler
    csrw stvec, t0
    li t0, -1
    csrw pmpaddr0, t0
    li t0, 0x1f
    csrw pmpcfg0, t0
    li t0, 0xf0b1ff
    csrw medeleg, t0
    li t0, 1 << 8
    csrw hedeleg, t0
    # G stage: 1 GiB identity at 0x80000000, and nothing else
    la t0, g_root
    li t1, 0x80000000 >> 2 | RWXUVAD
    sd t1, 16(t0)
    srli t2, t0, 12
    li t1, 8 << 60
    or t1, t1, t2
    csrw hgatp, t1
    # VS stage: the same, and at 0x40000000 a page at 0x40000000, which the G stage has not;
    # at 0x140000000 the first again, for VU
    la t0, vs_root
    li t1, 0x80000000 >> 2 | RWXVAD
    sd t1, 16(t0)
    li t1, 0x40000000 >> 2 | RWXVAD
    sd t1, 8(t0)
    li t1, 0x3000000 << 10 >> 12 | 1
    sd t1, 24(t0)
    li t1, 0x80000000 >> 2 | RWXUVAD
    sd t1, 40(t0)
    srli t2, t0, 12
    li t1, 8 << 60
    or t1, t1, t2
    csrw vsatp, t1
    la t0, guest_handler
    csrw vstvec, t0
    li t0, 1 << 7 | 1 << 8
    csrw hstatus, t0
    li t0, 3 << 11
    csrc mstatus, t0
    li t0, 1 << 11
    csrs mstatus, t0
    la t0, hypervisor
    csrw mepc, t0
    mret
hypervisor:
    la t0, guest
    csrw sepc, t0
    li t0, 1 << 8
    csrs sstatus, t0
    sret
guest:
    la a0, data
    ld a1, 0(a0)
    sd a0, 8(a0)
    csrr a2, sstatus
    csrw sscratch, a2
    csrr a3, satp
    li a4, 0x40000008
    ld a1, 0(a4)
    sd a1, 0(a4)
    .balign 4
    sb a1, 3(a4)
    li a5, 0xc0000000
    ld a1, 0(a5)
    li a5, 0x100000000
    ld a1, 0(a5)
    hlv.d a1, (a0)
    csrr a1, hstatus
    csrr a1, mstatus
    wfi
    ecall
    li t0, 1 << 8
    csrc sstatus, t0
    la t0, guest_user
    li t1, 0xc0000000
    add t0, t0, t1
    csrw sepc, t0
    sret
    .option push
    .option norvc
guest_user:
    ecall
    csrr a1, sstatus
    ecall
    j .
    .option pop
    .balign 4
handler:
    csrr s1, mcause
    csrr s2, mtval
    csrr s3, mtval2
    csrr s4, mtinst
    csrr s5, mstatus
    csrr t1, mepc
    addi t1, t1, 4
    csrw mepc, t1
    mret
    .balign 4
hypervisor_handler:
    csrr s1, scause
    csrr s2, stval
    csrr s3, htval
    csrr s4, htinst
    csrr s5, hstatus
    csrr t1, sepc
    andi t2, s5, 1 << 8
    beqz t2, 1f
    la t2, data
    hlv.d t1, (t2)
    hsv.w t1, (t2)
    csrr t1, sepc
    li t2, 23
    bgtu s1, t2, 2f
    lhu t2, 0(t1)
    hlvx.hu t2, (t1)
    andi t2, t2, 3
    addi t2, t2, -3
    beqz t2, 1f
    addi t1, t1, -2
1:  addi t1, t1, 4
2:  csrw sepc, t1
    sret
    .balign 4
guest_handler:
    csrr s6, scause
    csrr s7, sepc
    csrr s8, stval
    csrr s9, sstatus
    addi s7, s7, 4
    csrw sepc, s7
    sret
    .balign 16384
g_root: .zero 16384
vs_root: .zero 4096
data: .zero 64
"""

INTERRUPTS = """
    la t0, handler
    csrw mtvec, t0
    la t0, supervisor_handler
    csrw stvec, t0
    li t0, -1
    csrw pmpaddr0, t0
    li t0, 0x1f
    csrw pmpcfg0, t0
    li t0, 1 << 9 | 1 << 1
    csrw mideleg, t0
    li t0, -1
    csrw mie, t0
    csrsi mstatus, 8
    nop
    nop
    wfi
    csrsi mip, 2
    csrr a1, mip
    csrr a1, mie
    csrr a1, sip
    csrr a1, sie
    nop
    li t0, 3 << 11
    csrc mstatus, t0
    la t0, user
    csrw mepc, t0
    mret
user:
    addi a0, a0, 1
    addi a0, a0, 1
    addi a0, a0, 1
    addi a0, a0, 1
    addi a0, a0, 1
    addi a0, a0, 1
    addi a0, a0, 1
    addi a0, a0, 1
    addi a0, a0, 1
    addi a0, a0, 1
    addi a0, a0, 1
    addi a0, a0, 1
    j .
    .balign 4
handler:
    csrr s1, mcause
    csrr s2, mip
    li t1, 1
    sll t1, t1, s1
    csrc mie, t1
    mret
    .balign 4
supervisor_handler:
    csrr s3, scause
    csrr s4, sip
    csrci sip, 2
    li t1, 1
    sll t1, t1, s3
    csrc sie, t1
    sret
"""

WIDE = """
    la a0, data
    li a2, 5
    li a3, 6
    li a4, 7
    li a5, 8
    .word 0x28c5472f  # amocas.q a4, a2, (a0)
    li a1, 0x80002000
    sd a1, -3(a1)
    ld a6, -3(a1)
    .word 0x0045200f  # cbo.zero (a0)
    j .
    .balign 64
data: .zero 64
"""

DOUBLE = """
    la t0, handler
    csrw mtvec, t0
    li t0, 1 << 59
    csrs menvcfg, t0
    li t0, 1 << 24
    csrs sstatus, t0
    li t0, 1 << 2
    csrw medeleg, t0
    li t0, -1
    csrw pmpaddr0, t0
    li t0, 0x1f
    csrw pmpcfg0, t0
    li t0, 3 << 11
    csrc mstatus, t0
    li t0, 1 << 11
    csrs mstatus, t0
    la t0, supervisor
    csrw mepc, t0
    mret
supervisor:
    .word 0
    .balign 4
handler:
    csrr s1, mcause
    csrr s2, mtval2
    j .
"""
