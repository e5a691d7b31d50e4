/* The contestants other than Holdfast, one file each. */
#ifndef BENCH_PEERS_H
#define BENCH_PEERS_H

#include "peer.h"

#ifdef __cplusplus
extern "C" {
#endif

/* array.c: no protection at all */
extern const bench_peer bench_array_index;
extern const bench_peer bench_array_generation;       /* reads the value */
extern const bench_peer bench_array_generation_live;  /* only asks whether the handle is live */
extern const bench_peer bench_array_generation_stale; /* asks with a handle that is not */
extern const bench_peer bench_slot_map_life;          /* opens and closes, for one thread */
extern const bench_table_peer bench_array_index_table;
extern const bench_table_peer bench_array_generation_table;

/* counted.c: one word that every thread writes */
extern const bench_peer bench_xadd;
extern const bench_peer bench_safe_handle;
extern const bench_peer bench_safe_handle_stale;
extern const bench_peer bench_safe_handle_life;

/* hash_map.cpp, shared_ptr.cpp */
extern const bench_peer bench_hash_map;
extern const bench_peer bench_hash_map_life;
extern const bench_table_peer bench_hash_map_table;
extern const bench_peer bench_shared_ptr;
extern const bench_peer bench_atomic_shared_ptr;
extern const bench_peer bench_shared_ptr_life;
extern const bench_table_peer bench_shared_ptr_table;

/* gobject.c, hazard_pointers.c, rcu_memb.c, rcu_bp.c: each only where its library was found */
extern const bench_peer bench_gobject;
extern const bench_peer bench_gobject_life;
extern const bench_table_peer bench_gobject_table;
extern const bench_peer bench_hazard_pointers;
extern const bench_peer bench_rcu_memb;
extern const bench_peer bench_rcu_bp;

#ifdef __cplusplus
}
#endif

#endif
