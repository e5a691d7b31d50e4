/* liburcu, the flavour whose writers use membarrier: the closest relative of a hot region. */
#define _LGPL_SOURCE
#include <urcu/urcu-memb.h>

#define RCU(function) urcu_memb_##function
#define RCU_PEER      bench_rcu_memb
#define RCU_NAME      "liburcu-memb"
#include "rcu.h"
