import { detach, type MountAttributes } from '../../../../ns/index.js';
import { type Fd, type Operand, type Step, umask } from '../../../../sys/index.js';
import type { Host } from '../../../spec/host.js';
import type { ProcessSpec } from '../../../spec/process-spec.js';
import type { Section } from '../../section.js';
import { type AccessTranslator, accessTranslator } from '../access-inside.js';
import { Assembly } from '../assembly.js';
import { attributesSet } from '../attributes-of.js';
import type { MountCalls } from '../mount-calls.js';
import { originOfRoot } from '../origin.js';
import { makeRoom } from '../room.js';
import { Staging, stagingFileSystem } from '../staging.js';
import { type Mounted, View } from '../view.js';

/** The root of a view, and what is assembled in it. */
export interface PlannedRoot {
  readonly assembly: Assembly;
  /** Puts in what the root has from the start. */
  begin(): void;
  /** All sections in order; asked for when everything is assembled. */
  sections(): readonly Section[];
}

/** What stands around every root: the file modes that are asked for, and the staging file system, which is gone in the end. */
export class RootFrame {
  readonly host: Host;
  readonly calls: MountCalls;
  readonly from: string;
  readonly attributes: MountAttributes;
  readonly staging: Staging;
  readonly #accessOf: AccessTranslator;
  /** Modes are what they are given as, not what the caller's mask leaves of them. */
  readonly clearMask: Step = umask.step(0).because('what is made has the mode that was asked for');
  readonly restoreMask: Step = umask.step(this.clearMask.result).because('as it was');

  /** `contents`: bytes of all files that the view may have. */
  constructor(host: Host, calls: MountCalls, spec: ProcessSpec, contents: number) {
    const { root } = spec;
    this.host = host;
    this.#accessOf = accessTranslator(spec, host);
    this.calls = calls;
    this.from = originOfRoot(root);
    this.attributes = root === undefined || root.type === 'empty' ? {} : attributesSet(root);
    this.staging = new Staging(calls.onRoot(stagingFileSystem(contents)));
  }

  /** An assembly on a root that is open as `fd`. */
  assemble(mounted: Mounted, fd: Operand<Fd>): Assembly {
    const { host, calls, staging } = this;
    const view = new View(host.files, mounted);
    return new Assembly({ host, view, calls, staging, root: fd, accessOf: this.#accessOf, makeRoom });
  }

  /** A directory of the host as the root of the view. */
  hostMount(source: string): Mounted {
    // Only where mount(2) has to be told again what a mount has: the list of mounts takes time to read.
    const known = this.host.mountCalls === 'new' ? {} : View.hostMounts(this.host.files, source).attributes;
    return { kind: 'host', source, attributes: { ...known, ...this.attributes } };
  }

  /** The steps that take the staging file system away. */
  leaveStaging(): Step[] {
    if (!this.staging.isUsed) return [];
    return detach(this.staging.fd).map((step) => step.because('nothing of what was put together is left'));
  }
}
