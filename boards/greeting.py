"""What a board does when it is given no program: it says hello, reports success, and sends back what it receives."""

CODE = (
    0x0000_0517,    # auipc a0, 0
    0x0545_0513,    # addi a0, a0, 0x54        the text, after the code
    0x1000_05b7,    # lui a1, 0x10000          the UART
    0x0005_4603,    # next: lbu a2, 0(a0)
    0x0006_0e63,    # beqz a2, said
    0x0055_c683,    # busy: lbu a3, 5(a1)      LSR
    0x0206_f693,    # andi a3, a3, 0x20        transmitter empty
    0xfe06_8ce3,    # beqz a3, busy
    0x00c5_8023,    # sb a2, 0(a1)
    0x0015_0513,    # addi a0, a0, 1
    0xfe5f_f06f,    # j next
    0x0010_0737,    # said: lui a4, 0x100      the test finisher
    0x0000_57b7,    # lui a5, 5
    0x5557_8793,    # addi a5, a5, 0x555       pass
    0x00f7_2023,    # sw a5, 0(a4)
    0x0055_c683,    # empty: lbu a3, 5(a1)
    0x0016_f693,    # andi a3, a3, 1           a byte has come
    0xfe06_8ce3,    # beqz a3, empty
    0x0005_c603,    # lbu a2, 0(a1)
    0x00c5_8023,    # sb a2, 0(a1)
    0xfedf_f06f,    # j empty
)
TEXT = "Hello from Hyacinth, an RV64 core with the hypervisor extension.\r\n"


def greeting() -> bytes:
    """The program, for the base of RAM."""
    return b"".join(word.to_bytes(4, "little") for word in CODE) + TEXT.encode() + b"\0"
