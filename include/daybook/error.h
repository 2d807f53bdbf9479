/* Errors: what went wrong, for a program (code), for a shell (class) and for a person (message).
 *
 *     if (daybook_open(folder, NULL, &ledger, &error))
 *         fprintf(stderr, "%s\n", error.message);
 *
 * Names: DAYBOOK_… is a code, daybook_code_… what is known of it. Nothing here is owned by anyone; any thread may
 * call it.
 *
 * Every function that can fail returns 0 or one of these codes, and fills the caller's
 * struct daybook_error when one is given (NULL is allowed). Nothing is printed, nothing exits.
 * Outputs are written only on success. */
#ifndef DAYBOOK_ERROR_H
#define DAYBOOK_ERROR_H

#ifdef __cplusplus
extern "C" {
#endif
#pragma GCC visibility push(default)

/* What a caller can do about it; also the program's exit status. */
enum daybook_error_class {
    DAYBOOK_CLASS_DONE = 0,
    DAYBOOK_CLASS_REFUSED = 1,     /* a rule, a conflict, not found, a failed check: nothing was written */
    DAYBOOK_CLASS_USAGE = 2,       /* the request itself is malformed */
    DAYBOOK_CLASS_ENVIRONMENT = 3, /* I/O, disk full, damaged file */
};

/* The one list of errors: X(NAME, "name-in-json", class). New ones go to the end of their group. */
#define DAYBOOK_ERRORS(X)                                                                                              \
    X(OK, "ok", DONE)                                                                                                  \
    /* refused */                                                                                                      \
    X(NOT_FOUND, "not-found", REFUSED)                                                                                 \
    X(NOT_YET_KNOWN, "not-yet-known", REFUSED)                                                                         \
    X(ALREADY_EXISTS, "already-exists", REFUSED)                                                                       \
    X(STATUS_FORBIDS, "status-forbids", REFUSED)                                                                       \
    X(DATE_IN_FUTURE, "date-in-future", REFUSED)                                                                       \
    X(BAD_VALUE, "bad-value", REFUSED)                                                                                 \
    X(TOO_LARGE, "too-large", REFUSED)                                                                                 \
    X(VERSION_CONFLICT, "version-conflict", REFUSED)                                                                   \
    X(KEY_REUSED, "key-reused", REFUSED)                                                                               \
    X(NOT_YOURS, "not-yours", REFUSED)                                                                                 \
    X(AMBIGUOUS_LINE, "ambiguous-line", REFUSED)                                                                       \
    X(CANNOT_VOID, "cannot-void", REFUSED)                                                                             \
    X(FOREIGN_LOG, "foreign-log", REFUSED)                                                                             \
    X(VERIFICATION_FAILED, "verification-failed", REFUSED)                                                             \
    X(BAD_LINE, "bad-line", REFUSED)                                                                                   \
    X(ROWS_REJECTED, "rows-rejected", REFUSED)                                                                         \
    X(NO_HEADER, "no-header", REFUSED)                                                                                 \
    X(NO_COLUMN, "no-column", REFUSED)                                                                                 \
    X(BAD_ENCODING, "bad-encoding", REFUSED)                                                                           \
    X(BAD_TEXT, "bad-text", REFUSED)                                                                                   \
    X(BAD_CSV, "bad-csv", REFUSED)                                                                                     \
    X(AMBIGUOUS_DATES, "ambiguous-dates", REFUSED)                                                                     \
    X(MIXED_DATE_ORDER, "mixed-date-order", REFUSED)                                                                   \
    X(SEVERAL_SHEETS, "several-sheets", REFUSED)                                                                       \
    X(NO_SUCH_SHEET, "no-such-sheet", REFUSED)                                                                         \
    X(NOT_A_WORKBOOK, "not-a-workbook", REFUSED)                                                                       \
    /* usage */                                                                                                        \
    X(USAGE, "usage", USAGE)                                                                                           \
    /* environment */                                                                                                  \
    X(IO, "io", ENVIRONMENT)                                                                                           \
    X(DISK_FULL, "disk-full", ENVIRONMENT)                                                                             \
    X(READ_ONLY, "read-only", ENVIRONMENT)                                                                             \
    X(NO_MEMORY, "no-memory", ENVIRONMENT)                                                                             \
    X(NO_LEDGER, "no-ledger", ENVIRONMENT)                                                                             \
    X(NEWER_FORMAT, "newer-format", ENVIRONMENT)                                                                       \
    X(DAMAGED, "damaged", ENVIRONMENT)                                                                                 \
    X(CLOCK_BEHIND, "clock-behind", ENVIRONMENT)                                                                       \
    X(REMOTE_FILESYSTEM, "remote-filesystem", ENVIRONMENT)                                                             \
    X(FORKED_HANDLE, "forked-handle", ENVIRONMENT)                                                                     \
    X(TOO_MANY_READERS, "too-many-readers", ENVIRONMENT)

/* What calls return. Later versions have more of them: treat one that is not known by its class. */
enum daybook_code {
#define X(name, text, class) DAYBOOK_##name,
    DAYBOOK_ERRORS(X)
#undef X
        DAYBOOK_CODE_COUNT
};

/* One failure. `message` is a whole sentence in English, UTF-8, NUL-terminated: what is wrong and what to do. */
struct daybook_error {
    int code;
    char message[600];
};

/* "version-conflict" for DAYBOOK_VERSION_CONFLICT. Static text; "unknown" for a number that is no code. */
const char *daybook_code_name(int code);

/* The class of a code; DAYBOOK_CLASS_ENVIRONMENT for a number that is no code. */
enum daybook_error_class daybook_code_class(int code);

/* Fill *err (when not NULL) with code and the formatted sentence, cut at a character boundary if too long. Returns
 * code. */
int daybook_fail(struct daybook_error *err, int code, const char *format, ...) __attribute__((format(printf, 3, 4)));

#pragma GCC visibility pop
#ifdef __cplusplus
}
#endif
#endif
