/* Login and host name. Both come from files and services that others write, so they are checked like any input. */
#include "tools/cli/identity.h"

#include "ledger/text.h"

#include <pwd.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

/* Not empty, no longer than `length_max`, UTF-8, no blanks or control characters. */
static bool is_plain(const char *name, size_t length_max)
{
    size_t length = strnlen(name, length_max + 1);

    if (length == 0 || length > length_max || !text_is_valid((struct daybook_text){name, length}))
        return false;
    for (size_t i = 0; i < length; i++)
        if ((unsigned char)name[i] <= ' ' || name[i] == 0x7F)
            return false;
    return true;
}

void identity_login(char out[IDENTITY_LOGIN_SIZE])
{
    const struct passwd *user = getpwuid(getuid());

    if (user && user->pw_name && is_plain(user->pw_name, IDENTITY_LOGIN_SIZE - 1))
        snprintf(out, IDENTITY_LOGIN_SIZE, "%s", user->pw_name);
    else
        snprintf(out, IDENTITY_LOGIN_SIZE, "uid%u", (unsigned)getuid());
}

void identity_via(char out[IDENTITY_VIA_SIZE])
{
    char login[IDENTITY_LOGIN_SIZE], host[65] = "";

    identity_login(login);
    if (gethostname(host, sizeof host) != 0 || !is_plain(host, sizeof host - 1))
        snprintf(host, sizeof host, "localhost");
    snprintf(out, IDENTITY_VIA_SIZE, "%s@%s", login, host);
}
