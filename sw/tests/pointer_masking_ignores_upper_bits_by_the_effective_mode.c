/* Pointer masking: the upper 7 or 16 bits of the address of a load, store or AMO count for nothing where the register
   that governs the effective mode says so: mseccfg.PMM for M, menvcfg.PMM for HS, senvcfg.PMM for U and VU, henvcfg.PMM
   for VS, hstatus.HUPMM for HLV and HSV from U as VU. They are copies of the bit below where a stage translates virtual
   addresses, else zeros; so xtval has them, and no other bit is ignored. MXR, where it counts, and HLVX turn it off;
   CSRs that are written keep all bits; the reserved value of PMM becomes 0.
   rules: pm_ignore_upper_bits, pm_ignore_va, pm_ignore_pa, pm_apply_explicit, pm_all_priv_modes, pm_per_mode_control,
   pm_auto_apply_active_mode, pm_config_next_higher, pm_mode_only_dependency, pm_mprv_spvp, pm_mxr_exception,
   pm_csr_hw_apply, pm_no_csr_sw, pm_warl_unaffected, pmlen_supported_values, pmlen_illegal_warl, pmlen_mode_depend,
   menvcfg_pmm_op, menvcfg_pmm_enc, mseccfg_pmm_presence, mseccfg_pmm_op, mseccfg_pmm_enc,
   senvcfg_pmm_Ssnpm, senvcfg_pmm_immediate, henvcfg_pmm_op, ssnpm_definition, smnpm_definition, smmpm_definition */
#include "hyacinth.h"

enum source { MSECCFG, MENVCFG, SENVCFG, HENVCFG, HUPMM, SOURCES };

static void set_pmm(enum source source, uint64_t pmm)
{
    switch (source) {
    case MSECCFG: csr_put(mseccfg, MSECCFG_PMM, pmm << MSECCFG_PMM_SHIFT); break;
    case MENVCFG: csr_put(menvcfg, MENVCFG_PMM, pmm << MENVCFG_PMM_SHIFT); break;
    case SENVCFG: csr_put(senvcfg, SENVCFG_PMM, pmm << SENVCFG_PMM_SHIFT); break;
    case HENVCFG: csr_put(henvcfg, HENVCFG_PMM, pmm << HENVCFG_PMM_SHIFT); break;
    default: csr_put(hstatus, HSTATUS_HUPMM, pmm << HSTATUS_HUPMM_SHIFT);
    }
}

static uint64_t get_pmm(enum source source)
{
    switch (source) {
    case MSECCFG: return (csr_read(mseccfg) & MSECCFG_PMM) >> MSECCFG_PMM_SHIFT;
    case MENVCFG: return (csr_read(menvcfg) & MENVCFG_PMM) >> MENVCFG_PMM_SHIFT;
    case SENVCFG: return (csr_read(senvcfg) & SENVCFG_PMM) >> SENVCFG_PMM_SHIFT;
    case HENVCFG: return (csr_read(henvcfg) & HENVCFG_PMM) >> HENVCFG_PMM_SHIFT;
    default: return (csr_read(hstatus) & HSTATUS_HUPMM) >> HSTATUS_HUPMM_SHIFT;
    }
}

/* Who reaches memory: the mode that runs, whether by HLV and HSV, as which privilege, and what governs it. */
static const struct who {
    const char *name;
    enum mode mode;
    bool hlsv, as_supervisor, virtual;
    enum source source;
} accessors[] = {
    {"M", MODE_M, false, true, false, MSECCFG},         {"HS", MODE_HS, false, true, false, MENVCFG},
    {"U", MODE_U, false, false, false, SENVCFG},        {"VS", MODE_VS, false, true, true, HENVCFG},
    {"VU", MODE_VU, false, false, true, SENVCFG},       {"M as VS", MODE_M, true, true, true, HENVCFG},
    {"M as VU", MODE_M, true, false, true, SENVCFG},    {"HS as VS", MODE_HS, true, true, true, HENVCFG},
    {"HS as VU", MODE_HS, true, false, true, SENVCFG},  {"U as VS", MODE_U, true, true, true, HENVCFG},
    {"U as VU", MODE_U, true, false, true, HUPMM},
};
#define ACCESSORS (sizeof accessors / sizeof *accessors)

static uint64_t transformed_address(uint64_t address, unsigned pmlen, bool is_virtual)
{
    if (!pmlen)
        return address;
    return is_virtual ? (uint64_t)((int64_t)(address << pmlen) >> pmlen) : address << pmlen >> pmlen;
}

static void check(const struct who *who, uint64_t address, unsigned pmlen, bool paged, unsigned bit)
{
    uint64_t tagged = address ^ (bit < 64 ? 1UL << bit : 0), reached = transformed_address(tagged, pmlen, paged);
    const uint32_t words[] = {who->hlsv ? WORD("hlv.d a2, (a0)") : WORD("ld a2, 0(a0)"),
                              who->hlsv ? WORD("hsv.d a1, (a0)") : WORD("sd a1, 0(a0)"),
                              WORD("amoswap.d a2, a1, (a0)")};
    for (unsigned i = 0; i < 3 - who->hlsv; i++) {
        struct trap trap = attempt(who->mode, words[i], tagged, 0x1234);
        if (reached == address) {
            CHECK_NO_TRAP("reached", trap);
            if (i == 0)
                CHECK_EQ("value", trap.value, 0x1234);
        } else {
            CHECK("fault", trap.cause == (i ? 7 : 5) || trap.cause == (i ? 15 : 13) || trap.cause == (i ? 23 : 21));
            CHECK_EQ("tval", trap.tval, reached);
        }
    }
}

int main(void)
{
    static const unsigned bits[] = {64, 63, 58, 57, 56, 49, 48, 47, 46};
    static const unsigned pmlens[] = {0, 0, 7, 16};
    set_pmm(MENVCFG, 2);
    set_pmm(SENVCFG, 2);
    if (get_pmm(MENVCFG) != 2 || get_pmm(SENVCFG) != 2
        || attempt(MODE_M, WORD("csrr a2, mseccfg"), 0, 0).cause != NO_TRAP)
        return 0; /* not all of Smmpm, Smnpm, Ssnpm */
    for (unsigned source = 0; source < SOURCES; source++)
        for (uint64_t pmm = 0; pmm < 4; pmm++) {
            context("PMM", source << 4 | pmm);
            set_pmm(source, pmm);
            CHECK_EQ("reserved values become 0", get_pmm(source), pmm == 1 ? 0 : pmm);
        }
    uint64_t tagged = 0x5a5a123456789abcUL;
    csr_write(sscratch, tagged);
    csr_write(sepc, tagged);
    csr_write(vstvec, tagged);
    CHECK_EQ("sscratch", csr_read(sscratch), tagged);
    CHECK_EQ("sepc", csr_read(sepc), tagged);
    CHECK_EQ("vstvec", csr_read(vstvec), tagged);
    struct space own = {0};
    struct guest guest = {0};
    test_pages[0][0] = 0x1234;
    csr_set(hstatus, HSTATUS_HU);
    for (unsigned paged = 0; paged < 2; paged++) {
        if (paged) {
            own = supervisor_on(SV48_OR_SV39);
            guest = guest_on(SV48_OR_SV39, &SV39X4);
            map(own, TEST_VA, (uint64_t)test_pages[0], 0, LEAF);
            map(own, TEST_VA + PAGE, (uint64_t)test_pages[0], 0, LEAF_U);
            map(guest.vs, TEST_VA, (uint64_t)test_pages[0], 0, LEAF);
            map(guest.vs, TEST_VA + PAGE, (uint64_t)test_pages[0], 0, LEAF_U);
            fence_all();
        }
        for (unsigned w = 0; w < ACCESSORS; w++) {
            const struct who *who = &accessors[w];
            bool is_paged = paged && (who->mode != MODE_M || who->hlsv);
            uint64_t address = !is_paged ? (uint64_t)test_pages[0] : TEST_VA + (who->as_supervisor ? 0 : PAGE);
            csr_put(hstatus, HSTATUS_SPVP, who->as_supervisor ? HSTATUS_SPVP : 0);
            for (uint64_t pmm = 0; pmm < 4; pmm++) {
                if (pmm == 1)
                    continue;
                for (unsigned source = 0; source < SOURCES; source++)
                    set_pmm(source, source == who->source ? pmm : pmm ? 0 : 3);
                for (unsigned b = 0; b < sizeof bits / sizeof *bits; b++) {
                    context(who->name, paged << 16 | pmm << 8 | bits[b]);
                    check(who, address, pmlens[pmm], is_paged, bits[b]);
                }
                if (pmm < 3)
                    continue;
                /* MXR of HS counts for every mode but M, that of VS for guests. */
                context(who->name, paged << 16 | 0x8000);
                csr_set(mstatus, MSTATUS_MXR);
                check(who, address, who->source == MSECCFG ? 16 : 0, is_paged, 60);
                csr_clear(mstatus, MSTATUS_MXR);
                csr_set(vsstatus, MSTATUS_MXR);
                check(who, address, who->virtual ? 0 : 16, is_paged, 60);
                csr_clear(vsstatus, MSTATUS_MXR);
                if (who->hlsv) {
                    context("HLVX", paged << 16 | w);
                    struct trap trap = attempt(who->mode, WORD("hlvx.wu a2, (a0)"), address ^ 1UL << 60, 0);
                    CHECK_EQ("tval of HLVX", trap.tval, address ^ 1UL << 60);
                }
            }
        }
    }
    return 0;
}
