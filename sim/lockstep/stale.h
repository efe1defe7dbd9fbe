/* Translations that are stale and allowed: by what a table or a root held since the last fence that covers it.

   Between a change of an entry and a fence an access may be translated by the old entry or by the new one (supervisor
   chapter, "Supervisor Memory-Management Fence Instruction"; hypervisor chapter, "Hypervisor Memory-Management Fence
   Instructions"), and Spike's choice need not be the core's. So each address of the core's is looked up in Spike's
   tables. Where the core fared otherwise, and entries as they were explain that, they are put back for this one
   instruction, and Spike decides: on rights, on faults, on what is loaded. What access.h says of rights finds such
   entries; it convinces nobody.

   Changes are remembered of tables by which some address has been translated, and of those below a root when that
   became one. What only speculation can have read of others, before the program used them, is not looked for. */

enum { EVENTS = 1024, CHAINS = 1 << 14, MAX_STEPS = 64, MAX_WALKS = 4096, ROOT_LEVEL = 5 };

static const u64 root_place[] = {SATP, VSATP, HGATP};  /* by stage: its register stands for an address */
static u64 root_before[3];             /* of each stage, its value after the last instruction */

static struct event {                  /* a change of an entry or a root, or a fence */
  int is_fence, stage, by_address, by_id;
  u64 place, old;                      /* of a change: the address of the entry, or the CSR number */
  u64 address, id, vmid;               /* of a fence; vmid of a change of vsatp as well */
  u64 previous;                        /* number of the event before in its chain */
} events[EVENTS];                      /* the last ones; their numbers count from 1 */
static u64 event_count, newest_fence;
static u64 newest_change[CHAINS];      /* by place: the number of the last change, the head of a chain */
static u8 is_table[1 << 16];           /* whether a walk has come by, by the low bits of the page number */

static struct { u64 *where, real, stale; } shown[2 * MAX_STEPS];  /* what Spike sees otherwise in this instruction */
static unsigned shown_count;
static int fetched;                    /* Spike's TLB has this instruction's code by entries that are hidden again */
static u64 stale_count;                /* of instructions to which older entries were shown */
static unsigned begun_at;              /* base register of an access of which Spike gets the second page alone, or 0 */
static u64 left_out;                   /* bytes in the first page of that */
static int setting;                    /* of an access, LOAD or STORE, by which walks set A and D; else NONE */

/* A walk. Of the values that the entry at a step may have, number `chosen` counts; 0 is the one that it has now. */
static struct {
  unsigned steps, global, chosen[MAX_STEPS], choices[MAX_STEPS];
  unsigned foreign;                    /* another ASID, or a fence of this one: what only global mappings survive */
  u64 *where[MAX_STEPS], value[MAX_STEPS];
  enum refusal refusal;                /* where it led NOWHERE */
  u64 gpa;                             /* which the G stage refused */
} walk;

static u64 vmid_of(u64 hgatp) { return hgatp >> 44 & 0x3fff; }
static u64 vmid_now(void) { return vmid_of(*root[G_STAGE]); }
static u64 asid_of(u64 atp) { return atp >> 44 & 0xffff; }
static u64 id_now(int stage) { return stage == G_STAGE ? vmid_now() : asid_of(*root[stage]); }

static u64 *chain(u64 place) { return &newest_change[place >> 3 & (CHAINS - 1)]; }

static struct event *event(u64 number) {  /* 0 where it is forgotten, or there is none */
  return number && number + EVENTS > event_count ? &events[number % EVENTS] : 0;
}

/* An older event of the same change adds nothing: every fence after this one is after that one, too. */
static void remember(struct event e) {
  u64 *head = e.is_fence ? &newest_fence : chain(e.place);
  struct event *older;
  for (u64 *link = head; !e.is_fence && (older = event(*link)); link = &older->previous)
    if (older->place == e.place && older->old == e.old && older->vmid == e.vmid) {
      *link = older->previous;
      break;
    }
  e.previous = *head, *head = ++event_count;
  events[event_count % EVENTS] = e;
}

/* Whether a fence after event `number` covers the value that an entry had until then, on the way of `address`. */
static int is_fenced(u64 number, int stage, u64 old, u64 address, unsigned level) {
  int leaf = level != ROOT_LEVEL && (old & 0xf) != 1, global = walk.global || (level != ROOT_LEVEL && old >> 5 & 1);
  for (u64 n = newest_fence; n > number; n = event(n)->previous) {
    const struct event *e = event(n);
    if (e->stage == stage && (stage != VS_STAGE || e->vmid == vmid_now())
        && (!e->by_id || (e->id == id_now(stage) && (stage == G_STAGE || !global)))
        && (!e->by_address || (leaf && !((e->address ^ address) >> (12 + 9 * level))))) return 1;
  }
  return 0;
}

/* Whether a root that was there is another of the same address space. From another ASID's, and from tables of another
   depth, mappings may have remained, too: of the former those that are global. */
static int is_of_space(const struct event *e, int stage, u64 now) {
  if (!(e->old >> 60) || !(now >> 60)) return 0;
  if (stage == G_STAGE) return vmid_of(e->old) == vmid_of(now);
  return stage == SINGLE || e->vmid == vmid_now();
}

/* The value of an entry, or a root, that counts in this walk. */
static u64 look(int stage, u64 place, u64 *where, u64 address, unsigned level) {
  unsigned step = walk.steps++, choices = 1, global = walk.global;
  u64 value = *where;
  const struct event *e;
  for (u64 n = *chain(place); (e = event(n)); n = e->previous) {
    unsigned foreign = level == ROOT_LEVEL && stage != G_STAGE && asid_of(e->old) != asid_of(*where);
    if (e->place != place || e->old == *where) continue;
    if (level == ROOT_LEVEL && !is_of_space(e, stage, *where)) continue;
    /* A fence that names an ASID spares global mappings; whether this is one the leaf may say. */
    foreign |= stage != G_STAGE && is_fenced(n, stage, e->old, address, level);
    walk.global |= foreign;
    int fenced = is_fenced(n, stage, e->old, address, level);
    walk.global = global;
    if (!fenced && choices++ == walk.chosen[step]) value = e->old, walk.foreign |= foreign;
  }
  walk.choices[step] = choices, walk.where[step] = where, walk.value[step] = value;
  return value;
}

static u64 translate(int stage, u64 address);

/* By the G stage, where an entry of the VS stage lies, which is read, or written for A and D. */
static u64 place_of(u64 gpa, int kind) {
  int kept = setting, explicit = asked.kind;
  if (setting) setting = kind;
  if (asked.kind) asked.kind = kind == STORE ? TABLE_WRITE : TABLE_READ;
  u64 place = translate(G_STAGE, gpa);
  setting = kept, asked.kind = explicit;
  return place;
}

/* Sets A, or A and D, in a leaf, where hardware does; in the VS stage that is a write of the page in which it lies. */
static void set_bits(int stage, u64 place, u64 *where) {
  u64 bits = setting == STORE ? A_AND_D : A_AND_D & 0x40;
  if (!(bits & ~*where) || !is_updated(stage)) return;
  if (stage == VS_STAGE) place_of(place, STORE);
  *where |= bits;
}

static u64 refuse(int stage, u64 address) {
  walk.refusal = stage == G_STAGE ? GUEST_PAGE : PAGE;
  if (stage == G_STAGE) walk.gpa = address;
  return NOWHERE;
}

/* Where an address leads, NOWHERE if to a fault; rights count where something is `asked`. */
static u64 translate(int stage, u64 address) {
  u64 entry = look(stage, root_place[stage], root[stage], address, ROOT_LEVEL), found = address;
  unsigned levels = (unsigned)(entry >> 60) - 5, extra = stage == G_STAGE ? 2 : 0;
  if (entry >> 60) {
    u64 high = address >> (11 + 9 * levels), table = entry << 20 >> 8;
    if (extra ? high >> 3 : high && high != NOWHERE >> (11 + 9 * levels)) return refuse(stage, address);
    for (unsigned level = levels, leaf = 0; !leaf; table = entry >> 10 << 12) {
      if (!level) return refuse(stage, address);
      unsigned shift = 12 + 9 * --level, bits = level == levels - 1 ? 9 + extra : 9;
      u64 place = table | (address >> shift & (((u64)1 << bits) - 1)) << 3, own_place = place;
      if (stage == VS_STAGE && (place = place_of(place, LOAD)) == NOWHERE) return NOWHERE;
      u64 *where = (u64 *)memory(place);
      if (!where || (asked.kind && !spike_pmp_ok(mmu, place, 8, SPIKE_LOAD, 1, 0))) {
        walk.refusal = ACCESS;
        return NOWHERE;
      }
      is_table[place >> 12 & 0xffff] = 1;
      entry = look(stage, place, where, address, level);
      if (!(entry & 1) || (entry & ~options.pte_bits) >> 54 || (entry & 6) == 4) return refuse(stage, address);
      if (stage != G_STAGE) walk.global |= entry >> 5 & 1;
      leaf = (entry & 0xe) != 0;
      if (leaf && entry >> 10 & (((u64)1 << 9 * level) - 1)) return refuse(stage, address);
      if (entry >> 63) {  /* 64 KiB: NAPOT */
        if (!leaf || level || (entry >> 10 & 15) != 8) return refuse(stage, address);
        shift = 16, entry &= ~((u64)15 << 10);
      }
      if (asked.kind && (leaf ? is_refused(stage, entry) : is_reserved(entry))) return refuse(stage, address);
      if (leaf && asked.kind && stage == VS_STAGE && needs_bits(entry) && place_of(own_place, STORE) == NOWHERE)
        return NOWHERE;
      if (leaf && setting) set_bits(stage, own_place, where);
      entry &= ((u64)1 << 54) - 1;
      found = entry >> 10 << 12 | (address & (((u64)1 << shift) - 1));
    }
  }
  if (walk.foreign && !walk.global && stage != G_STAGE) return refuse(stage, address);
  return stage == VS_STAGE ? translate(G_STAGE, found) : found;
}

static void begin_walk(void) { walk.steps = walk.global = walk.foreign = 0, walk.refusal = ALLOWED; }

/* Where the entries as they are now lead `address`. */
static u64 leads_to(int stage, u64 address) {
  begin_walk();
  memset(walk.chosen, 0, sizeof walk.chosen);
  return translate(stage, address);
}

/* How the core has fared with an address. */
struct outcome {
  enum refusal refusal;
  int anywhere;          /* it is not known where it led; but `length` bytes there may be accessed */
  u64 address;           /* else where to; of GUEST_PAGE: the guest physical address, or 0 where that is hidden */
  const void *code;      /* of a fetch, in place of the address: what lay there, of `length` bytes */
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
  return !(there = memory(found)) || !memcmp(there, o.code, o.length);
}

/* The next choice of what counts; 0 where there is none. */
static int choose(void) {
  unsigned step = walk.steps;
  while (step && walk.chosen[step - 1] + 1 == walk.choices[step - 1]) walk.chosen[--step] = 0;
  return step && ++walk.chosen[step - 1];
}

/* Shows Spike entries that explain the outcome: the present ones if they do, or if none do that may count. Whether any
   did. */
static int show(int stage, u64 address, struct outcome o) {
  unsigned walks = 0;
  if (stage == NO_STAGE) return 1;
  memset(walk.chosen, 0, sizeof walk.chosen);
  while (!explains(stage, address, o))
    if (!choose() || ++walks == MAX_WALKS) return 0;
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

/* Other accesses may go by other entries than the code of an instruction, which begins at `at` and ends in the page of
   `last`: Spike's TLB for code, which was empty, has what was shown, and it is hidden again. */
static void keep_code(u64 at, u64 last) {
  if (!shown_count) return;
  spike_fetch(mmu, at);
  if (last != at) spike_fetch(mmu, last);
  hide(), fetched = 1;
  memset(mmu + MMU_ENTRIES, -1, MMU_ENTRIES_BYTES);
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
  show(stage, at, (struct outcome){.code = &bits, .length = first});
  if (first < size) show(stage, next, (struct outcome){.code = (u8 *)&bits + first, .length = size - first});
  keep_code(at, first < size ? next : at);
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
    show(stage, gva, (struct outcome){.address = r[F_hpa]});
    if ((gva & 4095) + (1u << r[F_size]) > 4096)
      show(stage, (gva | 4095) + 1, (struct outcome){.address = r[F_hpa_next]});
  }
}

/* Before an instruction: shows Spike the tables that its addresses went by, or the exception of one. */
static void show_tables(const u64 *r) {
  u64 code = r[F_trapped] ? (u64)1 << r[F_code] : 0;
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
      remember((struct event){.place = address & ~(u64)7, .old = *entry}), changes_table = 1;
    i += 8 - (address & 7);
  }
  return changes_table;
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
  event_count = newest_fence = shown_count = stale_count = 0, fetched = 0;
  return 1;
}
