# The world switch: into a guest, and out again.
#
# For C it looks like a function call: enter_guest(&guest->registers) returns when the guest has made an exit. In
# between, the guest has run for a while, with all 31 registers its own. Only what host and guest share is swapped
# here; the guest's own supervisor CSRs (vsstatus, vstvec, vsatp ...) are separate registers of the hart and stay.

#define REG(n) (8 * (n))
#define PC REG(32)
#define SSTATUS REG(33)
#define HSTATUS REG(34)
#define HOST_SP REG(35)

    .macro each_register, operation           # all but x0 and a0 (x10), through which the others are reached
    .irp n, 1, 2, 3, 4, 5, 6, 7, 8, 9, 11, 12, 13, 14, 15, \
            16, 17, 18, 19, 20, 21, 22, 23, 24, 25, 26, 27, 28, 29, 30, 31
    \operation x\n, REG(\n)(a0)
    .endr
    .endm

    .macro callee_saved, operation            # what C expects to find again after a call, besides sp
    \operation ra, REG(0)(sp)
    \operation gp, REG(1)(sp)
    \operation tp, REG(2)(sp)
    \operation s0, REG(3)(sp)
    \operation s1, REG(4)(sp)
    \operation s2, REG(5)(sp)
    \operation s3, REG(6)(sp)
    \operation s4, REG(7)(sp)
    \operation s5, REG(8)(sp)
    \operation s6, REG(9)(sp)
    \operation s7, REG(10)(sp)
    \operation s8, REG(11)(sp)
    \operation s9, REG(12)(sp)
    \operation s10, REG(13)(sp)
    \operation s11, REG(14)(sp)
    .endm

    .text
# void enter_guest(struct registers *a0)
    .globl enter_guest
enter_guest:
    addi sp, sp, -128
    callee_saved sd
    sd sp, HOST_SP(a0)
    csrw sscratch, a0                         # where the exit will find it
    la t0, guest_exit
    csrw stvec, t0
    ld t0, PC(a0)
    csrw sepc, t0
    ld t0, SSTATUS(a0)
    csrw sstatus, t0                          # SPP: SRET goes to VS or to VU
    ld t0, HSTATUS(a0)
    csrw hstatus, t0                          # SPV=1: SRET turns V on
    each_register ld
    ld a0, REG(10)(a0)
    sret

# Every trap that hedeleg and hideleg do not leave to the guest arrives here, in HS-mode with V=0.
    .balign 4
    .globl guest_exit
guest_exit:
    csrrw a0, sscratch, a0                    # a0: struct registers; sscratch: the guest's a0
    each_register sd
    csrr t0, sscratch
    sd t0, REG(10)(a0)
    csrr t0, sepc
    sd t0, PC(a0)
    csrr t0, sstatus
    sd t0, SSTATUS(a0)
    csrr t0, hstatus
    sd t0, HSTATUS(a0)
    la t0, hypervisor_trap                    # from here on a trap is the hypervisor's own
    csrw stvec, t0
    ld sp, HOST_SP(a0)
    callee_saved ld
    addi sp, sp, 128
    ret

# uint32_t read_guest_instruction(uint64_t pc): the instruction of the guest at its virtual address pc.
#
# HLVX reads as the guest would fetch: through both stages of translation, with the privilege in hstatus.SPVP, and
# where *execute* permission is given. It reads halves, because an instruction may lie across two pages. If the guest
# has no such page any more, HLVX traps as a load would; then the answer is 0, which is no instruction at all.
    .globl read_guest_instruction
read_guest_instruction:
    la t0, 2f
    csrrw t1, stvec, t0
    hlvx.hu a1, (a0)
    andi t2, a1, 3
    li t3, 3
    bne t2, t3, 1f                            # a compressed instruction ends here
    addi a0, a0, 2
    hlvx.hu t2, (a0)
    slli t2, t2, 16
    or a1, a1, t2
1:  mv a0, a1
    j 3f
    .balign 4
2:  li a0, 0
3:  csrw stvec, t1
    ret

# The guest's image, as it lies in its RAM at the start.
    .section .rodata
    .balign 4096
    .globl guest_image, guest_image_end
guest_image:
    .incbin GUEST_IMAGE
guest_image_end:
