/**
 * The one door to ffi-rs. Everything that leaves JavaScript goes through the few functions of this file,
 * and ffi-rs's own types stay behind them.
 *
 * ffi-rs locks nothing: neither what it does when it is loaded into a thread, nor its table of libraries. So every thread
 * loads it while no other does, and the table is complete before anybody calls: opening what is in it changes nothing.
 */
import { createRequire } from 'node:module';
import type { DataType as Type } from 'ffi-rs';
import { oneThreadAtATime } from './import-lock.js';
import { nativeObject } from './native-object.js';
import { highHalf, lowHalf, type Word } from './word.js';

const self = 'linux-isolate:self';
const launcher = 'linux-isolate:launcher';

let noLauncher: unknown;
const { DataType, load } = oneThreadAtATime(() => {
  const require = createRequire(import.meta.url);
  const ffi: typeof import('ffi-rs') = require('ffi-rs');
  pinAddon(ffi, Object.keys(require.cache));
  ffi.open({ library: self, path: '' });
  try {
    ffi.open({ library: launcher, path: nativeObject('launcher.so') });
  } catch (error) {
    // The calls of this library work without it.
    noLauncher = error;
  }
  return ffi;
});

/**
 * An addon that is loaded only in a worker is unloaded when that worker exits, with its code still running on
 * pool threads. Opening its file once more keeps it for the life of the process.
 */
function pinAddon({ open }: typeof import('ffi-rs'), loaded: readonly string[]): void {
  const addon = loaded.find((file) => file.endsWith('.node') && file.includes('ffi-rs'));
  if (addon !== undefined) open({ library: 'linux-isolate:addon', path: addon });
}

/** What a raw system call gave: its result, or `-errno`. */
export function rawSyscall(number: number, args: readonly Word[]): number {
  return registers === undefined ? callByLibrary(number, args) : callByLauncher(registers, number, args);
}

/** The words of a call, in memory whose address is known. */
interface Registers {
  readonly bytes: Buffer;
  readonly words: Int32Array;
  readonly request: LoadParams;
}

const registers = noLauncher === undefined ? makeRegisters() : undefined;

function makeRegisters(): Registers {
  const bytes = Buffer.allocUnsafeSlow(7 * 8);
  const request = launcherParams('isolate_call', addressOf(bytes));
  return { bytes, words: new Int32Array(bytes.buffer), request };
}

/** By one argument: ffi-rs takes longer over seven than the kernel does over most calls. */
function callByLauncher({ bytes, words, request }: Registers, number: number, args: readonly Word[]): number {
  words.fill(0);
  words[0] = number;
  for (let i = 0; i < args.length; i++) {
    const word = args[i] as Word;
    if (typeof word === 'bigint') bytes.writeBigUInt64LE(BigInt.asUintN(64, word), 8 * (i + 1));
    else {
      words[2 * i + 2] = lowHalf(word);
      words[2 * i + 3] = highHalf(word);
    }
  }
  load(request);
  return (words[1] as number) * 0x1_0000_0000 + ((words[0] as number) >>> 0);
}

const sevenNumbers = new Array<Type>(7).fill(DataType.I64);

function callByLibrary(number: number, args: readonly Word[]): number {
  const values: Word[] = [number, 0, 0, 0, 0, 0, 0];
  let types = sevenNumbers;
  for (let i = 0; i < args.length; i++) {
    const word = args[i] as Word;
    values[i + 1] = word;
    if (typeof word === 'bigint') {
      if (types === sevenNumbers) types = [...sevenNumbers];
      types[i + 1] = DataType.BigInt;
    }
  }
  const { value, errnoCode } = load<Type.I64, true>({
    library: self,
    funcName: 'syscall',
    retType: DataType.I64,
    paramsType: types,
    paramsValue: values,
    errno: true,
  });
  // errno is stale after a call that succeeded: look at the result first.
  return value === -1 ? -errnoCode : value;
}

/** The address of a Buffer's first byte. A Buffer's memory does not move; keep the Buffer referenced. */
export function addressOf(bytes: Buffer): number {
  return load({
    library: self,
    funcName: 'memmove',
    retType: DataType.I64,
    paramsType: [DataType.U8Array, DataType.U8Array, DataType.I64],
    paramsValue: [bytes, bytes, 0],
  });
}

type LoadParams = ReturnType<typeof launcherParams>;

function launcherParams(funcName: 'isolate_call' | 'isolate_launch', address: number) {
  return { library: launcher, funcName, retType: DataType.Void, paramsType: [DataType.I64], paramsValue: [address] };
}

function launchParams(address: number): LoadParams {
  if (noLauncher !== undefined) throw noLauncher;
  return launcherParams('isolate_launch', address);
}

/** Runs the launcher over the block at `address`, on this thread. */
export function runLauncher(address: number): void {
  load(launchParams(address));
}

/**
 * Runs the launcher over the block at `address` on a thread of libuv's pool, which lives as long as the process.
 * Nothing here keeps the block alive: the caller does, until the promise settles.
 */
export async function runLauncherOnPool(address: number): Promise<void> {
  await load({ ...launchParams(address), runInNewThread: true });
}
