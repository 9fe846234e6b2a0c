// Golden files: what a result has to be, kept below test/golden. UPDATE_GOLDEN=1 writes them; read the difference before
// it is committed.
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import * as assert from 'uvu/assert';

const folder = fileURLToPath(new URL('../golden/', import.meta.url));
const update = process.env.UPDATE_GOLDEN === '1';

/** The same text as in the file. */
export function matchesText(file: string, text: string): void {
  if (update) write(file, text);
  assert.is(text, read(file), `${file} is not what it was`);
}

/** The same value as in a JSON file, however that is laid out. */
export function matchesJson(file: string, value: unknown): void {
  const plain = JSON.parse(JSON.stringify(value)) as unknown;
  if (update) write(file, `${JSON.stringify(plain, null, 2)}\n`);
  assert.equal(plain, JSON.parse(read(file)), `${file} is not what it was`);
}

function write(file: string, text: string): void {
  mkdirSync(folder, { recursive: true });
  writeFileSync(folder + file, text);
}

function read(file: string): string {
  try {
    return readFileSync(folder + file, 'utf8');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error;
    return assert.unreachable(`there is no test/golden/${file}: UPDATE_GOLDEN=1 writes it`) as never;
  }
}
