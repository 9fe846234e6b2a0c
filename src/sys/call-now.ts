import { Block, BlockFullError } from './block.js';
import type { SyscallInfo } from './call-info.js';
import { checkArguments } from './check-arguments.js';
import { encodeCall } from './encode-call.js';
import { IsolateError, SyscallError } from './errors.js';
import { rawSyscall } from './ffi.js';
import { syscallNumber } from './numbers.js';
import { renderCall } from './render-call.js';
import type { Word } from './word.js';

let scratch: Block | undefined;

/** Makes a call at once, on this thread. Throws a `SyscallError` if the kernel refuses it. */
export function callNow(info: SyscallInfo, args: readonly unknown[]): unknown {
  checkArguments(info, args);
  const refused = info.refuse(...(args as never[]));
  if (refused !== undefined) {
    throw new IsolateError('ERR_ISOLATE_REFUSED', `${renderCall(info, args)} was not made: ${refused}`);
  }
  scratch ??= new Block(1 << 16);
  for (let block = scratch; ; ) {
    try {
      return callWith(info, args, block);
    } catch (error) {
      if (!(error instanceof BlockFullError)) throw error;
      // The call was not made yet. What is needed in all shows only as far as the arguments were laid.
      block = new Block(2 * Math.max(block.size, error.needed));
    }
  }
}

function callWith(info: SyscallInfo, args: readonly unknown[], block: Block): unknown {
  block.clear();
  const { words, outputs } = encodeCall(info, args, block);
  const returned = rawSyscall(syscallNumber(info.name), words as readonly Word[]);
  if (returned < 0 && returned >= -4095) throw new SyscallError(info.name, renderCall(info, args), -returned, args);
  const given = outputs.map(({ arg, offset, value }) => arg.decode(block.bytes, offset, value, returned));
  return info.result(returned, ...(given as never[]));
}
