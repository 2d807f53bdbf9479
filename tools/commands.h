/* The tables of commands; each ends with a row without a name. program.c puts them together. */
#ifndef TOOLS_COMMANDS_H
#define TOOLS_COMMANDS_H

#include "tools/cli/command.h"

extern const struct command ledger_commands[];   /* init, doctor, schema */
extern const struct command order_commands[];    /* create, ship .. note, undo, correct */
extern const struct command register_commands[]; /* customers, products, rename, merge, field */
extern const struct command read_commands[];     /* show, list, today */
extern const struct command audit_commands[];    /* history, blame, audit */
extern const struct command diff_commands[];     /* diff */
extern const struct command log_commands[];      /* log, load */
extern const struct command evidence_commands[]; /* checkpoint, verify */
extern const struct command key_commands[];      /* key, witness */
extern const struct command prove_commands[];    /* prove, check-proof */
extern const struct command stats_commands[];    /* stats .. */
extern const struct command view_commands[];     /* views, rebuild */
extern const struct command import_commands[];   /* import */
extern const struct command undoing_commands[];  /* undo-import */
extern const struct command export_commands[];   /* export */
extern const struct command backup_commands[];   /* backup, restore, pull */
extern const struct command forget_commands[];   /* forget */
extern const struct command pack_commands[];     /* audit-pack */

extern const struct program daybook_program;

#endif
