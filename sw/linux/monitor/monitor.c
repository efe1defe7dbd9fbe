/* A small monitor of virtual machines for RISC-V over Linux's /dev/kvm: one vCPU, one disk, the SBI's debug console.
 *
 *     monitor IMAGE TREE INITRD DISK [dirty-log]
 *
 * With dirty-log it does what a monitor does that moves a guest elsewhere while that runs: again and again it asks which
 * pages the guest has written, and KVM protects them from the next write.
 *
 * The guest's hypervisor is KVM; the monitor gives it memory, and does what KVM leaves to user space: the accesses of
 * devices (KVM_EXIT_MMIO) and the calls of the debug console (KVM_EXIT_RISCV_SBI). Ends with status 0 when the guest has
 * powered off. */
#include "monitor.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/kvm.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

enum { RAM_SIZE = 36 << 20 };
enum { DIRTY_EVERY = 64 };   /* exits between two looks at the log */

/* SBI specification 2.0, chapter 12. */
enum { DEBUG_CONSOLE = 0x4442434e, CONSOLE_WRITE = 0, CONSOLE_READ = 1, CONSOLE_WRITE_BYTE = 2 };
enum { SBI_SUCCESS = 0, SBI_NOT_SUPPORTED = -2, SBI_INVALID_PARAM = -3 };

static uint8_t *ram;
static int vcpu;

void fail(const char *format, ...)
{
    va_list values;
    va_start(values, format);
    fprintf(stderr, "monitor: ");
    vfprintf(stderr, format, values);
    fprintf(stderr, "\n");
    va_end(values);
    exit(1);
}

static int ask(int file, unsigned long request, void *argument, const char *what)
{
    int result = ioctl(file, request, argument);
    if (result < 0)
        fail("%s: %s", what, strerror(errno));
    return result;
}

void *guest(uint64_t address, uint64_t size)
{
    uint64_t offset = address - RAM_BASE;
    return offset <= RAM_SIZE && size <= RAM_SIZE - offset ? ram + offset : NULL;
}

void external_interrupt(bool level)
{
    static bool now;
    unsigned number = level ? KVM_INTERRUPT_SET : KVM_INTERRUPT_UNSET;
    struct kvm_interrupt interrupt = {number};
    if (level != now)
        ask(vcpu, KVM_INTERRUPT, &interrupt, "KVM_INTERRUPT");
    now = level;
}

static uint64_t load(const char *path, uint64_t address)
{
    int file = open(path, O_RDONLY);
    struct stat about;
    if (file < 0 || fstat(file, &about) < 0)
        fail("%s: %s", path, strerror(errno));
    uint64_t size = about.st_size, done = 0;
    uint8_t *to = guest(address, size);
    if (!to)
        fail("%s: %llu bytes do not fit into the guest's memory", path, (unsigned long long)size);
    while (done < size) {
        ssize_t got = read(file, to + done, size - done);
        if (got <= 0)
            fail("%s: cannot be read", path);
        done += got;
    }
    close(file);
    return size;
}

static void set(uint64_t which, uint64_t value)
{
    struct kvm_one_reg one = {which | KVM_REG_RISCV | KVM_REG_SIZE_U64, (uintptr_t)&value};
    ask(vcpu, KVM_SET_ONE_REG, &one, "KVM_SET_ONE_REG");
}

/* How many pages the guest has written since this was asked last. */
static unsigned dirty_pages(int vm)
{
    static uint64_t bitmap[RAM_SIZE / 4096 / 64 + 1];
    struct kvm_dirty_log log = {.dirty_bitmap = bitmap};
    unsigned pages = 0;
    ask(vm, KVM_GET_DIRTY_LOG, &log, "KVM_GET_DIRTY_LOG");
    for (size_t n = 0; n < sizeof bitmap / sizeof *bitmap; n++)
        pages += __builtin_popcountll(bitmap[n]);
    return pages;
}

static void console(struct kvm_run *run)
{
    typeof(run->riscv_sbi) *call = &run->riscv_sbi;
    call->ret[0] = SBI_NOT_SUPPORTED, call->ret[1] = 0;
    if (call->extension_id != DEBUG_CONSOLE)
        return;
    void *text = guest(call->args[1], call->args[0]);
    if (call->function_id == CONSOLE_WRITE_BYTE) {
        putchar((int)call->args[0]);
    } else if (!text || call->args[2]) {
        call->ret[0] = SBI_INVALID_PARAM;
        return;
    } else if (call->function_id == CONSOLE_WRITE) {
        call->ret[1] = fwrite(text, 1, call->args[0], stdout);
    } else if (call->function_id != CONSOLE_READ) {
        return;
    }
    call->ret[0] = SBI_SUCCESS;
    fflush(stdout);
}

static void device(struct kvm_run *run)
{
    uint64_t address = run->mmio.phys_addr;
    uint32_t value = 0;
    bool writes = run->mmio.is_write;
    if (writes)
        memcpy(&value, run->mmio.data, run->mmio.len < sizeof value ? run->mmio.len : sizeof value);
    if (address - PLIC_BASE < PLIC_SIZE)
        writes ? plic_write(address - PLIC_BASE, value) : (void)(value = plic_read(address - PLIC_BASE));
    else if (address - VIRTIO_BASE < VIRTIO_SIZE)
        writes ? block_write(address - VIRTIO_BASE, value)
               : (void)(value = block_read(address - VIRTIO_BASE, run->mmio.len));
    else
        fail("the guest's access of %#llx, where no device is", (unsigned long long)address);
    if (!writes) {
        memset(run->mmio.data, 0, sizeof run->mmio.data);
        memcpy(run->mmio.data, &value, sizeof value);
    }
}

int main(int count, char **words)
{
    bool logs = count == 6 && !strcmp(words[5], "dirty-log");
    if (count != 5 && !logs)
        fail("usage: monitor IMAGE TREE INITRD DISK [dirty-log]");
    int kvm = open("/dev/kvm", O_RDWR);
    if (kvm < 0)
        fail("/dev/kvm: %s; does the device tree name the extension h?", strerror(errno));
    int vm = ask(kvm, KVM_CREATE_VM, NULL, "KVM_CREATE_VM");
    ram = mmap(NULL, RAM_SIZE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
    if (ram == MAP_FAILED)
        fail("no memory for the guest");
    load(words[1], KERNEL_BASE);
    load(words[2], TREE_BASE);
    load(words[3], INITRD_BASE);
    block_open(words[4]);

    struct kvm_userspace_memory_region region = {
        .flags = logs ? KVM_MEM_LOG_DIRTY_PAGES : 0,
        .guest_phys_addr = RAM_BASE, .memory_size = RAM_SIZE, .userspace_addr = (uintptr_t)ram};
    ask(vm, KVM_SET_USER_MEMORY_REGION, &region, "KVM_SET_USER_MEMORY_REGION");
    vcpu = ask(vm, KVM_CREATE_VCPU, NULL, "KVM_CREATE_VCPU");
    int size = ask(kvm, KVM_GET_VCPU_MMAP_SIZE, NULL, "KVM_GET_VCPU_MMAP_SIZE");
    struct kvm_run *run = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_SHARED, vcpu, 0);
    if (run == MAP_FAILED)
        fail("the vCPU's page: %s", strerror(errno));

    /* KVM hands the debug console to user space only if it is told to. */
    set(KVM_REG_RISCV_SBI_EXT | KVM_REG_RISCV_SBI_SINGLE | KVM_RISCV_SBI_EXT_DBCN, 1);
    set(KVM_REG_RISCV_CORE | KVM_REG_RISCV_CORE_REG(regs.pc), KERNEL_BASE);
    set(KVM_REG_RISCV_CORE | KVM_REG_RISCV_CORE_REG(regs.a0), 0);
    set(KVM_REG_RISCV_CORE | KVM_REG_RISCV_CORE_REG(regs.a1), TREE_BASE);

    uint64_t dirty = 0;
    for (unsigned exits = 1;; exits++) {
        if (logs && exits % DIRTY_EVERY == 0)
            dirty += dirty_pages(vm);
        if (ioctl(vcpu, KVM_RUN, NULL) < 0 && errno != EINTR && errno != EAGAIN)
            fail("KVM_RUN: %s", strerror(errno));
        switch (run->exit_reason) {
        case KVM_EXIT_INTR: break;
        case KVM_EXIT_MMIO: device(run); break;
        case KVM_EXIT_RISCV_SBI: console(run); break;
        case KVM_EXIT_SYSTEM_EVENT:
            if (logs)
                printf("monitor: the guest has written %llu pages\n", (unsigned long long)(dirty + dirty_pages(vm)));
            if (run->system_event.type == KVM_SYSTEM_EVENT_SHUTDOWN)
                return 0;
            fail("the guest asks for system event %u", run->system_event.type);
        default: fail("exit of reason %u", run->exit_reason);
        }
    }
}
