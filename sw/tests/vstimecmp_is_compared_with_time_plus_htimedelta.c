/* The guest's timer of vstimecmp_raises_the_guests_timer_interrupt, with an htimedelta that is not 0.
   rules: hip_vstip_op */
#define DELTA 0x7000000000UL
#include "vstimecmp_raises_the_guests_timer_interrupt.c"
