import { SpecError } from '../../sys/index.js';
import { firstListenFd } from '../spec/listen.js';
import type { ProcessSpec } from '../spec/process-spec.js';
import { type StdioEntry, stdioEntries } from '../spec/stdio.js';

/**
 * What every descriptor of the command is connected to, from 0 on.
 *
 * @throws SpecError - sockets are to be where the stdio has something else.
 */
export function descriptorsOf({ stdio, listen = [] }: ProcessSpec): StdioEntry[] {
  const entries = stdioEntries(stdio);
  if (listen.length > 0 && entries.length > firstListenFd) {
    throw new SpecError(
      'listen',
      `the sockets begin at descriptor ${firstListenFd}, and the stdio says what is there`,
      'give only the first three entries of stdio',
    );
  }
  return [...entries, ...listen.map(({ fd }) => fd)];
}
