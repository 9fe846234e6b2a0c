import { type FileHandle, open } from 'node:fs/promises';
import { O } from '../../sys/index.js';
import { nextData } from './next-data.js';

/** So much of a file is in memory at once. */
const chunkSize = 1 << 20;

/** Opens a file to read it, for as long as `use` runs. */
export async function withContents<T>(path: string, use: (file: FileHandle) => Promise<T>): Promise<T> {
  const file = await open(path, O.RDONLY);
  try {
    return await use(file);
  } finally {
    await file.close();
  }
}

/**
 * Whether two files of the same size have the same bytes. What is a hole in both is not read. Data beyond what a number
 * of JavaScript counts cannot be read: with such, they are not taken for the same.
 */
export async function sameContents(
  one: FileHandle,
  other: FileHandle,
  size: number,
  signal?: AbortSignal,
): Promise<boolean> {
  const [mine, theirs] = [chunkOf(size), chunkOf(size)];
  for (const { start, length } of dataChunks([one, other], size)) {
    signal?.throwIfAborted();
    if (!Number.isSafeInteger(start + length)) return false;
    const [here, there] = await Promise.all([
      readChunk(one, mine.subarray(0, length), start),
      readChunk(other, theirs.subarray(0, length), start),
    ]);
    if (!here.equals(there)) return false;
  }
  return true;
}

const zeros = Buffer.alloc(chunkSize);

/**
 * Writes the bytes of a file into an empty one. Holes are not read, and long runs of zeros take no room, as in the image
 * of a disk. A size that there cannot be is refused at once.
 */
export async function copyContents(
  from: FileHandle,
  to: FileHandle,
  size: number,
  signal?: AbortSignal,
): Promise<void> {
  await to.truncate(size);
  const buffer = chunkOf(size);
  for (const { start, length } of dataChunks([from], size)) {
    signal?.throwIfAborted();
    const chunk = await readChunk(from, buffer.subarray(0, length), start);
    if (!chunk.equals(zeros.subarray(0, chunk.length))) await writeChunk(to, chunk, start);
  }
}

/** Where one of the files has data, or several, by chunks. All else reads as zeros. */
function* dataChunks(files: readonly FileHandle[], size: number): Generator<{ start: number; length: number }> {
  for (let position = 0; position < size; ) {
    const from = position;
    const next = files.flatMap(({ fd }) => nextData(fd, from, size) ?? []);
    if (next.length === 0) return;
    const start = Math.min(...next.map((data) => data.start));
    const end = Math.max(...next.filter((data) => data.start === start).map((data) => data.end));
    const length = Math.min(end - start, chunkSize);
    yield { start, length };
    position = start + length;
  }
}

function chunkOf(size: number): Buffer {
  return Buffer.allocUnsafe(Math.min(size, chunkSize));
}

/** Fills the buffer from a position of the file on: less only where the file ends. */
async function readChunk(file: FileHandle, buffer: Buffer, position: number): Promise<Buffer> {
  let filled = 0;
  while (filled < buffer.length) {
    const { bytesRead } = await file.read(buffer, filled, buffer.length - filled, position + filled);
    if (bytesRead === 0) break;
    filled += bytesRead;
  }
  return buffer.subarray(0, filled);
}

async function writeChunk(file: FileHandle, chunk: Buffer, position: number): Promise<void> {
  let written = 0;
  while (written < chunk.length) {
    const { bytesWritten } = await file.write(chunk, written, chunk.length - written, position + written);
    written += bytesWritten;
  }
}
