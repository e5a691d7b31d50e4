/* Writes inputs that nobody would keep in a corpus into a directory: nothing at all, a megabyte of
 * chance, of nothing, of everything, and each byte over and over, so that harnesses of records play
 * each of their operations alone (only closes, say). */
#include <errno.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

enum { HUGE_INPUT = 1 << 20, ALIKE = 1536 };

static uint8_t bytes[HUGE_INPUT];

static void save(const char *directory, const char *name, size_t size)
{
    char path[4096];
    snprintf(path, sizeof(path), "%s/%s", directory, name);
    FILE *file = fopen(path, "wb");
    bool written = file != NULL && fwrite(bytes, 1, size, file) == size;
    if (file == NULL || fclose(file) != 0 || !written) {
        fprintf(stderr, "cannot write %s: %s\n", path, strerror(errno));
        exit(2);
    }
}

static void fill_with_chance(void)
{
    uint64_t state = 1;
    for (size_t i = 0; i < sizeof(bytes); i++) {
        state = state * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
        bytes[i] = (uint8_t)(state >> 56);
    }
}

int main(int argc, char **argv)
{
    if (argc != 2) {
        fprintf(stderr, "Usage: %s DIRECTORY\n", argc > 0 ? argv[0] : "inputs");
        return 2;
    }
    (void)mkdir(argv[1], 0777);
    save(argv[1], "empty", 0);
    save(argv[1], "zeros", sizeof(bytes));
    fill_with_chance();
    save(argv[1], "random", sizeof(bytes));
    save(argv[1], "short", 100);
    for (int value = 0; value < 256; value++) {
        char name[16];
        memset(bytes, value, sizeof(bytes));
        snprintf(name, sizeof(name), "all_%02x", (unsigned)value);
        save(argv[1], name, ALIKE);
    }
    save(argv[1], "ones", sizeof(bytes));
    return 0;
}
