/* Who is at the keyboard, as far as the operating system knows. */
#ifndef TOOLS_CLI_IDENTITY_H
#define TOOLS_CLI_IDENTITY_H

enum {
    IDENTITY_LOGIN_SIZE = 129,
    IDENTITY_VIA_SIZE = IDENTITY_LOGIN_SIZE + 1 + 65,
};

/* The login name of the real user; "uid1000" when there is none, or none that can be shown (control characters,
 * no UTF-8, far too long). */
void identity_login(char out[IDENTITY_LOGIN_SIZE]);

/* "login@host", for the record of how an actor is known. */
void identity_via(char out[IDENTITY_VIA_SIZE]);

#endif
