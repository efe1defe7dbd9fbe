/* Translations that are stale and allowed: by what a table or a root held since the last fence that covers it.

   Between a change of an entry and a fence an access may be translated by the old entry or by the new one (supervisor
   chapter, "Supervisor Memory-Management Fence Instruction"; hypervisor chapter, "Hypervisor Memory-Management Fence
   Instructions"), and Spike's choice need not be the core's. So each address of the core's is looked up in Spike's
   tables. Where the core fared otherwise, and entries as they were explain that, they are put back for this one
   instruction, and Spike decides: on rights, on faults, on what is loaded. What access.h says of rights finds such
   entries; it convinces nobody. */

static struct { u64 *where, real, stale; } shown[2 * MAX_STEPS];  /* what Spike sees otherwise in this instruction */
static unsigned shown_count;
static struct { u64 place, *where, value; } unsure[4 * MAX_STEPS];  /* by which the core need not have gone */
static unsigned unsure_count;
static int fetched;                    /* Spike's TLB has this instruction's code by entries that are hidden again */
static u64 code_at, code_last;         /* the code of this instruction, which goes by present entries; else NOWHERE */
static u64 stale_count;                /* of instructions to which older entries were shown */
static unsigned begun_at;              /* base register of an access of which Spike gets the second page alone, or 0 */
static u64 left_out;                   /* bytes in the first page of that */

/* How the core has fared with an address. */
struct outcome {
  enum refusal refusal;
  int anywhere;          /* it is not known where it led; but `length` bytes there may be accessed */
  u64 address;           /* else where to; of GUEST_PAGE: the guest physical address, or 0 where that is hidden */
  const void *code;      /* of a fetch, in place of the address: what lay there, of `length` bytes */
  int unseen;            /* and it may lie where Spike has no memory to show, such as the boot ROM */
  unsigned length;
};

/* Whether the entries that count in this walk explain the outcome. */
static int explains(int stage, u64 address, struct outcome o) {
  begin_walk();
  u64 found = translate(stage, address);
  const u8 *there;
  if (walk.foreign && !walk.global) return 0;
  if (o.refusal == ACCESS) return walk.refusal == ACCESS || (found != NOWHERE && may_be_refused(found));
  if (walk.refusal != o.refusal) return 0;
  if (o.refusal == GUEST_PAGE) return !o.address || walk.gpa >> 12 == o.address >> 12;
  if (o.refusal) return 1;
  if (o.anywhere) return memory(found) && !is_protected(found, o.length);
  if (!o.code) return found == o.address;
  return (there = memory(found)) ? !memcmp(there, o.code, o.length) : o.unseen;
}

/* The next choice of what counts; 0 where there is none. */
static int choose(void) {
  unsigned step = walk.steps;
  while (step && walk.chosen[step - 1] + 1 == walk.choices[step - 1]) walk.chosen[--step] = 0;
  return step && ++walk.chosen[step - 1];
}

/* Where older entries count the core may have gone another way than Spike will: what Spike then sets of A and D may not
   be set for the core. Where none do it goes that way, too. */
static void note_unsure(void) {
  for (unsigned i = 0; i < walk.steps; i++)
    if (walk.updated[i] && !walk.stale) settle(walk.place[i]);
    else if (walk.updated[i] && unsure_count < 4 * MAX_STEPS)
      unsure[unsure_count].place = walk.place[i], unsure[unsure_count].where = walk.where[i],
      unsure[unsure_count++].value = *walk.where[i];
}

static void remember_unsure(void) {
  for (; unsure_count; unsure_count--) {
    u64 old = unsure[unsure_count - 1].value, set = old ^ *unsure[unsure_count - 1].where;
    if (set && !(set & ~(u64)A_AND_D))
      remember((struct event){.unsure = 1, .place = unsure[unsure_count - 1].place, .old = old});
  }
}

/* Other accesses may go by other entries than the code: Spike's TLB for code gets that first, and its TLB for data stays
   empty. */
static void fetch_code(void) {
  if (!shown_count && !fetched) spike_flush_icache(mmu), spike_flush_tlb(mmu);
  spike_fetch(mmu, code_at);
  if (code_last != code_at) spike_fetch(mmu, code_last);
  code_at = NOWHERE, fetched = 1;
  memset(mmu + MMU_ENTRIES, -1, MMU_ENTRIES_BYTES);
}

/* Whether each entry counts with one value, wherever the walk comes by. For the core it need not, since TLBs keep what is
   of different age; but only so can Spike be shown it. */
static int is_consistent(void) {
  for (unsigned i = 0; i < walk.steps; i++)
    for (unsigned j = 0; j < i; j++)
      if (walk.place[i] == walk.place[j] && walk.value[i] != walk.value[j]) return 0;
  return 1;
}

/* The first choice that explains the outcome, of those that are consistent if it must be. */
static int find(int stage, u64 address, struct outcome o, int consistent) {
  unsigned walks = 0;
  memset(walk.chosen, 0, sizeof walk.chosen);
  while (!explains(stage, address, o) || (consistent && !is_consistent()))
    if (!choose() || ++walks == MAX_WALKS) return 0;
  return 1;
}

/* Shows Spike entries that explain the outcome: the present ones if they do, or if none do that may count. Whether any
   did. */
static int show(int stage, u64 address, struct outcome o) {
  if (stage == NO_STAGE) return 1;
  if (!find(stage, address, o, 1) && !find(stage, address, o, 0)) return 0;
  note_unsure();
  for (unsigned i = 0; i < walk.steps && code_at != NOWHERE; i++)
    if (walk.chosen[i]) fetch_code();
  for (unsigned i = 0; i < walk.steps && shown_count < 2 * MAX_STEPS; i++)
    if (walk.chosen[i]) {
      shown[shown_count].where = walk.where[i], shown[shown_count].real = *walk.where[i];
      *walk.where[i] = shown[shown_count++].stale = walk.value[i];
    }
  if (shown_count && !fetched) spike_flush_icache(mmu), spike_flush_tlb(mmu);
  return 1;
}

/* What was shown is hidden again. */
static void hide(void) {
  while (shown_count) {
    shown_count--;
    if (!((*shown[shown_count].where ^ shown[shown_count].stale) & ~(u64)A_AND_D))  /* which Spike may have set */
      *shown[shown_count].where = shown[shown_count].real;
  }
}

static int stage_of(u64 mode) { return mode == MODE_M ? NO_STAGE : mode & MODE_V ? VS_STAGE : SINGLE; }

/* In whose name an instruction's loads and stores are made: the mode, after MPRV, or that of HLV and HSV. */
static u64 data_mode(const u64 *r) {
  u64 status = read_csr(MSTATUS);
  if (is_hypervisor_access((u32)r[F_bits])) return MODE_V | (read_csr(HSTATUS) >> 8 & 1);  /* SPVP */
  if (r[F_mode] != MODE_M || !(status >> 17 & 1)) return r[F_mode];
  return (status >> 11 & 3) == 3 ? MODE_M : (status >> 11 & 3) | (status >> 39 & 1) << 2;
}

/* The stage that translates the loads and stores of an instruction. */
static int data_stage(const u64 *r) { return stage_of(data_mode(r)); }

/* What exception `code` says of the address that it reports. */
static struct outcome refused_by(const u64 *r) {
  u64 code = (u64)1 << r[F_code];
  return (struct outcome){code & PAGE_FAULTS ? PAGE : code & GUEST_PAGE_FAULTS ? GUEST_PAGE : ACCESS,
                          .address = r[F_gpa]};
}

/* The code of the instruction begins at `at` and ends in the page of `last`. What was shown for it is hidden again. */
static void keep_code(u64 at, u64 last) {
  code_at = at, code_last = last;
  if (shown_count) fetch_code(), hide();
}

static void show_code(int stage, u64 address, const void *code, unsigned length) {
  struct outcome o = {.code = code, .length = length};
  if (show(stage, address, o)) return;
  o.unseen = 1;
  show(stage, address, o);
}

static void show_for_fetch(const u64 *r, int faulted_there) {
  u64 at = r[F_pc], next = (at | 4095) + 1, bits = r[F_bits];
  unsigned size = (bits & 3) == 3 ? 4 : 2, first = next - at > size ? size : (unsigned)(next - at);
  int stage = stage_of(r[F_mode]);
  ask(FETCH, r[F_mode]);
  if (faulted_there) {
    if (r[F_tval] >> 12 != at >> 12) {
      show(stage, at, (struct outcome){.anywhere = 1, .length = 2});
      keep_code(at, at);
    }
    show(stage, r[F_tval], refused_by(r));
    return;
  }
  show_code(stage, at, &bits, first);
  if (first < size) show_code(stage, next, (u8 *)&bits + first, size - first);
  keep_code(at, first < size ? next : at);
}

/* The second page of an access may go by other entries than its first: Spike's TLB for data gets that, with what was
   shown, by an access that changes nothing, and it is hidden again. HLV and HSV do without a TLB. */
static void keep_first_page(const u64 *r, u32 i, u64 gva) {
  u8 bytes[8];
  u64 length = 4096 - (gva & 4095);
  const void *there = memory(r[F_hpa]);
  if (!there || is_hypervisor_access(i)) return;
  if (!fetched) spike_flush_icache(mmu), spike_flush_tlb(mmu);
  memcpy(bytes, there, length);
  if (r[F_memory] == STORE) spike_store(mmu, gva, length, bytes, 0, 1, 0);
  else spike_load(mmu, gva, length, bytes, 0);
  hide(), fetched = 1;
  memset(mmu + MMU_ENTRIES, -1, MMU_ENTRIES_BYTES);
}

static void show_for_data(const u64 *r, int faulted_there) {
  u32 i = long_form((u32)r[F_bits]);
  u64 gva = r[F_gva], parts = (r[F_tval] - address_of(i, x)) & 0xfff;  /* but for the upper bits, which may be masked */
  int stage = data_stage(r);
  ask(access_of(i), data_mode(r));
  if (faulted_there) {
    int is_second = !is_on_block(i) && parts - 1 < 7;
    if (is_second) show(stage, r[F_tval] - parts, (struct outcome){.anywhere = 1, .length = (unsigned)parts});
    if (show(stage, r[F_tval], refused_by(r)) || !is_second || !shown_count) return;
    /* Two pages, by entries of different age in one place: that the first leads somewhere has been seen, and Spike is
       given the second alone. */
    hide();
    if (show(stage, r[F_tval], refused_by(r))) begun_at = i >> 15 & 31, left_out = parts;
  } else if (is_on_block(i)) {
    show(stage, gva & -(u64)BLOCK, (struct outcome){.address = r[F_hpa] & -(u64)BLOCK});
  } else if (r[F_memory] != NONE || is_sc(i)) {  /* one that fails is translated, too */
    int crosses = (gva & 4095) + (1u << r[F_size]) > 4096;
    if (show(stage, gva, (struct outcome){.address = r[F_hpa]}) && crosses && walk.stale) keep_first_page(r, i, gva);
    if (crosses) show(stage, (gva | 4095) + 1, (struct outcome){.address = r[F_hpa_next]});
  }
}

/* Before an instruction: shows Spike the tables that its addresses went by, or the exception of one. */
static void show_tables(const u64 *r) {
  u64 code = r[F_trapped] ? (u64)1 << r[F_code] : 0;
  code_at = NOWHERE;
  if (r[F_trapped] && r[F_interrupt]) return;
  show_for_fetch(r, (code & FETCH_FAULTS) != 0);
  if (!code || code & DATA_FAULTS) show_for_data(r, code != 0);
  asked.kind = NONE;
}

/* Remembers what an instruction that is about to be stepped will change, or that it is a fence. */
static int remember_changes(const u64 *r) {
  u32 bits = (u32)r[F_bits], function = bits >> 25;
  int changes_table = 0;
  u32 kind = function & ~2u;  /* SINVAL.VMA and HINVAL are as the fences */
  int fence = (bits & 0x7fff) == 0x73 && (kind == 0x09 || kind == 0x11 || kind == 0x31);
  if (r[F_trapped]) return 0;
  if (fence) {
    unsigned rs1 = bits >> 15 & 31, rs2 = bits >> 20 & 31;
    int stage = function >> 4 == 3 ? G_STAGE : function >> 4 == 1 ? VS_STAGE : r[F_mode] & MODE_V ? VS_STAGE : SINGLE;
    remember((struct event){1, stage, rs1 != 0, rs2 != 0, .address = x[rs1] << (stage == G_STAGE ? 2 : 0),
                            .id = x[rs2] & 0xffff, .vmid = vmid_now()});
  }
  if (r[F_memory] != STORE && r[F_memory] != AMO) return 0;
  for (u64 i = 0, size = 1u << r[F_size], inner = 4096 - (r[F_hpa] & 4095); i < size; ) {
    u64 address = i < inner ? r[F_hpa] + i : r[F_hpa_next] + (i - inner), *entry;
    if (is_table[address >> 12 & 0xffff] && (entry = (u64 *)memory(address & ~(u64)7)))
      settle(address & ~(u64)7), remember((struct event){.place = address & ~(u64)7, .old = *entry}), changes_table = 1;
    i += 8 - (address & 7);
  }
  return changes_table;
}

/* After the instruction: until when hardware has set A. */
static void note_updates(const u64 *r) {
  for (int stage = SINGLE; stage <= G_STAGE; stage++) {
    if (updating[stage]) updated_until[stage] = event_count + 1;
    if ((r[F_bits] & 0x7f) == 0x73) updating[stage] = is_updated(stage);
  }
}

static void mark_table(int stage, u64 table, unsigned level) {
  if (stage == VS_STAGE) table = leads_to(G_STAGE, table);
  const u64 *entries = table == NOWHERE ? 0 : (u64 *)memory(table);
  if (!entries || is_table[table >> 12 & 0xffff]) return;
  is_table[table >> 12 & 0xffff] = 1;
  for (unsigned i = 0; level && i < 512; i++)
    if ((entries[i] & 0xf) == 1) mark_table(stage, entries[i] << 10 >> 20 << 12, level - 1);
}

/* The tables below a root, which speculation may read from now on. */
static void mark_tables(int stage) {
  u64 atp = *root[stage];
  for (unsigned page = 0; atp >> 60 && page < (stage == G_STAGE ? 4 : 1); page++)
    mark_table(stage, (atp << 20 >> 8) + 4096 * page, (unsigned)(atp >> 60) - 6);
}

/* After the instruction: Spike's tables are the present ones again, and none that are older are left in its TLB. */
static void show_present_tables(int changed) {
  int stale = fetched || shown_count;
  changed |= stale, stale_count += stale;
  hide(), fetched = 0;
  remember_unsure();
  if (vmid_of(root_before[G_STAGE]) != vmid_now())  /* its own vsatp may be another one when that VMID comes back */
    remember((struct event){.place = VSATP, .old = root_before[VS_STAGE], .vmid = vmid_of(root_before[G_STAGE])});
  for (int stage = SINGLE; stage <= G_STAGE; stage++)
    if (*root[stage] != root_before[stage]) {
      remember((struct event){.place = root_place[stage], .old = root_before[stage], .vmid = vmid_now()});
      root_before[stage] = *root[stage], changed = 1;
      mark_tables(stage);
      if (stage == G_STAGE) mark_tables(VS_STAGE);
    }
  if (changed) spike_flush_icache(mmu), spike_flush_tlb(mmu);
}

static int start_stale(void) {
  u8 *own = (u8 *)word(csrs[SATP], CSR_COPY_V0);  /* satp shows vsatp where V=1 */
  if (!own || word(own, CSR_ADDRESS) != SATP) return 0;
  root[SINGLE] = (u64 *)(own + CSR_VALUE), root[VS_STAGE] = storage(VSATP), root[G_STAGE] = storage(HGATP);
  for (int stage = SINGLE; stage <= G_STAGE; stage++) root_before[stage] = *root[stage];
  memset(newest_change, 0, sizeof newest_change), memset(is_table, 0, sizeof is_table);
  memset(updated_until, 0, sizeof updated_until);
  for (int stage = SINGLE; stage <= G_STAGE; stage++) updating[stage] = is_updated(stage);
  event_count = newest_fence = shown_count = unsure_count = stale_count = 0, fetched = 0;
  return 1;
}
