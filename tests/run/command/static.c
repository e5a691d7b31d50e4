/* A program that the dynamic linker does not load. */
#include <stdio.h>

int main(void)
{
    puts("static");
    return 0;
}
