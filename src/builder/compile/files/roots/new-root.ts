import { enterRoot, nothingOnRoot } from '../../../../ns/index.js';
import { section } from '../../section.js';
import type { NewRoot } from '../mount-calls.js';
import type { Mounted } from '../view.js';
import type { PlannedRoot, RootFrame } from './frame.js';

/** A root that is entered when all is in place, and the old one left. */
function newRoot(frame: RootFrame, root: NewRoot, mounted: Mounted): PlannedRoot {
  const { from, host, staging } = frame;
  const assembly = frame.assemble(mounted, root.fd);
  return {
    assembly,
    begin: () => {
      assembly.begin(from);
      root.finish?.(assembly);
    },
    sections: () => [
      ...assembly.early,
      section(from, frame.clearMask, ...root.steps),
      section('every launch', ...staging.steps),
      ...assembly.sections,
      section('every launch', ...frame.leaveStaging()),
      section(from, ...enterRoot(root.fd), ...(host.openat2 ? [nothingOnRoot()] : [])),
      section('every launch', frame.restoreMask),
    ],
  };
}

/** A directory of the host, with all that is mounted in it. */
export function boundRoot(frame: RootFrame, source: string): PlannedRoot {
  return newRoot(frame, frame.calls.boundRoot(source, frame.attributes), frame.hostMount(source));
}

/** A root that has nothing but what is put there; with `readOnly` it is closed for writing then. */
export function emptyRoot(frame: RootFrame, readOnly: boolean): PlannedRoot {
  const attributes = { nosuid: true, nodev: true };
  const made = frame.calls.emptyRoot({ type: 'tmpfs', options: { mode: '0755' }, attributes });
  return newRoot(frame, made, { kind: 'ours', attributes, ...(readOnly ? { closing: frame.from } : {}) });
}
