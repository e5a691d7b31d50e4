/* Scenes: inputs in which the kit finds something, or does something that can be seen.  What it
 * prints is in expected/. */
#ifndef TESTS_FUZZ_KIT_SCENES_H
#define TESTS_FUZZ_KIT_SCENES_H

#include "targets.h"

typedef struct kit_scene {
    const char *name;
    void (*play)(void);
} kit_scene;

#define SCENE(function)     \
    {                       \
#function, function \
    }
#define SCENES_END \
    {              \
        NULL, NULL \
    }

extern const kit_scene finding_scenes[];
extern const kit_scene description_scenes[];
extern const kit_scene holdfast_scenes[];
extern const kit_scene memory_scenes[];
extern const kit_scene order_scenes[];

#endif
