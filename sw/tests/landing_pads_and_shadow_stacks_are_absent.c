/* Neither Zicfilp nor Zicfiss. LPE, MLPE, SSE, SPELP and MPELP are read-only 0, and what the manual says of LPE=0 and
   SSE=0 holds in every mode: an indirect jump needs no LPAD, which does nothing; the other instructions are
   may-be-operations; SSAMOSWAP is illegal, never virtual; a page that can be written and not read is a page fault.
   There is no ssp.
   rules: menvcfg_lpe_op, henvcfg_lpe_op, senvcfg_lpe_Zicfilp_op, mseccfg_mlpe_clr_op, menvcfg_sse_op,
   menvcfg_sse_rdonly0, henvcfg_sse_op, senvcfg_sse_Zicfilp_op */
#include "hyacinth.h"

#define LPE BIT(2)
#define SSE BIT(3)
#define MLPE BIT(10)
#define SPELP BIT(23)
#define MPELP BIT(41)

static const enum mode modes[] = {MODE_U, MODE_HS, MODE_M, MODE_VU, MODE_VS};

static uint64_t jump(uint64_t target)
{
    return ((function *)target)(0);
}

int main(void)
{
    csr_set(menvcfg, LPE | SSE);
    csr_set(henvcfg, LPE | SSE);
    csr_set(senvcfg, LPE | SSE);
    csr_set(mstatus, SPELP | MPELP);
    csr_set(vsstatus, SPELP);
    CHECK_EQ("menvcfg", csr_read(menvcfg) & (LPE | SSE), 0);
    CHECK_EQ("henvcfg", csr_read(henvcfg) & (LPE | SSE), 0);
    CHECK_EQ("senvcfg", csr_read(senvcfg) & (LPE | SSE), 0);
    CHECK_EQ("senvcfg in VS", attempt(MODE_VS, WORD("csrrs a2, senvcfg, a1"), 0, LPE | SSE).value & (LPE | SSE), 0);
    CHECK_EQ("mstatus", csr_read(mstatus) & (SPELP | MPELP), 0);
    CHECK_EQ("sstatus", csr_read(sstatus) & SPELP, 0);
    CHECK_EQ("vsstatus", csr_read(vsstatus) & SPELP, 0);
    attempt(MODE_M, WORD("csrs 0x747, a1"), 0, MLPE);
    CHECK_EQ("mseccfg", attempt(MODE_M, WORD("csrr a2, 0x747"), 0, 0).value & MLPE, 0);

    const struct {
        const char *name;
        uint32_t word;
    } nothing[] = {
        {"LPAD", 0x12345017}, {"SSPUSH ra", 0xce104073}, {"SSPOPCHK ra", 0xcdc0c073}, {"C.SSPUSH ra", 0x6081},
        {"C.SSPOPCHK t0", 0x6281},
    };
    const struct {
        const char *name;
        uint32_t word;
    } illegal[] = {
        {"SSAMOSWAP.W", 0x48b5262f}, {"SSAMOSWAP.D", 0x48b5362f}, {"read of ssp", WORD("csrr a2, 0x011")},
        {"write of ssp", WORD("csrw 0x011, a1")},
    };
    test_pages[0][0] = (uint64_t)RET << 16 | WORD_C("c.nop"); /* no LPAD */
    FENCE_I();
    for (unsigned m = 0; m < 5; m++) {
        for (unsigned i = 0; i < sizeof nothing / sizeof *nothing; i++) {
            context(nothing[i].name, modes[m]);
            CHECK_NO_TRAP("does nothing", attempt(modes[m], nothing[i].word, 1, 2));
        }
        context("SSRDP", modes[m]);
        struct trap read = attempt(modes[m], 0xcdc04673, 1, 2); /* to a2 */
        CHECK_NO_TRAP("is MOP.R.28", read);
        CHECK_EQ("writes zero", read.value, 0);
        for (unsigned i = 0; i < sizeof illegal / sizeof *illegal; i++) {
            context(illegal[i].name, modes[m]);
            CHECK_TRAP("illegal", attempt(modes[m], illegal[i].word, (uint64_t)test_pages[1], 0), .in = MODE_M,
                       .cause = ILLEGAL_INSTRUCTION, .tval = THE_INSTRUCTION);
        }
        context("indirect jump", modes[m]);
        CHECK_NO_TRAP("needs no LPAD", trap_of(modes[m], jump, (uint64_t)test_pages[0]));
    }

    delegate_exceptions(ALL_EXCEPTIONS, 0);
    struct space own = supervisor_on(&SV39);
    struct guest guest = guest_on(&SV39, &SV39X4);
    map(own, TEST_VA, (uint64_t)test_pages[1], 0, PTE_V | PTE_W | PTE_A | PTE_D);
    map(guest.vs, TEST_VA, (uint64_t)test_pages[1], 0, PTE_V | PTE_W | PTE_A | PTE_D);
    for (unsigned vs = 0; vs < 2; vs++)
        for (unsigned a = 0; a < ACCESSES; a++) {
            context(accesses[a].name, vs);
            check_fault("W alone", attempt(vs ? MODE_VS : MODE_HS, accesses[a].word, TEST_VA, 0), MODE_HS,
                        accesses[a].reach, PAGE_FAULT(accesses[a].reach), vs, 0, false);
        }
    return 0;
}
