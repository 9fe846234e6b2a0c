import { type Fd, POLL, ppoll } from '../../sys/index.js';
import { uninterrupted } from '../uninterrupted.js';

/** Whether there is something to be read from a descriptor now, or its end. */
export function isReadable(fd: Fd): boolean {
  return uninterrupted(() => ppoll([{ fd, events: POLL.IN }], {})) > 0;
}
