import type { AnyArg } from './args.js';
import type { Block } from './block.js';
import type { SyscallInfo } from './call-info.js';
import { LateNumber, Stored } from './operand.js';
import type { Word } from './word.js';

/** Where a call leaves what it gives back through an argument: `argument` counts those of the descriptor. */
export interface OutputPlace {
  readonly argument: number;
  readonly arg: AnyArg;
  readonly offset: number;
  readonly value: unknown;
}

/** The registers of a call, and where its outputs will be. */
export interface EncodedCall {
  readonly words: readonly (Word | Stored | LateNumber)[];
  readonly outputs: readonly OutputPlace[];
}

/** Lays the arguments of a call into memory. What is in a place of its own there stays a {@link Stored} or {@link LateNumber}. */
export function encodeCall(info: SyscallInfo, args: readonly unknown[], block: Block): EncodedCall {
  const words: (Word | Stored | LateNumber)[] = [];
  const outputs: OutputPlace[] = [];
  let given = 0;
  for (const [argument, arg] of info.args.entries()) {
    const value = arg.takes === 0 ? undefined : args[given++];
    if (value instanceof Stored || value instanceof LateNumber) {
      words.push(value);
      continue;
    }
    const encoded = arg.encode(value, block);
    const parts = Array.isArray(encoded) ? encoded : [encoded];
    if (arg.gives === 1) outputs.push({ argument, arg, value, offset: parts[0] - block.address });
    words.push(...parts);
  }
  return { words, outputs };
}
