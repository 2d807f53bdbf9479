/* A file of the source tree as a text of the program: EMBED_TEXT(pack_readme, "tools/pack/readme.en.txt") makes
 * `const char pack_readme[]`, NUL-terminated: the assembler takes it in. The compiler cannot see that it depends on the
 * file: say so in the Makefile. */
#ifndef TOOLS_EMBED_H
#define TOOLS_EMBED_H

#define EMBED_TEXT(name, path)                                                                                         \
    extern const char name[];                                                                                          \
    __asm__(".pushsection .rodata\n" #name ":\n.incbin \"" path "\"\n.byte 0\n.popsection\n")

#endif
