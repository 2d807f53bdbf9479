/* The program starts here. */
#include "tools/commands.h"
#include "tools/fault.h"

int main(int argc, char **argv)
{
    fault_guard_install();
    return cli_main(&daybook_program, argc, argv);
}
