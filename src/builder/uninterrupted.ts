/**
 * Makes a call again as long as a signal comes in between (EINTR): nothing was done then. A call that does not wait may say so too,
 * where a signal is there already. Not for close(2), after which the descriptor is gone in any case. See signal(7).
 */
export function uninterrupted<T>(call: () => T): T {
  for (;;) {
    try {
      return call();
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'EINTR') throw error;
    }
  }
}
