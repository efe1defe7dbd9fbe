// Puts the code of this library on huge pages where the system has them. The model runs through all of its code in each
// cycle, more than the nearest caches hold; how fast that goes depends on which pages of memory it happened to get.

#include "pages.h"

#ifdef __linux__
#include <link.h>
#include <sys/mman.h>

#include <cstdint>
#include <cstring>

namespace {

const uintptr_t HUGE_PAGE = uintptr_t(2) << 20;  // the linker keeps the parts of the library as far apart

// Of the parts of a library, if `code` lies in one of them: that becomes a copy of itself on huge pages.
int move(dl_phdr_info* info, size_t, void* code) {
    uintptr_t from = 0, to = 0, at = reinterpret_cast<uintptr_t>(code);
    for (int n = 0; n < info->dlpi_phnum; n++) {
        const auto& part = info->dlpi_phdr[n];
        uintptr_t begin = info->dlpi_addr + part.p_vaddr;
        if (part.p_type == PT_LOAD && part.p_flags & PF_X && begin <= at && at < begin + part.p_memsz)
            from = begin, to = begin + part.p_memsz;
    }
    if (!from) return 0;
    uintptr_t first = from & -HUGE_PAGE, size = ((to + HUGE_PAGE - 1) & -HUGE_PAGE) - first;
    // An older loader does not keep to the distance; then something else may lie there.
    if (info->dlpi_addr % HUGE_PAGE) return 1;
    for (int n = 0; n < info->dlpi_phnum; n++) {
        const auto& part = info->dlpi_phdr[n];
        uintptr_t begin = info->dlpi_addr + part.p_vaddr;
        if (part.p_type == PT_LOAD && begin != from && begin < first + size && first < begin + part.p_memsz) return 1;
    }
    void* room = mmap(nullptr, size + HUGE_PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (room == MAP_FAILED) return 1;
    char* copy = reinterpret_cast<char*>((reinterpret_cast<uintptr_t>(room) + HUGE_PAGE - 1) & -HUGE_PAGE);
    if (madvise(copy, size, MADV_HUGEPAGE)) {
        munmap(room, size + HUGE_PAGE);
        return 1;
    }
    memcpy(copy + (from - first), reinterpret_cast<void*>(from), to - from);
    if (!mprotect(copy, size, PROT_READ | PROT_EXEC))
        mremap(copy, size, size, MREMAP_MAYMOVE | MREMAP_FIXED, reinterpret_cast<void*>(first));
    return 1;
}

}  // namespace

void use_huge_pages() {
    static const int done = dl_iterate_phdr(move, reinterpret_cast<void*>(&use_huge_pages));
    (void)done;
}

#else
void use_huge_pages() {}
#endif
