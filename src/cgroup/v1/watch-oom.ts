import { closeSync, constants, openSync } from 'node:fs';
import { close, descriptorWatch, EPOLL, eventfd2, O, read } from '../../sys/index.js';
import { cgroupError } from '../errors.js';
import { writeNow } from '../files.js';
import { withRights } from '../rights.js';

/** When the counter is looked at after the kernel has told that there is no memory: it tells before it kills. Milliseconds. */
const after = [0, 5, 20, 100, 500];

/**
 * Calls back when a group of v1 has run out of memory, and some times after.
 *
 * Equivalent to: an eventfd(2), and `echo "EVENTFD FD" > cgroup.event_control`, with the FD of memory.oom_control. See
 * https://docs.kernel.org/admin-guide/cgroup-v1/memory.html, "OOM Control".
 *
 * @returns what ends it.
 */
export function watchOom(directory: string, look: () => void): () => void {
  const path = `${directory}/cgroup.event_control`;
  const eventfd = eventfd2(0, O.CLOEXEC | O.NONBLOCK);
  try {
    register(path, eventfd, `${directory}/memory.oom_control`);
  } catch (error) {
    close(eventfd);
    throw cgroupError({ action: 'watch', path }, error);
  }
  const timers = new Set<NodeJS.Timeout>();
  descriptorWatch().add(eventfd, EPOLL.IN, () => {
    read(eventfd, 8);
    for (const pause of after) {
      const timer = setTimeout(() => {
        timers.delete(timer);
        look();
      }, pause).unref();
      timers.add(timer);
    }
  });
  return () => {
    descriptorWatch().remove(eventfd);
    close(eventfd);
    for (const timer of timers) clearTimeout(timer);
  };
}

function register(path: string, eventfd: number, control: string): void {
  const fd = withRights(control, () => openSync(control, constants.O_RDONLY));
  try {
    writeNow(path, `${eventfd} ${fd}`);
  } finally {
    closeSync(fd);
  }
}
