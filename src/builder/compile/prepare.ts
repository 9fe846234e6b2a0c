import type { Host } from '../spec/host.js';
import type { ProcessSpec } from '../spec/process-spec.js';
import { type CapabilityPlan, planCapabilities } from './capabilities.js';
import type { FilesPlan } from './files/plan-files.js';
import { type GroupPlan, noGroup } from './group.js';
import { changeIdentity, identityOf, type MapPlan, planMaps } from './ids.js';
import { planStance } from './life.js';
import { type NamespacePlan, planNamespaces } from './namespaces.js';
import type { Section } from './section.js';
import { planWorkingDirectory, type WorkingDirectoryPlan } from './working-directory.js';

/** What of a view of the files the other parts have to know. */
export type View = Pick<FilesPlan, 'hasView' | 'at'>;

/** The parts of a plan that do not depend on how the command is started. */
export interface Prepared {
  readonly maps: MapPlan;
  readonly namespaces: NamespacePlan;
  readonly capabilities: CapabilityPlan;
  /** The process becomes who it is to be. */
  readonly identity: readonly Section[];
  readonly workingDirectory: WorkingDirectoryPlan;
  readonly stance: readonly Section[];
}

/** @param view - of the new mount namespace, which is made by {@link setUp} or was made before. */
export function prepare(spec: ProcessSpec, host: Host, view: View, group: GroupPlan = noGroup): Prepared {
  const identity = identityOf(spec, host);
  const workingDirectory = planWorkingDirectory(spec, host, view);
  return {
    maps: planMaps(spec, host),
    namespaces: planNamespaces(spec, host, group),
    capabilities: planCapabilities(spec, host, identity),
    identity: changeIdentity(identity, spec),
    workingDirectory,
    stance: planStance(spec, host, workingDirectory.sections),
  };
}

/**
 * Everything that makes the new namespaces what they are to be, and the process who it is to be, in its order. `before` is done while
 * the files of the host are still seen, `after` when those of the sandbox are there.
 */
export function setUp(
  prepared: Prepared,
  files: FilesPlan,
  {
    before = [],
    after = [],
  }: { readonly before?: readonly Section[]; readonly after?: readonly Section[] | undefined } = {},
): Section[] {
  const { maps, namespaces } = prepared;
  return [
    ...maps.child,
    ...namespaces.early,
    ...namespaces.clocks,
    ...maps.becomeRoot,
    ...before,
    ...files.sections,
    ...after,
    ...namespaces.sections,
    ...become(prepared),
  ];
}

/** What the process gives up, and who it becomes. */
export function become({ capabilities, identity, stance }: Prepared): Section[] {
  return [...capabilities.before, ...identity, ...capabilities.after, ...stance];
}
