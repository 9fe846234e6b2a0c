import { shown } from '../../sys/shown.js';
import { type Duration, parseDuration, parseSize, type Size } from '../../units/index.js';
import type { Read } from './emitter.js';

/** The most that a counter of the kernel holds. */
const largest = 2n ** 63n - 1n;

/** A size, or no limit: bytes, as the kernel reads them, or `max`. 0 is zero. */
export function readSizeLimit(size: Size | 'max'): Read<bigint | 'max'> {
  if (size === 'max') return { value: size };
  const bytes = parseSize(size);
  if (bytes === undefined)
    return { problem: `${shown(size)} is not a size`, help: "give bytes, text as '256M', or 'max'" };
  if (bytes > largest) return { problem: `${shown(size)} is more than 2^63-1 bytes`, help: "give 'max' for no limit" };
  return { value: bytes };
}

/** A number of things, or no limit. 0 is zero. */
export function readCount(count: number | 'max'): Read<number | 'max'> {
  if (count === 'max' || (Number.isSafeInteger(count) && count >= 0)) return { value: count };
  return { problem: `${shown(count)} is not a number of them`, help: "give a whole number from 0, or 'max'" };
}

/** A share against others: 100 is what everybody has. */
export function readWeight(weight: number, most = 10_000): Read<number> {
  if (Number.isInteger(weight) && weight >= 1 && weight <= most) return { value: weight };
  return {
    problem: `${shown(weight)} is not a weight`,
    help: `give a whole number from 1 to ${most}; 100 is the default`,
  };
}

/** A length of time, as whole microseconds. */
export function readMicroseconds(duration: Duration): Read<number> {
  const milliseconds = parseDuration(duration);
  const microseconds = Math.round((milliseconds ?? Number.NaN) * 1000);
  if (Number.isSafeInteger(microseconds) && microseconds >= 0) return { value: microseconds };
  return {
    problem: `${shown(duration)} is not a length of time`,
    help: "give milliseconds, or text as '500us', '20ms' or '1s'",
  };
}

export function readFlag(flag: boolean): Read<'0' | '1'> {
  if (typeof flag === 'boolean') return { value: flag ? '1' : '0' };
  return { problem: `${shown(flag)} is neither true nor false` };
}

/** Bytes in a second: a number, or text as `'10M/s'`. The kernel has no way to say 0. */
export function readRate(rate: Size | 'max'): Read<bigint | 'max'> {
  return readPerSecond(rate, largest, '2^63-1');
}

/** The most that the kernel counts of requests: of more it takes what is left over of 2^32 (v1), or sets no limit (v2). */
const mostRequests = 2n ** 32n - 1n;

/** Requests in a second: a number, or text as `'1K/s'`; bytes are something else. */
export function readRequests(rate: Size | 'max'): Read<bigint | 'max'> {
  if (typeof rate !== 'string' || !/b(\/s)?$/i.test(rate)) return readPerSecond(rate, mostRequests, '2^32-1');
  return {
    problem: `${shown(rate)} is not a number of requests`,
    help: 'for bytes there are readBytes and writeBytes',
  };
}

function readPerSecond(rate: Size | 'max', most: bigint, shownMost: string): Read<bigint | 'max'> {
  if (rate === 'max') return { value: rate };
  const perSecond = parseSize(typeof rate === 'string' ? rate.replace(/\/s$/, '') : rate);
  if (perSecond === undefined) {
    return { problem: `${shown(rate)} is not a rate`, help: "give a number in a second, text as '10M/s', or 'max'" };
  }
  if (perSecond > most) {
    return { problem: `${shown(rate)} is more than ${shownMost} in a second`, help: "give 'max' for no limit" };
  }
  if (perSecond > 0n) return { value: perSecond };
  return { problem: 'the kernel cannot stop it altogether', help: 'give at least 1, or freeze the group' };
}

/** Numbers of processors or of memory nodes: `'0-3,8'`, or a list. */
export function readNumbers(numbers: string | readonly number[]): Read<string> {
  const list: readonly unknown[] = Array.isArray(numbers) ? numbers : [];
  const isOfNumbers = list.every((one) => typeof one === 'number');
  const text = typeof numbers === 'string' ? numbers.replaceAll(' ', '') : isOfNumbers ? list.join(',') : '';
  if (/^\d+(-\d+)?(,\d+(-\d+)?)*$/.test(text)) return { value: text };
  return { problem: `${shown(numbers)} names none`, help: "give text as '0-3,8', or a list of numbers" };
}

/** A word that stands in a file with others. */
export function readWord(word: string): Read<string> {
  return /^[^\s=]+$/.test(word) ? { value: word } : { problem: `${shown(word)} is no name` };
}
