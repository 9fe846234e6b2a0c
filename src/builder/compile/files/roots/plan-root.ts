import { SpecError } from '../../../../sys/index.js';
import type { Host } from '../../../spec/host.js';
import { denied } from '../../../spec/host-files.js';
import type { ProcessSpec } from '../../../spec/process-spec.js';
import type { MountCalls } from '../mount-calls.js';
import { walk } from '../walk.js';
import { type PlannedRoot, RootFrame } from './frame.js';
import { inPlace } from './in-place.js';
import { boundRoot, emptyRoot } from './new-root.js';
import { rebuiltRoot } from './rebuilt-root.js';

/**
 * A root as it was asked for: the host's tree in place where that can be, or a new one. `isRebuilt`: it turned out that something has
 * to be made in the root itself.
 */
export function planRoot(
  spec: ProcessSpec,
  host: Host,
  calls: MountCalls,
  contents: number,
  isRebuilt: boolean,
): PlannedRoot {
  const { root } = spec;
  const frame = new RootFrame(host, calls, spec, contents);
  if (root?.type === 'empty') return emptyRoot(frame, root.readOnly ?? false);
  const source = root?.type === 'directory' ? sourceOf(root.source, host) : '/';
  if (isRebuilt) return rebuiltRoot(frame, source);
  return root?.type === 'directory' || host.mountCalls === 'classic' ? boundRoot(frame, source) : inPlace(frame);
}

function sourceOf(path: string, host: Host): string {
  const shown = JSON.stringify(path);
  if (!path.startsWith('/')) throw new SpecError('root', `${shown} is not an absolute path`);
  const walked = walk(host.files.at, path, { followLast: true });
  if (walked === denied) throw new SpecError('root', `${shown} cannot be reached: permission denied`);
  if (typeof walked === 'string' || walked.file === undefined) throw new SpecError('root', `${shown} is not there`);
  if (walked.file.type !== 'directory') throw new SpecError('root', `${shown} is no directory`);
  return walked.path;
}
