/* Spike as a C program can reach it: its C++ functions by their mangled names, its objects by offsets.

   Both hold for the one build that spike.py asks for; shim_start checks what it can. */

#include <stddef.h>
#include <stdint.h>
#include <string.h>

typedef uint64_t u64;
typedef uint32_t u32;
typedef uint16_t u16;
typedef uint8_t u8;

extern void spike_step(void *processor, size_t count) __asm__("_ZN11processor_t4stepEm");
extern void spike_put_csr(void *processor, int address, u64 value) __asm__("_ZN11processor_t7put_csrEim");
extern void spike_flush_icache(void *mmu) __asm__("_ZN5mmu_t12flush_icacheEv");
extern void spike_flush_tlb(void *mmu) __asm__("_ZN5mmu_t9flush_tlbEv");
extern u16 spike_fetch(void *mmu, u64 address) __asm__("_ZN5mmu_t15fetch_slow_pathEm");  /* its TLB remembers */
extern void spike_load(void *mmu, u64 address, u64 bytes, u8 *to, u64 flags)  /* and so it does here */
    __asm__("_ZN5mmu_t14load_slow_pathEmmPh13xlate_flags_t");
extern void spike_store(void *mmu, u64 address, u64 bytes, const u8 *from, u64 flags, _Bool does, _Bool aligned)
    __asm__("_ZN5mmu_t15store_slow_pathEmmPKh13xlate_flags_tbb");
extern void spike_sync_time(void *time_csr, u64 value) __asm__("_ZN18time_counter_csr_t4syncEm");
extern _Bool spike_pmp_ok(void *mmu, u64 address, u64 bytes, int type, u64 privilege, _Bool hlvx)
    __asm__("_ZN5mmu_t6pmp_okEmm11access_typemb");
extern void *spike_memory(void *sim, u64 address) __asm__("_ZN5sim_t11addr_to_memEm");
extern void spike_add_device(void *bus, u64 base, void *device) __asm__("_ZN5bus_t10add_deviceEmP17abstract_device_t");
extern char spike_device_type[] __asm__("_ZTI17abstract_device_t");

enum { /* offsets in bytes */
  PROCESSOR_SIMIF = 152, PROCESSOR_MMU = 160, PROCESSOR_STATE = 232, PROCESSOR_IN_WFI = 4465,
  PROCESSOR_EXTENSIONS = 4512, ZICCLSM = 142, /* a bit set of 64-bit words, and the bit in it */
  SIM_SIMIF = 664, SIM_BUS = 936, MMU_RESERVATION = 48,
  MMU_ENTRIES = 149568, MMU_ENTRIES_BYTES = 4016, /* page-table entries that it remembers */
  STATE_X = 8, STATE_CSRS = 776, STATE_PRV = 832, STATE_V = 850,
  MAP_FIRST = 16, NODE_KEY = 8, NODE_CSR = 16, MAP_BUCKETS = 8,
  CSR_ADDRESS = 24, CSR_VALUE = 40,   /* CSR_VALUE: of those whose storage is their own */
  STATUS_VALUE = 56,                  /* of mstatus and vsstatus */
  CSR_COPY_V0 = 40, CSR_COPY_V1 = 56, /* pointers: of those that have a copy for V=1 */
};

enum {
  SSTATUS = 0x100, SIE = 0x104, SEPC = 0x141, SCAUSE = 0x142, STVAL = 0x143, SIP = 0x144,
  VSSTATUS = 0x200, VSIE = 0x204, VSEPC = 0x241, VSCAUSE = 0x242, VSTVAL = 0x243, VSIP = 0x244,
  MSTATUS = 0x300, MISA = 0x301, MIE = 0x304, MTVEC = 0x305, MEPC = 0x341, MCAUSE = 0x342, MTVAL = 0x343, MIP = 0x344,
  MTINST = 0x34a, MTVAL2 = 0x34b, HSTATUS = 0x600, HIE = 0x604, HTVAL = 0x643, HIP = 0x644, HVIP = 0x645,
  HTINST = 0x64a, SATP = 0x180, VSATP = 0x280, HGATP = 0x680, TIME = 0xc01,
  SISELECT = 0x150, SIREG6 = 0x157, MSTATEEN0 = 0x30c, CSRIND = 60, /* the last is a bit */
  MENVCFG = 0x30a, HENVCFG = 0x60a, PMPCFG0 = 0x3a0, PMPADDR0 = 0x3b0, MCOUNTINHIBIT = 0x320, MINSTRETCFG = 0x322, MINSTRET = 0xb02,
};
