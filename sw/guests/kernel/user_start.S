# The user program's first instruction and its way into the kernel.
    .section .text.start, "ax"
    .globl _start
_start:
    call main
    li a7, 6                                  # SYS_EXIT with main's result in a0
    ecall

# uint64_t system_call(uint64_t a0, uint64_t a1, ..., uint64_t a7): the number is the eighth argument.
    .globl system_call
system_call:
    ecall
    ret
