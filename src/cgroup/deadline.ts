import { type Duration, readDuration } from '../units/index.js';
import { checkRecord } from './check-record.js';
import { Patience, usualDeadline } from './waiting.js';

/** Another than the usual time that something may take. */
export interface CgroupDeadline {
  /** Milliseconds, more than 0 and at most 2^31-1, or text as `'10s'`; 5 s if not given. */
  readonly deadline?: Duration;
}

/**
 * How long something may take, from now on.
 *
 * @throws SpecError - that is no length of time, or no option.
 */
export function patienceOf(options: CgroupDeadline): Patience {
  checkRecord('options', options, {
    what: 'options',
    help: "give an object, as { deadline: '10s' }",
    known: ['deadline'],
  });
  const { deadline } = options;
  return new Patience(deadline === undefined ? usualDeadline : readDuration('deadline', deadline));
}
