/* Which Daybook this is, and what may change between two of them.
 *
 * Names: DAYBOOK_VERSION is the headers', daybook_version() the library's. Any thread may ask; nobody owns the answer.
 *
 * The shared library is libdaybook.so.1. Within one soname nothing that a compiled program relies on changes: no
 * struct that a program makes has its size or a member changed, no function goes away, no number gets another
 * meaning. What is new comes as new functions and new structs; a struct that has to grow means a new soname. So
 * structs have no size field: start from zero (`= {0}` in C, `{}` in C++) or from the init function that a header
 * names, and set what you mean. Two things may grow, which a program must expect: codes of errors, kinds and types of
 * events; and, at its end, a struct that a visitor is only ever given a pointer to (daybook_order, daybook_data). */
#ifndef DAYBOOK_VERSION_H
#define DAYBOOK_VERSION_H

#ifdef __cplusplus
extern "C" {
#endif
#pragma GCC visibility push(default)

#define DAYBOOK_VERSION "0.1.0" /* of the headers that a program was compiled with */

/* The version of the library that runs, as "0.1.0". Static text. */
const char *daybook_version(void);

#pragma GCC visibility pop
#ifdef __cplusplus
}
#endif
#endif
