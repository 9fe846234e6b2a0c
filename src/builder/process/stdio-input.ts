import type { Stream } from 'node:stream';
import { SpecError } from '../../sys/index.js';
import type { StdioEntry } from '../spec/stdio.js';

/** What a descriptor can be connected to when a command is started: as in a spec, or a stream that has a descriptor. */
export type StdioInput = StdioEntry | Stream;

/** A stream's descriptor takes its place. */
export function entryOf(input: StdioInput, field = 'stdio', problem = 'a stream has no descriptor (yet)'): StdioEntry {
  if (typeof input !== 'object' || input === null) return input;
  const { fd, _handle: handle } = input as { fd?: unknown; _handle?: { fd?: unknown } };
  const found = [fd, handle?.fd].find((candidate) => typeof candidate === 'number' && candidate >= 0);
  if (typeof found === 'number') return found;
  const event = field === 'stdio' ? "wait for its 'open' event, or use 'pipe'" : "wait for its 'listening' event";
  throw new SpecError(field, problem, event);
}
