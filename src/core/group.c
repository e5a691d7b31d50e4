/* Groups: making, counting, giving back.
 *
 * Why nobody slips in while a group is drained.  Joining and closing are read-modify-writes of one
 * word, so one is first: (1) an open that joins after CLOSING was set sees it, and is refused.
 * (2) One that joined before is counted as a member, and as an open under way until its handle is
 * published; whoever walks the slots reads that count before he begins, and if it was 0 then, every
 * member that there will ever be lies in a slot that he passes.  If it was not, he walks again.
 *
 * A member is counted until its completion has returned; the decrement is a release, and who reads
 * 0 has acquired all that its functions did. */
#include "core/group.h"

#include <string.h>

#include "core/cold.h"
#include "core/registry.h"

hf_group hf_groups[HF_GROUPS];
static __thread hf_stay *stays __attribute__((tls_model("initial-exec")));

static hf_group_phase phase_of(uint64_t word)
{
    return (hf_group_phase)(word & HF_GROUP_PHASE_FIELD);
}

bool hf_group_is_valid(const hf_group *group)
{
    uintptr_t offset = (uintptr_t)group - (uintptr_t)hf_groups;
    return offset < sizeof hf_groups && offset % sizeof(hf_group) == 0 &&
           phase_of(hf_group_word(group)) >= HF_GROUP_OPEN;
}

/* ---- stays ---------------------------------------------------------------------------------- */

static void push(hf_stay *stay)
{
    stay->outer = stays;
    stays = stay;
}

static void pop(hf_stay *stay)
{
    stays = stay->outer;
    stay->group = 0;
}

/* One that waits looks again when the last member has left, or an open has ended. */
static void subtract(hf_group *group, uint64_t amount)
{
    /* Release: what was done for the member comes before.  Partner: hf_group_word. */
    uint64_t word = __atomic_sub_fetch(&group->word, amount, __ATOMIC_ACQ_REL);
    if (phase_of(word) != HF_GROUP_CLOSING ||
        (word >> HF_GROUP_MEMBER_SHIFT != 0 && (amount & HF_GROUP_OPENING_FIELD) == 0))
        return;
    (void)__atomic_fetch_add(&group->event, 1, __ATOMIC_RELEASE);
    hf_os_wake_all(&group->event);
}

hf_status hf_stay_open(hf_stay *stay, hf_group *group)
{
    *stay = (hf_stay){.group = 0};
    if (group == NULL)
        return HF_OK;
    uint64_t word = hf_group_word(group);
    do {
        if (phase_of(word) != HF_GROUP_OPEN)
            return HF_E_CLOSING;
        if ((word & HF_GROUP_OPENING_FIELD) == HF_GROUP_OPENING_FIELD ||
            word + HF_GROUP_MEMBER_ONE < word)
            return HF_E_TOO_MANY_REFERENCES;
    } while (!__atomic_compare_exchange_n(&group->word, &word,
                                          word + HF_GROUP_MEMBER_ONE + HF_GROUP_OPENING_ONE, true,
                                          __ATOMIC_ACQ_REL, __ATOMIC_ACQUIRE));
    *stay = (hf_stay){.group = hf_group_number(group), .opening = true};
    push(stay);
    return HF_OK;
}

static void end(hf_stay *stay, uint64_t amount)
{
    hf_group *group = hf_group_at(stay->group);
    if (group == NULL)
        return;
    pop(stay);
    subtract(group, amount);
}

void hf_stay_opened(hf_stay *stay)
{
    end(stay, HF_GROUP_OPENING_ONE);
}

void hf_stay_failed(hf_stay *stay)
{
    end(stay, HF_GROUP_OPENING_ONE + HF_GROUP_MEMBER_ONE);
}

void hf_stay_leave(hf_stay *stay, uint32_t group, hf_handle member)
{
    *stay = (hf_stay){.group = group, .handle = member.bits};
    if (group == 0)
        return;
    __atomic_store_n(&hf_group_at(group)->leaving, member.bits, __ATOMIC_RELAXED);
    push(stay);
}

void hf_stay_end(hf_stay *stay)
{
    end(stay, HF_GROUP_MEMBER_ONE);
}

bool hf_group_begin_closing(hf_group *group)
{
    uint64_t word = hf_group_word(group);
    do {
        if (phase_of(word) < HF_GROUP_OPEN)
            return false;
    } while (!__atomic_compare_exchange_n(&group->word, &word, word | HF_GROUP_CLOSING, true,
                                          __ATOMIC_ACQ_REL, __ATOMIC_ACQUIRE));
    return true;
}

const hf_stay *hf_stay_of(uint32_t group)
{
    const hf_stay *stay = stays;
    while (stay != NULL && stay->group != group)
        stay = stay->outer;
    return stay;
}

/* ---- the public side ------------------------------------------------------------------------ */

/* How many groups of the pool were ever taken: a fork need not touch the others. */
static uint32_t ever_taken;

static void raise_ever_taken(uint32_t count)
{
    uint32_t known = __atomic_load_n(&ever_taken, __ATOMIC_RELAXED);
    while (known < count && !__atomic_compare_exchange_n(&ever_taken, &known, count, true,
                                                         __ATOMIC_RELAXED, __ATOMIC_RELAXED)) {
    }
}

/* Marks a free group as one that is being made; NULL: all are taken. */
static hf_group *take(void)
{
    for (uint32_t i = 0; i < HF_GROUPS; i++) {
        uint64_t none = HF_GROUP_FREE;
        raise_ever_taken(i + 1);
        /* Acquire: partner is the release in hf_group_destroy. */
        if (__atomic_compare_exchange_n(&hf_groups[i].word, &none, HF_GROUP_MAKING, false,
                                        __ATOMIC_ACQUIRE, __ATOMIC_RELAXED))
            return &hf_groups[i];
    }
    return NULL;
}

static void copy_name(hf_group *group, const char *name)
{
    size_t length = strnlen(name, HF_GROUP_NAME_SIZE - 1);
    memcpy(group->name, name, length);
    group->name[length] = '\0';
}

hf_status hf_group_create(const char *name, hf_group **out)
{
    if (out == NULL)
        return HF_E_INVALID_ARGUMENT;
    hf_group *group = take();
    if (group == NULL)
        return HF_E_TABLE_FULL;
    copy_name(group, name != NULL ? name : "group");
    __atomic_store_n(&group->leaving, UINT64_C(0), __ATOMIC_RELAXED);
    /* Release: the group is whole before anybody is given it.  Partner: hf_group_word. */
    __atomic_store_n(&group->word, (uint64_t)HF_GROUP_OPEN, __ATOMIC_RELEASE);
    *out = group;
    return HF_OK;
}

uint64_t hf_group_size(const hf_group *group)
{
    return hf_group_is_valid(group) ? hf_group_word(group) >> HF_GROUP_MEMBER_SHIFT : 0;
}

hf_status hf_group_destroy(hf_group *group)
{
    if (group == NULL)
        return HF_OK;
    if (!hf_group_is_valid(group))
        return HF_E_INVALID_ARGUMENT;
    uint64_t word = hf_group_word(group);
    do {
        if (phase_of(word) < HF_GROUP_OPEN)
            return HF_E_INVALID_ARGUMENT;
        if ((word & ~HF_GROUP_PHASE_FIELD) != 0)
            return HF_E_BUSY;
        /* Release: partner is the acquire in take. */
    } while (!__atomic_compare_exchange_n(&group->word, &word, (uint64_t)HF_GROUP_FREE, true,
                                          __ATOMIC_ACQ_REL, __ATOMIC_ACQUIRE));
    return HF_OK;
}

/* ---- after fork ----------------------------------------------------------------------------- */

static void add(uint32_t number, uint64_t amount)
{
    if (number != 0 && number <= HF_GROUPS)
        (void)__atomic_fetch_add(&hf_group_at(number)->word, amount, __ATOMIC_RELAXED);
}

static void recount_table(hf_table *table)
{
    for (uint32_t index = 1; index < hf_slots_end(table); index++)
        add(hf_cold_group(table, index), HF_GROUP_MEMBER_ONE);
}

void hf_groups_recount(void)
{
    hf_table *table;
    uint64_t phases = 0;
    for (uint32_t i = 0; i < __atomic_load_n(&ever_taken, __ATOMIC_RELAXED); i++)
        phases |= __atomic_and_fetch(&hf_groups[i].word, HF_GROUP_PHASE_FIELD, __ATOMIC_RELAXED);
    if (phases == 0)
        return; /* there are none: the usual case */
    for (uint32_t number = 0; (table = hf_registry_at(number)) != NULL; number++) {
        if (!hf_table_pin(table))
            continue;
        recount_table(table);
        hf_table_unpin(table);
    }
    for (const hf_stay *stay = stays; stay != NULL; stay = stay->outer)
        add(stay->group, HF_GROUP_MEMBER_ONE + (stay->opening ? HF_GROUP_OPENING_ONE : 0));
}
