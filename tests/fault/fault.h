/* Calls of a program that can be made to fail, and the memory in which a test tells the layer inside of the program
 * (layer.c, preloaded) which one, and is told what was called. */
#ifndef TESTS_FAULT_FAULT_H
#define TESTS_FAULT_FAULT_H

#include <errno.h>
#include <stdint.h>

enum { FAULT_CALLS_MAX = 1 << 18, FAULT_ERRORS_MAX = 4 };

enum fault_class { FAULT_MEMORY, FAULT_FILES, FAULT_CLASS_COUNT };

/* kind, class, the errors that it may end with */
#define FAULT_KINDS(KIND)                                                                                              \
    KIND(ALLOCATE, FAULT_MEMORY, ENOMEM)                                                                               \
    KIND(READ, FAULT_FILES, EIO, EINTR)                                                                                \
    KIND(WRITE, FAULT_FILES, EIO, ENOSPC, EINTR)                                                                       \
    KIND(SYNC, FAULT_FILES, EIO, ENOSPC)                                                                               \
    KIND(OPEN_TO_READ, FAULT_FILES, EMFILE, EIO, ENOMEM)                                                               \
    KIND(OPEN_TO_WRITE, FAULT_FILES, EMFILE, EROFS, ENOSPC)                                                            \
    KIND(NAME, FAULT_FILES, EIO, ENOSPC, EROFS) /* rename, mkdir, unlink .. */                                         \
    KIND(LOCK, FAULT_FILES, ENOLCK, EINTR)                                                                             \
    KIND(MAP, FAULT_FILES, ENOMEM, EMFILE)                                                                             \
    KIND(RESIZE, FAULT_FILES, ENOSPC, EIO)                                                                             \
    KIND(RESERVE, FAULT_FILES, ENOSPC, EOPNOTSUPP)                                                                     \
    KIND(FLUSH, FAULT_FILES, ENOSPC, EIO) /* stdio's own writes */

enum fault_kind {
#define KIND(name, class, ...) FAULT_##name,
    FAULT_KINDS(KIND)
#undef KIND
        FAULT_KIND_COUNT
};

struct fault_state {
    /* told to the layer */
    uint32_t class;        /* enum fault_class: whose calls are counted */
    uint64_t at;           /* the n-th of them fails, from 1; 0: none */
    uint32_t all_from_there; /* and all after it */
    int32_t error;
    /* told by the layer */
    uint64_t count, failed;
    uint8_t kinds[FAULT_CALLS_MAX]; /* enum fault_kind of each call */
};

/* The file that is a struct fault_state. */
#define FAULT_VARIABLE "DAYBOOK_TEST_FAULT"

#endif
