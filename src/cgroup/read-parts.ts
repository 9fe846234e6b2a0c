import { SpecError } from '../sys/index.js';
import { shown } from '../sys/shown.js';
import { isRecord } from './check-record.js';
import type { CgroupPart } from './part.js';

/**
 * The parts of a group that was given, as data.
 *
 * @param field - the error names it.
 * @throws SpecError - they are none, or there are none: no process would be in such a group.
 */
export function readParts(field: string, parts: unknown): CgroupPart[] {
  if (areParts(parts)) return parts.map(copyOf);
  throw new SpecError(field, `${shown(parts)} are not the parts of a group`, 'give a group of openCgroup, or a path');
}

/** Whether something is what a group consists of. */
export function areParts(parts: unknown): parts is readonly CgroupPart[] {
  return Array.isArray(parts) && parts.length > 0 && parts.every(isPart);
}

function isPart(part: unknown): part is CgroupPart {
  if (!isRecord(part)) return false;
  const { version, controllers, directory } = part;
  const areWords = Array.isArray(controllers) && controllers.every((word) => typeof word === 'string');
  return (version === 1 || version === 2) && areWords && typeof directory === 'string' && directory.startsWith('/');
}

/** A part as data. */
export function copyOf({ version, controllers, directory }: CgroupPart): CgroupPart {
  return { version, controllers: [...controllers], directory };
}
