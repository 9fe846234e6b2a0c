import type { Server } from 'node:net';
import type { ListenEntry } from '../spec/listen.js';
import { entryOf, type StdioInput } from './stdio-input.js';

/** A socket to hand over: a descriptor, or a server of Node's that listens already, and what it is called. */
export type ListenInput = number | Server | { readonly socket: number | Server; readonly name?: string };

/** @throws SpecError - a server that does not listen. */
export function listenEntryOf(input: ListenInput): ListenEntry {
  const isNamed = typeof input === 'object' && 'socket' in input;
  const { socket, name }: { socket: number | Server; name?: string } = isNamed ? input : { socket: input };
  const fd = entryOf(socket as unknown as StdioInput, 'listen', 'a server does not listen (yet)') as number;
  return name === undefined ? { fd } : { fd, name };
}
