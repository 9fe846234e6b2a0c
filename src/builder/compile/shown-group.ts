import type { CgroupPart } from '../../cgroup/index.js';
import { SpecError } from '../../sys/index.js';
import type { ProcessSpec } from '../spec/process-spec.js';
import { originOf } from './files/origin.js';

/**
 * Refuses to show the control group of a command where that has no part in the hierarchy that is shown: the group there would be this
 * program's.
 *
 * @param parts - of the group; or why there is none.
 */
export function checkShownGroup({ files = [] }: ProcessSpec, parts: readonly CgroupPart[] | string): void {
  const entry = files.find(({ type }) => type === 'cgroupfs');
  if (entry === undefined) return;
  const refuse = (problem: string, help: string) => new SpecError('files', `${originOf(entry)}: ${problem}`, help);
  if (typeof parts === 'string') {
    throw refuse(`there is no control group to be shown: ${parts}`, 'leave it out, or the fallback');
  }
  if (parts.some(({ version }) => version === 2)) return;
  throw refuse(
    'it shows groups of version 2, and that of the command is of version 1 alone',
    'leave it out; or mount version 2 on the host, where you may make groups in it',
  );
}
