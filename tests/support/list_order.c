/* A ring with a head, searched from its end, so that equal deadlines stay in the order in which
 * they came. */
#include "list_order.h"

#include <stdlib.h>

static hf_status list_create(uint64_t capacity, int64_t now_us, void **order)
{
    hf_timer_link *head = calloc(1, sizeof(*head));
    (void)capacity;
    (void)now_us;
    if (head == NULL)
        return HF_E_NO_MEMORY;
    head->next = head->previous = head;
    *order = head;
    return HF_OK;
}

static hf_status list_reserve(void *order, uint64_t count)
{
    (void)order;
    (void)count;
    return HF_OK;
}

static void list_insert(void *order, hf_timer_link *link)
{
    hf_timer_link *head = order;
    hf_timer_link *before = head->previous;
    while (before != head && before->deadline_us > link->deadline_us)
        before = before->previous;
    link->previous = before;
    link->next = before->next;
    before->next->previous = link;
    before->next = link;
}

static void list_remove(void *order, hf_timer_link *link)
{
    (void)order;
    link->previous->next = link->next;
    link->next->previous = link->previous;
}

static hf_timer_link *list_expire(void *order, int64_t now_us)
{
    hf_timer_link *head = order;
    hf_timer_link *first = head->next;
    if (first == head || first->deadline_us > now_us)
        return NULL;
    list_remove(order, first);
    return first;
}

static int64_t list_next_us(const void *order)
{
    const hf_timer_link *head = order;
    return head->next != head ? head->next->deadline_us : INT64_MAX;
}

const hf_timer_order list_order = {.size = (uint32_t)sizeof(hf_timer_order),
                                   .name = "list",
                                   .create = list_create,
                                   .destroy = free,
                                   .reserve = list_reserve,
                                   .insert = list_insert,
                                   .remove = list_remove,
                                   .expire = list_expire,
                                   .next_us = list_next_us};
