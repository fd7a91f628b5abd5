/* Counts the instructions that qemu's user mode executes, and writes the number to a file at exit.
 *
 * `out=FILE` gets the sum; `blocks=FILE` a line for each block of code that was translated: its
 * address, its instructions, and how often it was executed (for `edge_profile`).
 *
 * Only what is used of QEMU's plugin interface (version 1, QEMU 7 and 8) is declared here. Threads
 * may lose a count when they add at the same moment; the edge has one that works.
 */
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

typedef uint64_t plugin_id;
struct tb;

extern size_t qemu_plugin_tb_n_insns(const struct tb *tb);
extern uint64_t qemu_plugin_tb_vaddr(const struct tb *tb);
extern void qemu_plugin_register_vcpu_tb_trans_cb(plugin_id id, void (*cb)(plugin_id, struct tb *));
extern void qemu_plugin_register_vcpu_tb_exec_inline(struct tb *tb, int op, void *at, uint64_t add);
extern void qemu_plugin_register_atexit_cb(plugin_id id, void (*cb)(plugin_id, void *), void *data);

__attribute__((visibility("default"))) int qemu_plugin_version = 1;

/* A block that was translated; translated again it is another one. They are never freed. */
struct block {
    struct block *before;
    uint64_t address, instructions, executed;
};

static uint64_t executed;
static char path[4096], blocks_path[4096];
static struct block *newest;

static void translated(plugin_id id, struct tb *tb)
{
    (void)id;
    /* 0 is "add to a 64 bit number". */
    qemu_plugin_register_vcpu_tb_exec_inline(tb, 0, &executed, qemu_plugin_tb_n_insns(tb));
    if (!blocks_path[0])
        return;
    struct block *block = calloc(1, sizeof *block);
    if (!block)
        abort();
    block->address = qemu_plugin_tb_vaddr(tb);
    block->instructions = qemu_plugin_tb_n_insns(tb);
    /* QEMU translates under a lock of its own. */
    block->before = newest;
    newest = block;
    qemu_plugin_register_vcpu_tb_exec_inline(tb, 0, &block->executed, 1);
}

static void at_exit(plugin_id id, void *data)
{
    (void)id;
    (void)data;
    FILE *file = path[0] ? fopen(path, "w") : NULL;
    if (file) {
        fprintf(file, "%llu\n", (unsigned long long)executed);
        fclose(file);
    }
    file = blocks_path[0] ? fopen(blocks_path, "w") : NULL;
    if (!file)
        return;
    for (struct block *block = newest; block; block = block->before)
        if (block->executed)
            fprintf(file, "%llx %llu %llu\n", (unsigned long long)block->address,
                    (unsigned long long)block->instructions, (unsigned long long)block->executed);
    fclose(file);
}

__attribute__((visibility("default"))) int qemu_plugin_install(plugin_id id, const void *info,
                                                                int argc, char **argv)
{
    (void)info;
    for (int i = 0; i < argc; i++) {
        if (strncmp(argv[i], "out=", 4) == 0)
            snprintf(path, sizeof path, "%s", argv[i] + 4);
        if (strncmp(argv[i], "blocks=", 7) == 0)
            snprintf(blocks_path, sizeof blocks_path, "%s", argv[i] + 7);
    }
    if (!path[0] && !blocks_path[0])
        return -1;
    qemu_plugin_register_vcpu_tb_trans_cb(id, translated);
    qemu_plugin_register_atexit_cb(id, at_exit, NULL);
    return 0;
}
