/* Consumes trace records of the core and steps Spike beside them; stops at the first difference.

   Built as a shared library into the process that has already loaded Spike. A record is rtl/payloads.py's Retire; the
   build defines RECORD_WORDS and one F_<field> for each field of a record (its index in 64-bit words). Spike is C++
   without a C interface, so its functions are declared by their mangled names and its objects are read at offsets that
   hold for one build of it; spike.py checks that build before anything here runs. */

#include "spike.h"
#include "instructions.h"

enum { MODE_HS = 1, MODE_M = 3, MODE_VS = 5, MODE_V = 4 };
enum { MIP_SOFTWARE = 0x006, HVIP_HELD = 0x440, SEIP = 0x200 };
/* SSIP and VSSIP are written by software alone, so they are compared. The other bits of mip follow devices and clocks,
   which Spike does not have: it is given them. VSTIP and VSEIP of hvip are kept apart by Spike and compared, too. */

/* What a CSR's comparison leaves out, from differences.py; all 0 for a CSR that must agree in every bit. */
struct rule { u64 unread, unwritten; u64 follow; };
/* unread: bits of rd not compared where the CSR is read; unwritten: bits not compared after a write; follow: Spike's
   storage is made equal to the core's after a write that agrees in the compared bits. */

struct options {
  u64 full_tinst;       /* transformed instructions in htinst and mtinst */
  u64 zero_tinst;       /* not even pseudo-instructions there */
  u64 failing_sc;       /* how many SCs in a row may fail where Spike's would succeed */
  u64 misaligned_traps; /* misaligned loads and stores do, not only misaligned AMOs, LR and SC */
  u64 smdbltrp;         /* the core has that extension */
  u64 host_page;        /* the address of a page of RAM that the host writes without saying so */
  u64 pte_bits;         /* those of bits 63 to 54 of a page-table entry that mean something */
};

struct finding {
  const char *what;     /* of the first difference */
  u64 number;           /* register or CSR that it is about */
  u64 core, spike;
};

static u8 *processor, *state, *mmu, *sim;
static u64 *pc, *x, *prv, *reservation;
static u8 *v, *in_wfi;
static void *csrs[4096], *clock_csr;
static u64 *mip_value, *mie_value, *hvip_value;
static u64 no_hvip;
static struct rule rules[4096];
static struct options options;
static struct finding finding;
static const u64 *current;
static u64 shadow[32];            /* registers, as the records have them */
static u64 time_now = ~(u64)0, mip_before, failed_scs;
static int counted;               /* minstret counts the instruction, by what holds before it */
static int reserves_unseen;       /* an LR before the first record may have reserved something */
static int device_loaded, device_stored, rom_loaded;
static u64 device_address, device_data, device_size;

static u64 word(const void *object, size_t offset) { return *(const u64 *)((const u8 *)object + offset); }
static u64 read_csr(unsigned address) {  /* csr_t::read is the second virtual function */
  void *csr = csrs[address];
  return csr ? ((u64 (*)(void *))(*(void ***)csr)[1])(csr) : 0;
}
static u64 *storage(unsigned address) { return csrs[address] ? (u64 *)((u8 *)csrs[address] + CSR_VALUE) : &no_hvip; }
static unsigned mode(void) { return (unsigned)*prv | (*v ? MODE_V : 0); }

/* Whether minstret counts in the current mode. */
static int counts_instructions(void) {
  static const u8 filter[] = {60, 61, 0, 62, 58, 59};  /* the bit of minstretcfg for each mode */
  return !(read_csr(MCOUNTINHIBIT) & 4) && !(read_csr(MINSTRETCFG) >> filter[mode()] & 1);
}

static int differs(const char *what, u64 number, u64 core, u64 spike) {
  finding = (struct finding){what, number, core, spike};
  return 1;
}
static int compare(const char *what, u64 number, u64 core, u64 spike) {
  return core != spike && differs(what, number, core, spike);
}

/* ---- devices: they load what the record says, and their stores are compared with it ---- */

struct device { void **functions; u64 size; const u8 *contents; u64 base; };

static int faulted(void) { return current && current[F_trapped] && !current[F_interrupt]; }

static _Bool device_load(struct device *d, u64 offset, size_t length, u8 *bytes) {
  if (d->contents) {
    if (offset + length > d->size) return 0;
    memcpy(bytes, d->contents + offset, length);
    rom_loaded = 1, device_address = d->base + offset;
    return 1;
  }
  if (!current || faulted()) return 0;
  device_loaded = 1, device_address = d->base + offset, device_size = length;
  memcpy(bytes, &current[F_data], length);
  return 1;
}
static _Bool device_store(struct device *d, u64 offset, size_t length, const u8 *bytes) {
  if (d->contents || !current || faulted()) return 0;
  device_stored = 1, device_address = d->base + offset, device_size = length, device_data = 0;
  memcpy(&device_data, bytes, length);
  return 1;
}
static u64 device_size_of(struct device *d) { return d->size; }
static void device_nothing(struct device *d) { (void)d; }
static void *device_functions[] = {  /* as the C++ ABI lays out a class: offset to top, type, virtual functions */
  0, spike_device_type, (void *)device_load, (void *)device_store, (void *)device_size_of,
  (void *)device_nothing, (void *)device_nothing, (void *)device_nothing };

enum { MAX_DEVICES = 64 };
static struct device devices[MAX_DEVICES];
static unsigned device_count;

/* A device of `size` bytes at `base`; with `contents`, a read-only memory that holds them. */
int shim_add_device(u64 base, u64 size, const u8 *contents) {
  if (device_count == MAX_DEVICES) return 0;
  struct device *d = &devices[device_count++];
  *d = (struct device){device_functions + 2, size, contents, base};
  spike_add_device(sim + SIM_BUS, base, d);
  return 1;
}

/* ---- memory ---- */

enum { PAGES = 4096 };
static struct { u64 page; u8 *host; } pages[PAGES];

static u8 *memory(u64 address) {  /* NULL where there is no RAM; good to the end of the page */
  u64 page = (address >> 12) + 1;
  unsigned slot = page % PAGES;
  if (pages[slot].page != page) {
    u8 *host = spike_memory(sim, address & ~(u64)0xfff);
    if (!host) return 0;
    pages[slot].page = page, pages[slot].host = host;
  }
  return pages[slot].host + (address & 0xfff);
}

static int reach(u64 hpa, u64 hpa_next, unsigned size, u8 *bytes, int write) {  /* 0: not RAM */
  unsigned first = 4096 - (hpa & 0xfff);
  u8 *low = memory(hpa), *high = 0;
  if (first > size) first = size;
  if (first < size) high = memory(hpa_next);
  if (!low || (first < size && !high)) return 0;
  if (write) memcpy(low, bytes, first); else memcpy(bytes, low, first);
  if (first < size && write) memcpy(high, bytes + first, size - first);
  else if (first < size) memcpy(bytes + first, high, size - first);
  return 1;
}

int shim_memory(u64 address, u8 *bytes, u64 length, int write) {
  while (length) {
    u64 part = 4096 - (address & 0xfff);
    if (part > length) part = length;
    if (!reach(address, 0, (unsigned)part, bytes, write)) return 0;
    address += part, bytes += part, length -= part;
  }
  if (write) spike_flush_icache(mmu), spike_flush_tlb(mmu);
  return 1;
}

#include "access.h"
#include "walks.h"
#include "stale.h"

/* ---- where Spike is helped to see an exception ---- */

/* Spike's TLB hits hide that an access is misaligned; here the next one has to be looked at. */
static void forget_if_misaligned(u32 bits) {
  u32 i = long_form(bits), opcode = i & 0x7f;
  if (opcode != 0x2f && !(options.misaligned_traps && (opcode == 0x03 || opcode == 0x23))) return;
  if (address_of(i, x) & ((1u << (i >> 12 & (opcode == 0x2f ? 7 : 3))) - 1)) spike_flush_tlb(mmu);
}

/* A store across pages that traps for the second one: the core leaves memory as it was, Spike has then written the
   first part (which the manual allows). So what memory holds there is kept, and put back after the step. */
static struct { u8 *where, bytes[8]; u64 count; } first_part;

static void keep_first_part(const u64 *r) {
  u32 i = long_form((u32)r[F_bits]);
  int stage = data_stage(r), stores = (i & 0x7f) == 0x23 || (is_hypervisor_access(i) && i >> 25 & 1);
  u64 parts = (r[F_tval] - address_of(i, x)) & 0xfff, hpa;  /* but for the upper bits, which may be masked */
  first_part.count = 0;
  if (!faulted() || !(0x808080 >> (r[F_code] & 31) & 1) || !stores || parts - 1 > 6) return; /* 7, 15, 23 */
  hpa = stage == NO_STAGE ? r[F_tval] - parts : leads_to(stage, r[F_tval] - parts);
  if (hpa == NOWHERE || !(first_part.where = memory(hpa))) return;
  first_part.count = parts;
  memcpy(first_part.bytes, first_part.where, first_part.count);
}

static void put_back_first_part(void) { memcpy(first_part.where, first_part.bytes, first_part.count); }

/* Whether an active PMP entry begins or ends within `page`, or, if that is NOWHERE, within any. */
static int is_cut(u64 page) {
  for (unsigned i = 0; i < 64 && csrs[PMPADDR0 + i]; i++) {
    unsigned match = read_csr(PMPCFG0 + i / 8 * 2) >> (i % 8 * 8 + 3) & 3;
    u64 address = read_csr(PMPADDR0 + i), before = i ? read_csr(PMPADDR0 + i - 1) : 0;
    int here = page == NOWHERE || address >> 10 == page, there = page == NOWHERE || before >> 10 == page;
    if (match == 1 && ((here && address & 0x3ff) || (there && before & 0x3ff))) return 1;       /* TOR */
    if (here && (match == 2 || (match == 3 && (address & 0x1ff) != 0x1ff))) return 1;           /* NA4, NAPOT */
  }
  return 0;
}

/* The core has translated an access, and may have set A and D for it, before it finds that its page is cut. */
static void set_a_and_d(const u64 *r) {
  u32 i = long_form((u32)r[F_bits]);
  unsigned bytes = 1u << (is_hypervisor_access(i) ? i >> 26 & 3 : i >> 12 & 3);
  int stage = data_stage(r);
  if (stage == NO_STAGE) return;
  setting = r[F_code] == 6 ? STORE : LOAD;
  u64 hpa = leads_to(stage, r[F_tval]);
  if ((r[F_tval] & 4095) + bytes > 4096 && !is_cut(hpa >> 12)) leads_to(stage, (r[F_tval] | 4095) + 1);
  setting = NONE;
  spike_flush_tlb(mmu);
}

/* Makes Spike raise the exception for a misaligned access, which the core may raise where PMP cuts a page. */
static void do_misaligned(int does) {
  u64 *extensions = (u64 *)(processor + PROCESSOR_EXTENSIONS) + ZICCLSM / 64, bit = (u64)1 << ZICCLSM % 64;
  *extensions = does ? *extensions | bit : *extensions & ~bit;
  spike_flush_tlb(mmu);
}

#include "mends.h"

/* ---- the parts of a comparison ---- */

/* Where in its block the address of a CBO.ZERO lies that may not write. Spike reports the block's first byte. */
static u64 within_block(const u64 *r) {
  u32 bits = (u32)r[F_bits];
  return faulted() && zeroes_block(bits) && 0x808080 >> (r[F_code] & 31) & 1 ? address_of(bits, x) % BLOCK : 0;
}

/* xtval2 and xtinst. Spike never writes a transformed instruction, and always the pseudo-instruction; a core that does
   not may hide the GPA as well. Then Spike gets what the core has. */
static int check_guest_fault(const u64 *r, unsigned xtval2, unsigned xtinst) {
  u64 gpa = r[F_double] ? r[F_gpa] >> 2 : read_csr(xtval2), tinst = read_csr(xtinst);
  if (gpa && !tinst && !r[F_double]) gpa |= within_block(r) >> 2;
  if (!tinst && options.full_tinst && !r[F_interrupt]) tinst = transformed((u32)r[F_bits], r[F_code], r[F_tval], x);
  else if (tinst && options.zero_tinst) tinst = gpa = 0;
  if (!r[F_double]) *storage(xtval2) = gpa;
  *storage(xtinst) = tinst;
  return compare("xtval2", xtval2, r[F_gpa] >> 2, gpa) || compare("tinst", xtinst, r[F_tinst], tinst);
}

/* Sets what Spike has stored for a CSR that reads as `spike`. One with a copy for V=1 only points to its two. */
static void follow(unsigned address, u64 spike, u64 core) {
  if (address == MISA) {  /* more than its storage depends on it: which instructions there are */
    spike_put_csr(processor, MISA, core);
    return;
  }
  u64 *value = storage(address);
  if (*value != spike) value = (u64 *)(word(csrs[address], *v ? CSR_COPY_V1 : CSR_COPY_V0) + CSR_VALUE);
  if (*value != spike) return;
  *value = core;
  spike_flush_icache(mmu), spike_flush_tlb(mmu);
}

/* LR and SC of what is no memory: Spike reports their address as it was before pointer masking. */
static void mask_xtval(const u64 *r, unsigned xtval) {
  u64 tval = read_csr(xtval);
  if (is_reservation(r[F_bits]) && (r[F_code] == 5 || r[F_code] == 7) && tval == address_of((u32)r[F_bits], x)
      && !((tval ^ r[F_tval]) << 16)) follow(xtval, tval, r[F_tval]);
}

static int check_trap(const u64 *r) {
  unsigned target = (unsigned)r[F_mode_after];
  int m = target == MODE_M, vs = target == MODE_VS;
  unsigned xcause = m ? MCAUSE : vs ? VSCAUSE : SCAUSE, xepc = m ? MEPC : vs ? VSEPC : SEPC;
  unsigned xtval = m ? MTVAL : vs ? VSTVAL : STVAL;
  u64 code = r[F_code], status;
  if (r[F_interrupt]) {
    if (vs && (code == 2 || code == 6 || code == 10)) code--;
    code |= (u64)1 << 63;
  } else {
    mask_xtval(r, xtval);
  }
  if (r[F_double]) {  /* mtval2 has what happened */
    if (compare("mtval2", MTVAL2, code, read_csr(MTVAL2))) return 1;
    code = DOUBLE_TRAP;
  }
  if (odd) follow(xtval, read_csr(xtval), read_csr(xtval) & ~(u64)1);
  if (within_block(r)) follow(xtval, read_csr(xtval), read_csr(xtval) | within_block(r));
  if (compare("xcause", xcause, code, read_csr(xcause)) || compare("xepc", xepc, r[F_pc], read_csr(xepc))
      || compare("xtval", xtval, r[F_tval], read_csr(xtval))) return 1;
  if (vs) return compare("SPP", VSSTATUS, r[F_mode] & 1, read_csr(VSSTATUS) >> 8 & 1);
  u64 virtual = r[F_mode] >> 2;
  if (m) {
    status = read_csr(MSTATUS);
    if (compare("MPP", MSTATUS, r[F_mode] & 3, status >> 11 & 3)) return 1;
    if (!csrs[HSTATUS]) return 0;
    if (compare("MPV", MSTATUS, virtual, status >> 39 & 1)) return 1;
    if (compare("GVA", MSTATUS, r[F_gva_valid], status >> 38 & 1)) return 1;
  } else {
    if (compare("SPP", SSTATUS, r[F_mode] & 1, read_csr(SSTATUS) >> 8 & 1)) return 1;
    if (!csrs[HSTATUS]) return 0;
    status = read_csr(HSTATUS);
    if (compare("SPV", HSTATUS, virtual, status >> 7 & 1)) return 1;
    if (compare("GVA", HSTATUS, r[F_gva_valid], status >> 6 & 1)) return 1;
    if (virtual && compare("SPVP", HSTATUS, r[F_mode] & 1, status >> 8 & 1)) return 1;
  }
  return m ? check_guest_fault(r, MTVAL2, MTINST) : check_guest_fault(r, HTVAL, HTINST);
}

/* `address` is the one that Spike has computed, but for the bits that pointer masking ignores. */
static int check_memory(const u64 *r, u64 address) {
  u64 kind = r[F_memory], wanted = kind_of((u32)r[F_bits], r[F_memory]), found = 0;
  unsigned whole = 1u << r[F_size], size = whole > 8 ? 8 : whole;
  u64 mask = size == 8 ? ~(u64)0 : ((u64)1 << size * 8) - 1;
  if (compare("memory access", 0, kind, wanted)) return 1;
  if (kind == NONE) return 0;
  if (compare("access size", 0, r[F_size], size_of(long_form((u32)r[F_bits])))) return 1;
  if (compare("address", 0, r[F_gva] << 16 >> 16, address << 16 >> 16)) return 1;
  for (u64 at = 8; at < whole; at += 8)
    if (reach(r[F_hpa] + at, 0, 8, (u8 *)&found, 0)
        && compare("stored bytes", r[F_hpa] + at, r[F_data_high], found)) return 1;
  if (reach(r[F_hpa], r[F_hpa_next], size, (u8 *)&found, 0))
    return compare(kind == LOAD ? "loaded bytes" : "stored bytes", r[F_hpa], r[F_data] & mask, found & mask);
  if (!device_loaded && !device_stored) {  /* of read-only memory what was loaded is compared as rd */
    if (!r[F_hpa]) return 0;  /* the records do not know it */
    if (rom_loaded && device_address - r[F_hpa] < size) return 0;
    return differs("physical address", 0, r[F_hpa], rom_loaded ? device_address : 0);
  }
  if (compare("device address", 0, r[F_hpa], device_address)) return 1;
  if (compare("device access size", 0, size, device_size)) return 1;
  return device_stored && compare("bytes stored to a device", r[F_hpa], r[F_data] & mask, device_data & mask);
}

static int check_csr_write(const u64 *r) {
  unsigned address = (unsigned)r[F_csr];
  int writes = is_csr(r[F_bits]) && ((r[F_bits] >> 12 & 3) == 1 || (r[F_bits] >> 15 & 31));
  if (compare("CSR write", r[F_bits] >> 20, r[F_writes_csr], (u64)writes)) return 1;
  if (!writes) return 0;
  if (compare("CSR address", r[F_bits] >> 20, address, r[F_bits] >> 20)) return 1;
  u64 spike = read_csr(address), unlike = spike ^ r[F_csr_value];
  if (unlike & ~rules[address].unwritten) return differs("CSR", address, r[F_csr_value], spike);
  if (unlike && rules[address].follow) follow(address, spike, r[F_csr_value]);
  /* Spike has now made software's what the lines said of SEIP: a value that was read holds both. */
  if (address == MIP) spike_put_csr(processor, MIP, read_csr(MIP) & ~(u64)SEIP);
  if (address == MCOUNTINHIBIT)
    /* The core counts an instruction while it writes, Spike after it has written: so with mcountinhibit alone. */
    *storage(MINSTRET) += counted - counts_instructions();
  return 0;
}

/* rd of a CSR instruction where it legitimately differs: Spike gets the core's. */
static void adopt_csr_read(const u64 *r, int mip_moved) {
  unsigned address = (unsigned)(r[F_bits] >> 20);
  u64 rd = r[F_rd], unlike = rd && r[F_writes_rd] ? x[rd] ^ r[F_rd_value] : 0;
  int pending = address == MIP || address == SIP || address == HIP || address == VSIP;
  if (!unlike) return;
  int lags = address == TIME && x[rd] - r[F_rd_value] + 1 < 3;  /* a tick more or less */
  if (!(unlike & ~rules[address].unread) || (pending && mip_moved) || lags)
    x[rd] = r[F_rd_value];
}

static int check_registers(const u64 *r) {
  if (r[F_writes_rd] && r[F_rd]) shadow[r[F_rd]] = r[F_rd_value];
  if (r[F_writes_rd] && r[F_rd] && writes_pair((u32)r[F_bits])) shadow[r[F_rd] + 1] = r[F_rd_high];
  if (!memcmp(shadow, x, sizeof shadow)) return 0;
  for (unsigned i = 0; i < 32; i++)
    if (shadow[i] != x[i]) return differs("register", i, shadow[i], x[i]);
  return 0;
}

/* Gives Spike the core's mip. Of an interrupt that was taken, a line may have fallen, and others risen, while it was
   on its way to commit: it is judged by the mip that it was chosen from. */
static int set_mip(const u64 *r) {
  u64 mip = r[F_mip];
  *mip_value = (*mip_value & MIP_SOFTWARE) | (mip & ~(u64)MIP_SOFTWARE);
  u64 spike = *mip_value | (*hvip_value & HVIP_HELD);
  if (compare("mip", MIP, mip, spike)) return 1;
  if (r[F_trapped] && r[F_interrupt]) {
    u64 taken = (u64)1 << r[F_code], risen = mip & ~mip_before & ~taken;
    *mip_value &= ~(risen & ~(u64)MIP_SOFTWARE);
    *mip_value |= taken & mip_before & ~(u64)MIP_SOFTWARE;
  }
  return 0;
}

/* Whether a block is managed that Spike will not have managed. */
static int manages_device(const u64 *r) {
  u32 bits = (u32)r[F_bits];
  return !r[F_trapped] && is_on_block(bits) && !zeroes_block(bits) && !memory(r[F_hpa]);
}

/* The instruction does nothing, and Spike does not try. */
static void step_over(void) {
  *pc += 4;
  if (counts_instructions()) ++*storage(MINSTRET);
}

static int check_one(const u64 *r) {
  u64 bits = r[F_bits], mip_held = 0, mie_held = 0, hvip_held = 0;
  int csr = is_csr(bits), interrupt = r[F_trapped] && r[F_interrupt], stopped = 0, stopped_mie = 0;
  unsigned address = (unsigned)(bits >> 20);
  u64 reached = address_of(long_form((u32)bits), x);

  current = r, device_loaded = device_stored = rom_loaded = 0;
  if (compare("pc", 0, r[F_pc], *pc) || compare("mode", 0, r[F_mode], mode())) return 1;
  if (csr && r[F_time] != time_now) spike_sync_time(clock_csr, time_now = r[F_time]);
  if (set_mip(r)) return 1;
  if (!interrupt && ((*mip_value | *hvip_value) & *mie_value)) {
    /* The core takes it later, or not at all: what enables it is hidden for this step, but not from an instruction
       that reads it. */
    stopped = 1, stopped_mie = !(csr && (address == MIE || address == SIE || address == HIE || address == VSIE));
    if (stopped_mie) mie_held = *mie_value, *mie_value = 0;
    else mip_held = *mip_value, hvip_held = *hvip_value, *mip_value = *hvip_value = 0;
  }
  if (is_sc(bits) && !r[F_trapped]) {
    if (reserves_unseen && r[F_memory] == STORE) *reservation = r[F_hpa];
    reserves_unseen = 0;
    if (r[F_memory] == STORE) failed_scs = 0;
    else if (*reservation != ~(u64)0 && failed_scs < options.failing_sc) failed_scs++, *reservation = ~(u64)0;
  }
  if (r[F_hpa] >> 12 == options.host_page >> 12 && r[F_memory] == LOAD && !r[F_trapped])
    reach(r[F_hpa], r[F_hpa_next], 1u << r[F_size], (u8 *)&r[F_data], 1);

  if (csr) counted = counts_instructions();
  forget_if_misaligned((u32)bits);
  int atomic = (long_form((u32)bits) & 0x7f) == 0x2f;
  int refused = faulted() && (r[F_code] == 4 || r[F_code] == 6) && !options.misaligned_traps && (atomic || is_cut(NOWHERE));
  if (refused) do_misaligned(0);
  if (refused && !atomic) set_a_and_d(r);
  show_tables(r);
  keep_first_part(r);
  int changed = remember_changes(r);

  u64 sdt = stored_sdt(), gva = missing_gva(r), *hidden = csr ? name_to_hide(r, address) : 0;
  if (hidden) *hidden += 0x10000 * word(state, STATE_CSRS + MAP_BUCKETS);

  u64 lesser = lesser_interrupts(r) & *mie_value;
  *mie_value ^= lesser;
  make_odd(r);
  if (begun_at) x[begun_at] += left_out;
  if (manages_device(r) || (!r[F_trapped] && waits_for_store((u32)bits))) step_over();
  else spike_step(processor, 1);

  if (begun_at) x[begun_at] -= left_out, begun_at = 0;
  make_even();
  *mie_value ^= lesser;
  if (hidden) *hidden = address;
  mend_double_traps(r, sdt);
  *status_storage(0) |= gva;
  note_updates(r);
  show_present_tables(changed);
  if (first_part.count) put_back_first_part();
  if (refused) do_misaligned(1);
  *in_wfi = 0;
  if (stopped && stopped_mie) *mie_value = mie_held;
  else if (stopped) *mip_value = mip_held, *hvip_value = hvip_held;
  int mip_moved = r[F_mip] != mip_before;
  mip_before = r[F_mip];
  if (compare("next pc", 0, r[F_next_pc], *pc) || compare("mode afterwards", 0, r[F_mode_after], mode())) return 1;
  if (r[F_trapped]) return check_registers(r) || check_trap(r);
  if (csr) adopt_csr_read(r, mip_moved);
  return check_registers(r) || check_csr_write(r) || check_memory(r, reached);
}

/* ---- the interface ---- */

size_t shim_check(const u64 *records, size_t count) {  /* the index of the first difference, or `count` */
  for (size_t i = 0; i < count; i++)
    if (check_one(records + i * RECORD_WORDS)) return i;
  return count;
}

const struct finding *shim_finding(void) { return &finding; }
const u64 *shim_registers(void) { return shadow; }  /* the core's, as far as the records have said */
u64 shim_stale(void) { return stale_count; }
int shim_has_csr(unsigned address) { return csrs[address] != 0; }
u64 shim_read_csr(unsigned address) { return read_csr(address); }
u64 shim_mode(void) { return mode(); }

void shim_rule(unsigned address, u64 unread, u64 unwritten, u64 follow) {
  rules[address] = (struct rule){unread, unwritten, follow};
}

/* Removes a CSR. */
void shim_remove_csr(unsigned address) {
  u64 *name = name_of(address);
  if (name) *name += 0x10000 * word(state, STATE_CSRS + MAP_BUCKETS);
  csrs[address] = 0;
}

/* Sets a CSR's own storage, past what a write of it would do. */
void shim_set_csr(unsigned address, u64 value) { *storage(address) = value; }

/* Begins in the midst of a run, when all CSRs but mip are as they shall be. */
void shim_begin(u64 at, unsigned in, const u64 *registers, u64 mip) {
  memcpy(x, registers, sizeof shadow), memcpy(shadow, registers, sizeof shadow);
  *pc = at, *prv = in & 3, *v = in >> 2;
  *mip_value = mip_before = mip, reserves_unseen = 1;
  spike_flush_icache(mmu), spike_flush_tlb(mmu);
}

/* Finds Spike's parts. 0 where they are not where this build of Spike has them. */
int shim_start(u8 *spike_processor, struct options choices) {
  processor = spike_processor, state = processor + PROCESSOR_STATE, options = choices;
  mmu = (u8 *)word(processor, PROCESSOR_MMU), sim = (u8 *)word(processor, PROCESSOR_SIMIF) - SIM_SIMIF;
  pc = (u64 *)state, x = (u64 *)(state + STATE_X), prv = (u64 *)(state + STATE_PRV), v = state + STATE_V;
  device_count = 0, current = 0, reserves_unseen = 0, time_now = ~(u64)0, mip_before = failed_scs = 0;
  memset(pages, 0, sizeof pages), memset(csrs, 0, sizeof csrs), memset(rules, 0, sizeof rules);
  in_wfi = processor + PROCESSOR_IN_WFI, reservation = (u64 *)(mmu + MMU_RESERVATION);
  for (u8 *node = (u8 *)word(state, STATE_CSRS + MAP_FIRST); node; node = (u8 *)word(node, 0)) {
    u64 key = word(node, NODE_KEY);
    if (key >= 4096) return 0;
    csrs[key] = (void *)word(node, NODE_CSR);
  }
  if (!csrs[MIP] || word(csrs[MIP], CSR_ADDRESS) != MIP || !csrs[MIE] || !csrs[TIME]) return 0;
  u64 does_misaligned = word(processor, PROCESSOR_EXTENSIONS + ZICCLSM / 64 * 8) >> ZICCLSM % 64 & 1;
  if (does_misaligned == options.misaligned_traps) return 0;
  clock_csr = (void *)word(csrs[TIME], CSR_COPY_V0);  /* time shows another register */
  if (word(clock_csr, CSR_ADDRESS) != TIME) return 0;
  mip_value = storage(MIP), mie_value = storage(MIE), hvip_value = storage(HVIP);
  memcpy(shadow, x, sizeof shadow);
  return start_stale();
}
