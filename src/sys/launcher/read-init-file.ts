import { readSync } from 'node:fs';
import { close } from '../calls/file.js';
import type { Step } from '../step.js';
import type { EncodedSteps } from './encode-program.js';
import { toldBytes } from './init-program.js';
import { headerLayout, noneFailed } from './layout.js';
import { Left } from './left.js';
import { type InitProgram, isOfInit, type Program } from './program.js';

/** What is known of the steps of init. */
export interface InitLeft {
  /** What they left, where that was looked at: after a failure. */
  readonly left: Left | undefined;
  /** The step of the parent that stands for all of them: if that one failed, the failure is this instead. */
  readonly verdictOf: Step | undefined;
  readonly failure: { readonly step: Step; readonly errno: number } | undefined;
}

/** Looks, where init has told of a failure or has told nothing, into the file of its steps; and closes that. */
export function readInitFile(program: Program, init: InitProgram, own: Left, encoded: EncodedSteps): InitLeft {
  const file = own.int(init.descriptors.file.result);
  try {
    const told = own.result(init.told.key);
    if (file < 0 || told === undefined || told < 0 || told === toldBytes) {
      return { left: undefined, verdictOf: undefined, failure: undefined };
    }
    const steps = program.steps.filter(({ where }) => isOfInit(where)).map(({ step }) => step);
    const bytes = Buffer.alloc(encoded.ends.at(-1) ?? headerLayout.bytes);
    readSync(file, bytes, 0, bytes.length, 0);
    const failed = bytes.readInt32LE(headerLayout.failed);
    const step = failed === noneFailed ? undefined : steps[failed];
    const failure = step && { step, errno: bytes.readInt32LE(headerLayout.error) };
    return { left: new Left(encoded, bytes), verdictOf: init.told, failure };
  } finally {
    if (file >= 0) close(file);
  }
}
