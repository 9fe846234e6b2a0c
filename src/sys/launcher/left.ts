import type { StepKey, Stored } from '../operand.js';
import { type EncodedSteps, placeOf } from './encode-program.js';
import { notRun, stepLayout } from './layout.js';

/** What steps left in memory when they had been made. */
export class Left {
  readonly bytes: Buffer;
  readonly #encoded: EncodedSteps;

  constructor(encoded: EncodedSteps, bytes: Buffer) {
    this.#encoded = encoded;
    this.bytes = bytes;
  }

  has(key: StepKey): boolean {
    return this.#encoded.offsets.has(key);
  }

  /** What a step returned, `-errno` for an error; undefined where it did not run. */
  result(key: StepKey): number | undefined {
    const offset = this.#encoded.offsets.get(key);
    const value = offset === undefined ? notRun : Number(this.bytes.readBigInt64LE(offset + stepLayout.result));
    return value === notRun ? undefined : value;
  }

  /**
   * A 32-bit int: -1 where the step did not run, or failed. What the kernel writes for a call is -1 before it does, and is there
   * though a child that was killed in between has stored no result.
   */
  int(stored: Stored): number {
    const result = this.result(stored.step);
    const isThere = this.has(stored.step) && (result === undefined ? stored.output !== undefined : result >= 0);
    return isThere ? this.bytes.readInt32LE(placeOf(stored, this.#encoded)) : -1;
  }

  /** What a step gave back through an argument, decoded. */
  output(key: StepKey, argument: number): unknown {
    const place = this.#encoded.outputs.get(key)?.find((output) => output.argument === argument);
    return place?.arg.decode(this.bytes, place.offset, place.value, this.result(key) ?? 0);
  }
}
