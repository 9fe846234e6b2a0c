import { Block, BlockFullError } from '../block.js';
import { CLONE } from '../constants/namespace.js';
import { encodeCall, type OutputPlace } from '../encode-call.js';
import { SpecError } from '../errors.js';
import { syscallNumber } from '../numbers.js';
import { givenValue, Late, LateNumber, type LateValues, resolve, type StepKey, Stored } from '../operand.js';
import type { Step } from '../step.js';
import { type CloneArgs, cgroupAt } from '../structs/clone-args.js';
import type { Word } from '../word.js';
import { laidInitSteps } from './init-program.js';
import {
  headerLayout,
  initBase,
  layoutVersion,
  noneFailed,
  notRun,
  opCodes,
  roleCodes,
  stackSize,
  stepExpects,
  stepLayout,
} from './layout.js';
import { type InitProgram, isOfInit, type Program } from './program.js';

/** Where steps are in memory, and what they leave there. */
export interface EncodedSteps {
  readonly offsets: ReadonlyMap<StepKey, number>;
  readonly outputs: ReadonlyMap<StepKey, readonly OutputPlace[]>;
  /** What was laid for each step, in their order: step `i` has the bytes from `ends[i - 1]` to `ends[i]`. */
  readonly ends: readonly number[];
}

/** A program in memory. */
export interface EncodedProgram extends EncodedSteps {
  /** The steps of init, which are in a file of their own. */
  readonly init: EncodedSteps | undefined;
  /** Where the numbers are that another launch of the same may have others for, by their names. */
  readonly slots: ReadonlyMap<string, number>;
  /** The names of values that something else was made of, as a string or a struct. */
  readonly fixed: ReadonlySet<string>;
}

/** The name of the value that is the descriptor of the mirror, for steps that must not close it; -1 without one. */
export const mirrorValue = 'mirror';

/** Lays a program into a block of memory, for the launcher. `values` are for what is known only now. */
export function encodeProgram(program: Program, values: LateValues, block: Block): EncodedProgram {
  const { clone, cleanup, makeWay } = program;
  const fixed = new Set<string>();
  const fix = (arg: unknown) => {
    if (arg instanceof Late) for (const name of arg.names) fixed.add(name);
    return resolve(arg, values);
  };
  const init = program.init && encodeInit(program, program.init, fix);
  const steps = program.steps.filter(({ where }) => !isOfInit(where)).map(({ step }) => step);
  const next = (step: Step) => (step.key === clone.key ? cleanup : makeWay);
  const slots = new Map<string, number>();
  const slotOf = (name: string) => {
    const slot = slots.get(name) ?? block.reserve(4);
    slots.set(name, slot);
    return slot;
  };
  const value = (arg: unknown) => {
    if (arg === laidInitSteps) return init?.bytes;
    return arg instanceof LateNumber ? arg : fix(arg);
  };
  const slotAt = (name: string, offset: number) => void slots.set(name, offset);
  const encoded = encodeSteps(steps, block, { next, value, slotOf, slotAt });
  fillSlots(slots, values, block);
  block.setInt32(headerLayout.cleanup, cleanup);
  block.setInt32(headerLayout.mirror, values[mirrorValue] ?? -1);
  block.setWord(headerLayout.size, block.used);
  return { ...encoded, init: init?.encoded, slots, fixed };
}

/** Lays down the numbers of one launch. */
export function fillSlots(slots: EncodedProgram['slots'], values: LateValues, block: Block): void {
  for (const [name, offset] of slots) block.setInt32(offset, givenValue(name, values));
}

/** The least memory for the steps of init. */
const leastForInit = 1 << 16;

/** Lays the steps of init out for the address at which it maps them. */
function encodeInit(
  program: Program,
  init: InitProgram,
  value: Encoding['value'],
): { readonly bytes: Uint8Array; readonly encoded: EncodedSteps } {
  const steps = program.steps.filter(({ where }) => isOfInit(where)).map(({ step }) => step);
  for (let size = leastForInit; ; ) {
    const block = new Block(size, initBase);
    try {
      const encoded = encodeSteps(steps, block, { next: () => steps.length, value });
      const command = init.clone === undefined ? -1 : steps.findIndex(({ key }) => key === init.clone?.key);
      block.setInt32(headerLayout.cleanup, steps.length);
      block.setInt32(headerLayout.mirror, -1);
      block.setWord(headerLayout.size, block.size);
      block.setInt32(headerLayout.role, roleCodes[init.role]);
      block.setInt32(headerLayout.command, command);
      block.setInt32(headerLayout.line, init.descriptors.first + 1);
      return { bytes: block.bytes.subarray(0, block.used), encoded };
    } catch (error) {
      if (!(error instanceof BlockFullError)) throw error;
      size = Math.max(size * 2, error.needed * 2);
    }
  }
}

interface Encoding {
  /** Where the process that clones goes on. */
  readonly next: (step: Step) => number;
  /** What is known of an operand. */
  readonly value: (operand: unknown) => unknown;
  /** The offset of a number that stays a {@link LateNumber}; left out where none does. */
  readonly slotOf?: (name: string) => number;
  /** Makes a place that is there that of a number. */
  readonly slotAt?: (name: string, offset: number) => void;
}

/** Lays steps into a block. */
function encodeSteps(
  steps: readonly Step[],
  block: Block,
  { next, value, slotOf = () => Number.NaN, slotAt }: Encoding,
): EncodedSteps {
  block.clear();
  const header = block.reserve(headerLayout.bytes);
  block.bytes.fill(0, header, header + headerLayout.bytes);
  const start = block.reserve(steps.length * stepLayout.bytes);
  const offsets = new Map<StepKey, number>();
  const outputs = new Map<StepKey, readonly OutputPlace[]>();
  const ends: number[] = [];

  for (let i = 0; i < steps.length; i++) {
    const step = steps[i] as Step;
    const offset = start + i * stepLayout.bytes;
    const args = step.args.map(value);
    if (step.op === 'clone') args[0] = withStack(args[0] as CloneArgs, block);
    const call = encodeCall(step.call, args, block);
    const cgroup = step.op === 'clone' ? (args[0] as CloneArgs).cgroup : undefined;
    if (cgroup instanceof LateNumber) slotAt?.(cgroup.name, Number(call.words[0]) - block.address + cgroupAt);
    const slots = call.words.map((word) => (word instanceof LateNumber ? slotOf(word.name) : undefined));
    ends.push(block.used);
    if (call.outputs.length > 0) outputs.set(step.key, call.outputs);

    block.setWord(offset + stepLayout.result, notRun);
    let loads = 0;
    for (let n = 0; n < 6; n++) {
      const word = call.words[n] ?? 0;
      const place = word instanceof Stored ? placeOf(word, { offsets, outputs }) : slots[n];
      if (word instanceof LateNumber || (word instanceof Stored && word.take === 'int')) loads |= 1 << n;
      block.setWord(offset + stepLayout.args + n * 8, place === undefined ? (word as Word) : block.address + place);
    }
    encodeTolerance(step, block, offset);
    block.setWord(offset + stepLayout.expect, step.expect ?? 0);
    block.setInt32(offset + stepLayout.number, syscallNumber(step.call.name));
    const flags = step.expect === undefined ? 0 : stepExpects;
    block.setInt32(offset + stepLayout.op, opCodes[step.op] | (flags << 8) | (loads << 16));
    block.setInt32(offset + stepLayout.next, next(step));
    offsets.set(step.key, offset);
  }
  block.setInt32(headerLayout.count, steps.length);
  block.setInt32(headerLayout.failed, noneFailed);
  block.setInt32(headerLayout.layout, layoutVersion);
  return { offsets, outputs, ends };
}

/** A child that shares the memory needs a stack of its own in it, or it would write over that of its parent. */
function withStack(args: CloneArgs, block: Block): CloneArgs {
  if (((args.flags ?? 0) & CLONE.VM) === 0) return args;
  return { ...args, stack: block.address + block.reserveAtEnd(stackSize), stack_size: stackSize };
}

/** The offset of what an earlier step leaves. */
export function placeOf(stored: Stored, { offsets, outputs }: Pick<EncodedSteps, 'offsets' | 'outputs'>): number {
  const offset = offsets.get(stored.step);
  if (offset === undefined) throw new SpecError('a step', 'it uses what a step leaves that does not come before it');
  if (stored.output === undefined) return offset + stepLayout.result;
  const { argument, offset: inside } = stored.output;
  const place = outputs.get(stored.step)?.find((output) => output.argument === argument);
  if (place === undefined)
    throw new SpecError('a step', `it uses argument ${argument}, through which nothing is given back`);
  return place.offset + inside;
}

/** Two words of bits, one for each errno up to 127. */
function encodeTolerance(step: Step, block: Block, offset: number): void {
  for (let half = 0; half < 4; half++) {
    const bits = step.tolerate
      .filter((errno) => errno >> 5 === half)
      .reduce((sum, errno) => sum | (1 << (errno & 31)), 0);
    block.setInt32(offset + stepLayout.tolerate + half * 4, bits);
  }
}
