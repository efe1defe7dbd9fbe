// The one call into Spike that may end in a C++ exception. Needs no header, and no library but those Spike has loaded.

struct mmu_t;
struct flags_t { unsigned char bits; };  // mmu.h's xlate_flags_t; bit 0: as HLV and HSV reach memory

void load(mmu_t *, unsigned long address, unsigned long length, unsigned char *bytes, flags_t)
    __asm__("_ZN5mmu_t14load_slow_pathEmmPh13xlate_flags_t");

extern "C" int guarded_load(mmu_t *mmu, unsigned long address, unsigned long length, unsigned char *bytes,
                            int hypervisor_access) {
  try {
    load(mmu, address, length, bytes, flags_t{static_cast<unsigned char>(hypervisor_access)});
    return 1;
  } catch (...) {
    return 0;
  }
}
