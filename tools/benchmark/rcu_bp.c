/* liburcu, the flavour whose threads register by themselves. */
#define _LGPL_SOURCE
#include <urcu/urcu-bp.h>

#define RCU(function) urcu_bp_##function
#define RCU_PEER      bench_rcu_bp
#define RCU_NAME      "liburcu-bp"
#include "rcu.h"
