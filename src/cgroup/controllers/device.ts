import { existsSync, readFileSync, realpathSync, statSync } from 'node:fs';
import { dirname } from 'node:path';
import type { Read } from './emitter.js';

/** The bits of a device number, as the C library has them: makedev(3). */
function numbersOf(device: number): string {
  const number = BigInt(device);
  const major = ((number >> 8n) & 0xfffn) | ((number >> 32n) & 0xfffff000n);
  const minor = (number & 0xffn) | ((number >> 12n) & 0xffffff00n);
  return `${major}:${minor}`;
}

/**
 * The disk that a path is on, as the kernel names it, `8:0`: of a block device itself, of any other file the disk of its file system. Of
 * a partition it is the whole disk, since that is what is limited.
 *
 * Equivalent to: `lsblk -no MAJ:MIN DEVICE`; `stat -c %Hd:%Ld FILE`.
 *
 * @param path - the file, or the two numbers themselves.
 */
export function readDevice(path: string): Read<string> {
  let numbers: string | undefined;
  try {
    numbers = /^\d+:\d+$/.test(path) ? path : numbersOfFile(path);
  } catch (error) {
    return {
      problem: `${path} cannot be looked at: ${(error as NodeJS.ErrnoException).code}`,
      help: 'give numbers, as 8:0',
    };
  }
  if (numbers === undefined) return { problem: `there is no ${path}`, help: 'give a path, or numbers as 8:0' };
  const directory = `/sys/dev/block/${numbers}`;
  if (existsSync(directory)) return { value: wholeDisk(directory) ?? numbers };
  if (numbers === path) return { problem: `there is no disk ${path}`, help: 'those that there are: /sys/dev/block' };
  return {
    problem: `${path} is not on a disk of its own (${numbers})`,
    help: 'give the disk itself, as /dev/sda: tmpfs has none, and overlay and btrfs have several',
  };
}

function numbersOfFile(path: string): string | undefined {
  const stats = statSync(path, { throwIfNoEntry: false });
  if (stats === undefined) return undefined;
  return numbersOf(stats.isBlockDevice() ? stats.rdev : stats.dev);
}

function wholeDisk(directory: string): string | undefined {
  if (!existsSync(`${directory}/partition`)) return undefined;
  return readFileSync(`${dirname(realpathSync(directory))}/dev`, 'utf8').trim();
}
