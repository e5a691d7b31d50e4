/* A history that is being put together. */
#ifndef HOLDFAST_HISTORY_BUILD_H
#define HOLDFAST_HISTORY_BUILD_H

#include "history.h"
#include "index.h"

typedef struct hf_build {
    hf_history history; /* what is given out; the rest is freed with it */
    hf_code *code;
    hf_texts texts;
    hf_history_process *processes;
    uint32_t process_capacity;
    hf_index process_of; /* 0, system's id: the newest process with that id */
    hf_history_thread *threads;
    uint32_t thread_capacity;
    hf_index thread_of; /* process, number in the trace */
    hf_index system_of; /* process, the system's id */
    hf_history_stack *stacks;
    uint32_t stack_capacity;
    hf_index stack_of; /* process, number in the trace */
    hf_history_life *lives;
    uint32_t life_capacity;
    hf_index life_of; /* process, handle */
    hf_history_note *notes;
    uint32_t note_capacity;
    hf_history_finding *findings;
    uint32_t finding_capacity;
    bool failed; /* out of memory */
} hf_build;

/* All answer a number, or HF_HISTORY_NONE; and note when memory runs out. */

uint32_t hf_build_process(hf_build *build, const hf_trace_common *of);
uint32_t hf_build_thread(hf_build *build, uint32_t process, uint32_t number);
uint32_t hf_build_stack(hf_build *build, uint32_t process, uint32_t number);

/* The process that this one was forked from, which always has a smaller number.  So many of them
 * are looked at. */
enum { HF_BUILD_FOREBEARS = 64 };
uint32_t hf_build_forebear(const hf_build *build, uint32_t process);

/* The life of a handle in a process; of one that was open when the process was forked, a copy. */
uint32_t hf_build_life(hf_build *build, uint32_t process, uint64_t handle);

/* Frames that a record brings: a stack. */
uint32_t hf_build_frames(hf_build *build, uint32_t id, const uint64_t *frames, uint32_t count);

const char *hf_build_text(hf_build *build, const char *text);

/* Takes in what a record tells of processes, threads and stacks; of lives; and findings. */
void hf_build_actors(hf_build *build, const hf_reader_record *record);
void hf_build_lives(hf_build *build, const hf_reader_record *record);
void hf_build_finding(hf_build *build, const hf_reader_record *record);

#endif
