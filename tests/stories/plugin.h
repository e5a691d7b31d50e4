/* What the program calls of the plug-in. */
#ifndef STORY_PLUGIN_H
#define STORY_PLUGIN_H

void plugin_use(void);

#endif
