import { isNothing, openRoot, setAttributes } from '../../../../ns/index.js';
import { AT } from '../../../../sys/index.js';
import { section } from '../../section.js';
import type { PlannedRoot, RootFrame } from './frame.js';

/** The host's own tree: what is mounted there in this namespace changes nothing outside of it. */
export function inPlace(frame: RootFrame): PlannedRoot {
  const { from, attributes, staging } = frame;
  const opened = openRoot().because('the root, from which every path is followed');
  const change = isNothing(attributes)
    ? []
    : [
        setAttributes({ dir: AT.FDCWD, path: '/' }, attributes, { recursive: true }).because(
          'the whole tree of the host, and all that is mounted in it',
        ),
      ];
  const assembly = frame.assemble(frame.hostMount('/'), opened.result);
  return {
    assembly,
    begin: () => {},
    sections: () => [
      ...assembly.early,
      section(from, ...change, opened, frame.clearMask),
      section('every launch', ...staging.steps),
      ...assembly.sections,
      section('every launch', ...frame.leaveStaging(), frame.restoreMask),
    ],
  };
}
