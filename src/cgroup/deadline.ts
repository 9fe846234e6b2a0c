import { type Duration, readDuration } from '../units/index.js';
import { checkRecord } from './check-record.js';
import { Patience, usualDeadline } from './waiting.js';

/** Another than the usual time that something may take: 5 s. */
export interface CgroupDeadline {
  /** Milliseconds, or text as `'10s'`. */
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
