import { Block, BlockFullError } from '../block.js';
import type { Fd } from '../brands.js';
import { fcntl_dupfd_cloexec } from '../calls/fcntl.js';
import { close, memfd_create } from '../calls/file.js';
import { MFD } from '../constants/file.js';
import { CLONE } from '../constants/namespace.js';
import type { LateValues } from '../operand.js';
import type { Step } from '../step.js';
import type { CloneArgs } from '../structs/clone-args.js';
import { type EncodedProgram, encodeProgram, fillSlots, mirrorValue } from './encode-program.js';
import type { Program } from './program.js';

/** A program in a block of memory, ready for the launcher. */
export interface Laid {
  readonly program: Program;
  readonly block: Block;
  readonly encoded: EncodedProgram;
  /** What is in the block before the launch. */
  readonly image: Buffer;
  /** The values that stand in it. */
  readonly values: LaidValues;
}

/** With the descriptor of the mirror: -1 without one. */
type LaidValues = LateValues & { readonly [mirrorValue]: Fd };

const usualSize = 1 << 17;
const spares: Laid[] = [];

/** The most blocks that are kept: what is laid out already takes a launch a small part of the time, and a program has several. */
const mostSpares = 8;

/** Lays a program into a block, or copies it there once more if it is the last one in it. */
export function lay(program: Program, given: LateValues): Laid {
  const mirror = program.steps.some(({ step }) => isFork(step)) ? openMirror() : -1;
  const values = { ...given, [mirrorValue]: mirror };
  try {
    return layAgain(program, values) ?? layAnew(program, values);
  } catch (error) {
    if (mirror >= 0) close(mirror);
    throw error;
  }
}

function layAgain(program: Program, values: LaidValues): Laid | undefined {
  const again = spares.findIndex((spare) => spare.program === program && isOf(spare, values));
  if (again < 0) return undefined;
  const [spare] = spares.splice(again, 1) as [Laid];
  spare.block.bytes.set(spare.image);
  fillSlots(spare.encoded.slots, values, spare.block);
  return { ...spare, values };
}

function layAnew(program: Program, values: LaidValues): Laid {
  let block = takeSpare(program) ?? new Block(usualSize);
  for (;;) {
    try {
      const encoded = encodeProgram(program, values, block);
      return { program, block, encoded, image: copyOf(block), values };
    } catch (error) {
      if (!(error instanceof BlockFullError)) throw error;
      block = new Block(Math.max(block.size * 2, error.needed * 2));
    }
  }
}

/** A block whose program is of no use any more: an earlier one of the same, or, where there are enough, the one that was used longest ago. */
function takeSpare(program: Program): Block | undefined {
  const same = spares.findIndex((spare) => spare.program === program);
  if (same < 0 && spares.length < mostSpares) return undefined;
  return spares.splice(Math.max(0, same), 1)[0]?.block;
}

/** Descriptors from here on are not among those that a command is given. */
const lowestMirror = 512;

/** Whether what was laid is right for these values too, but for the numbers that have a place of their own. */
function isOf({ encoded, values: laid }: Laid, values: LaidValues): boolean {
  return laid.mirror === values.mirror && [...encoded.fixed].every((name) => laid[name] === values[name]);
}

function openMirror(): Fd {
  const memfd = memfd_create('isolate-launch', MFD.CLOEXEC);
  try {
    return fcntl_dupfd_cloexec(memfd, lowestMirror);
  } finally {
    close(memfd);
  }
}

/** A clone that copies the memory: what its child writes there, the parent does not see. */
function isFork(step: Step): boolean {
  return step.op === 'clone' && (((step.args[0] as CloneArgs).flags ?? 0) & CLONE.VM) === 0;
}

/** The launch is over: its block is for another. */
export function giveBack(laid: Laid): void {
  const { block, values } = laid;
  if (values.mirror >= 0) close(values.mirror);
  if (block.size !== usualSize) return;
  if (spares.length >= mostSpares) spares.shift();
  spares.push(laid);
}

/** What is laid in a block, or was left there. */
export function copyOf({ bytes, used }: Block): Buffer {
  const copy = Buffer.allocUnsafe(used);
  bytes.copy(copy, 0, 0, used);
  return copy;
}
