/* Plays the scene that is named on the command line; with none, lists them. */
#include "scenes.h"

#include <stdio.h>
#include <string.h>

static const kit_scene *const lists[] = {finding_scenes, description_scenes, holdfast_scenes,
                                         memory_scenes, order_scenes};

int main(int argc, char **argv)
{
    for (size_t i = 0; i < sizeof(lists) / sizeof(lists[0]); i++)
        for (const kit_scene *at = lists[i]; at->name != NULL; at++)
            if (argc < 2) {
                printf("%s\n", at->name);
            } else if (strcmp(at->name, argv[1]) == 0) {
                at->play();
                return 0;
            }
    return argc < 2 ? 0 : 2;
}
