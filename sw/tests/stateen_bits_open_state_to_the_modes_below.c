/* A CSR that mstateen and hstateen control: a bit that is clear in mstateen makes it illegal in every mode below M, with
   V=1 too; one that is clear in hstateen alone makes it virtual in VS. A bit that is clear in mstateen reads as zero in
   hstateen and cannot be set there; an access that traps writes nothing.
   needs: smstateen
   rules: stateen_op, stateen_illegal_state_access, mstateen_bit_63_op, hstateen_bit_63_op, mstateen0_envcfg_op,
   hstateen0_envcfg_op, mstateen0_se0_op, hstateen0_se0_op, mstateen_lower_priv_roz, hstateen_encoding,
   sstateen_vsmode_access_roz */
#include "hyacinth.h"

#define SE BIT(63)

static const enum mode modes[] = {MODE_U, MODE_HS, MODE_M, MODE_VU, MODE_VS};

static struct {
    const char *name;
    uint32_t read, write;
    bool of_hs;    /* an address of HS: virtual in VS whatever hstateen says */
    bool envcfg;   /* controlled by ENVCFG, else by bit 63 */
} rows[4];

static void check_row(unsigned row, bool machine, bool hypervisor)
{
    for (unsigned m = 0; m < 5; m++) {
        enum mode mode = modes[m];
        uint64_t cause = NO_TRAP;
        if (mode == MODE_U || (mode != MODE_M && !machine))
            cause = ILLEGAL_INSTRUCTION;
        else if (mode == MODE_VU || (mode == MODE_VS && (rows[row].of_hs || !hypervisor)))
            cause = VIRTUAL_INSTRUCTION;
        for (unsigned write = 0; write < 2; write++) {
            context(mode_name(mode), row << 8 | machine << 4 | hypervisor);
            struct trap trap = attempt(mode, write ? rows[row].write : rows[row].read, 0, 0);
            if (cause == NO_TRAP)
                CHECK_NO_TRAP(rows[row].name, trap);
            else
                CHECK_TRAP(rows[row].name, trap, .in = MODE_M, .cause = cause, .tval = THE_INSTRUCTION);
        }
    }
}

int main(void)
{
    rows[0].name = "senvcfg", rows[0].read = WORD("csrr a2, senvcfg"), rows[0].write = WORD("csrs senvcfg, a1");
    rows[1].name = "henvcfg", rows[1].read = WORD("csrr a2, henvcfg"), rows[1].write = WORD("csrs henvcfg, a1");
    rows[2].name = "sstateen0", rows[2].read = WORD("csrr a2, sstateen0"), rows[2].write = WORD("csrs sstateen0, a1");
    rows[3].name = "hstateen0", rows[3].read = WORD("csrr a2, hstateen0"), rows[3].write = WORD("csrs hstateen0, a1");
    rows[0].envcfg = rows[1].envcfg = rows[1].of_hs = rows[3].of_hs = true;

    for (unsigned setting = 0; setting < 4; setting++)
        for (unsigned row = 0; row < 4; row++) {
            uint64_t bit = rows[row].envcfg ? MSTATEEN0_ENVCFG : MSTATEEN0_SE0;
            uint64_t others = (MSTATEEN0_ENVCFG | MSTATEEN0_SE0) & ~bit;
            csr_write(mstateen0, -1);
            csr_write(hstateen0, setting & 2 ? bit : others);
            csr_write(mstateen0, setting & 1 ? bit : others);
            check_row(row, setting & 1, setting & 2);
        }

    context(0, 0);
    csr_write(mstateen0, -1);
    csr_write(hstateen0, -1);
    csr_write(mstateen0, MSTATEEN0_SE0);
    CHECK_EQ("hstateen0 shows what mstateen0 has", csr_read(hstateen0) & (MSTATEEN0_ENVCFG | MSTATEEN0_SE0),
             MSTATEEN0_SE0);
    csr_write(mstateen0, -1);
    csr_write(hstateen0, 0);
    csr_write(mstateen0, MSTATEEN0_SE0);
    csr_set(hstateen0, MSTATEEN0_ENVCFG);
    csr_write(mstateen0, -1);
    CHECK_EQ("a bit that reads as zero cannot be set", csr_read(hstateen0) & MSTATEEN0_ENVCFG, 0);

    csr_write(senvcfg, 0);
    csr_write(mstateen0, 0);
    attempt(MODE_HS, WORD("csrw senvcfg, a1"), 0, 1);
    CHECK_EQ("a trap writes nothing", csr_read(senvcfg), 0);

    csr_write(mstateen3, -1);
    csr_write(hstateen3, -1);
    CHECK_EQ("mstateen3 has bit 63", csr_read(mstateen3), SE);
    CHECK_EQ("hstateen3 has bit 63", csr_read(hstateen3), SE);
    struct trap read = attempt(MODE_VS, WORD("csrrs a2, sstateen3, a1"), 0, -1UL);
    CHECK_NO_TRAP("sstateen3 in VS", read);
    CHECK_EQ("shows no bit that hstateen3 lacks", read.value & ~csr_read(hstateen3), 0);
    CHECK_EQ("nor once it was written", attempt(MODE_VS, WORD("csrr a2, sstateen3"), 0, 0).value, 0);
    csr_write(hstateen0, SE);
    attempt(MODE_VS, WORD("csrs sstateen0, a1"), 0, -1UL);
    CHECK_EQ("sstateen0 in VS", attempt(MODE_VS, WORD("csrr a2, sstateen0"), 0, 0).value, 0);
    csr_write(hstateen3, 0);
    CHECK_TRAP("sstateen3 in VS", attempt(MODE_VS, WORD("csrr a2, sstateen3"), 0, 0), .in = MODE_M,
               .cause = VIRTUAL_INSTRUCTION, .tval = THE_INSTRUCTION);
    return 0;
}
