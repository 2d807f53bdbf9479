/* The last line of defence against damaged files: a fault inside a mapped file ends the program with a sentence,
 * not a signal. */
#ifndef TOOLS_FAULT_H
#define TOOLS_FAULT_H

/* Call once, before any ledger is opened. */
void fault_guard_install(void);

#endif
