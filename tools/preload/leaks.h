/* Leaks: what this process opened and never closed, grouped by where it was opened. */
#ifndef RUN_LEAKS_H
#define RUN_LEAKS_H

/* Told when the process exits, after all destructors, if the setting `leaks` asks for it. */
void run_leaks_report(void);

#endif
