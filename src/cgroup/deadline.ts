import { type Duration, readDuration } from '../units/index.js';
import { checkRecord } from './check-record.js';

/** How long is waited for processes to stop, to end, or to be gone. Milliseconds. */
const usual = 5000;

/** Another than the usual time that something may take: 5 s. */
export interface CgroupDeadline {
  /** Milliseconds, or text as `'10s'`. */
  readonly deadline?: Duration;
}

/**
 * How long something may take, in milliseconds.
 *
 * @throws SpecError - that is no length of time, or no option.
 */
export function readDeadline(options: CgroupDeadline): number {
  checkRecord('options', options, {
    what: 'options',
    help: "give an object, as { deadline: '10s' }",
    known: ['deadline'],
  });
  const { deadline } = options;
  return deadline === undefined ? usual : readDuration('deadline', deadline);
}
