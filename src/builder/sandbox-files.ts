import { resolve } from 'node:path';
import { attributeNames, type MountAttributes, type Propagation } from '../ns/index.js';
import { SpecError } from '../sys/index.js';
import type { FilesEntry, ProcEntry, TmpfsEntry } from './spec/file-entry.js';
import {
  attributesGiven,
  type BindOptions,
  bindDefaults,
  bindEntry,
  checkOptions,
  type FileContents,
  fileEntry,
  given,
  type OverlayOptions,
  overlayEntry,
} from './spec/make-entry.js';
import type { ProcessSpec } from './spec/process-spec.js';

/** What a fresh proc shows: see proc(5). */
export type ProcOptions = Pick<ProcEntry, 'subset' | 'hidepid'>;

/** Removes fields by setting them to undefined; all others are added or replaced. */
export type Change = { readonly [K in keyof ProcessSpec]?: ProcessSpec[K] | undefined };

/** The part of a sandbox that says what it sees of the file system: a root, and entries that are applied in their order. */
export abstract class SandboxFiles {
  abstract readonly spec: ProcessSpec;

  /** @internal */
  protected abstract with(change: Change): this;

  /**
   * `/` is the host's own file system, which cannot be written, nor what is mounted in it (mount_setattr(2) with
   * AT_RECURSIVE). Entries that follow are put into it; what they need to be there is made without touching the host.
   *
   * @param attributes - what else its mounts do not allow; `{ readOnly: false }` leaves what can be written as it is.
   */
  hostRoot(attributes: MountAttributes = {}): this {
    checkOptions('hostRoot', attributes, attributeNames);
    return this.with({ root: { type: 'host', ...attributesGiven({ readOnly: true, ...attributes }) } });
  }

  /**
   * `/` is empty, in memory, and has only what the entries put there. It is entered by pivot_root(2); the host's tree is not
   * there any more. When all is in place nothing can be added in `/` itself, unless `readOnly` is false.
   */
  emptyRoot(options: { readonly readOnly?: boolean } = {}): this {
    checkOptions('emptyRoot', options, ['readOnly']);
    const { readOnly = true } = options;
    return this.with({ root: { type: 'empty', readOnly } });
  }

  /**
   * `/` is a directory of the host that holds a system, as `debootstrap` makes it. It cannot be written, and its set-user-ID
   * bits and devices have no effect, unless `attributes` say otherwise. It is entered by pivot_root(2).
   */
  rootfs(source: string, attributes: MountAttributes = {}): this {
    checkOptions('rootfs', attributes, attributeNames);
    const said = attributesGiven({ readOnly: true, ...bindDefaults, ...attributes });
    return this.with({ root: { type: 'directory', source: resolve(source), ...said } });
  }

  /**
   * A file or directory of the host, with all that is mounted in it, at `target` or where it is on the host. It can be written
   * as far as the caller may. Set-user-ID bits and devices have no effect unless `options` say so. Equivalent to:
   * `mount --rbind SOURCE TARGET`. See mount(2).
   *
   * A target that is missing is made where all is ours, or in a read-only view of the host without touching it; elsewhere it is an
   * error. A target that is a symbolic link is refused.
   *
   * @param source - a path, from the working directory on, or an open descriptor of this program.
   */
  bind(source: string | number, target?: string, options: BindOptions = {}): this {
    return this.#add(bindEntry(source, target, { ...bindDefaults, ...options }));
  }

  /** The same, and it cannot be written, nor what is mounted in it. Unix sockets and devices can be used all the same. */
  roBind(source: string | number, target?: string, options: BindOptions = {}): this {
    return this.bind(source, target, { readOnly: true, ...options });
  }

  /** As {@link SandboxFiles.bind}, and nothing at all where the source is not there. */
  tryBind(source: string, target?: string, options: BindOptions = {}): this {
    return this.#add(bindEntry(source, target, { ...bindDefaults, ...options, optional: true }));
  }

  /** As {@link SandboxFiles.roBind}, and nothing at all where the source is not there. */
  tryRoBind(source: string, target?: string, options: BindOptions = {}): this {
    return this.tryBind(source, target, { readOnly: true, ...options });
  }

  /** As {@link SandboxFiles.bind}, and devices can be used. */
  devBind(source: string | number, target?: string, options: BindOptions = {}): this {
    return this.#add(bindEntry(source, target, { nosuid: true, ...options }));
  }

  /**
   * An empty file system in memory. It ends with the command. See tmpfs(5).
   *
   * @param options - `size`: bytes, or text as `'64M'` or `'25%'` of the memory, half of which it is if not given; `mode`: the
   * permissions of its root, 0o755 if not given; `inodes`: how many files at most.
   */
  tmpfs(target: string, options: Omit<TmpfsEntry, 'type' | 'target'> = {}): this {
    checkOptions('tmpfs', options, [...attributeNames, 'size', 'mode', 'inodes']);
    const { size, mode, inodes } = options;
    return this.#add({ type: 'tmpfs', target, ...given({ size, mode, inodes }), ...attributesGiven(options) });
  }

  /**
   * A fresh proc file system at `target`, or none at all. Needs a new PID and mount namespace. It lies on top of the host's: a
   * command that keeps CAP_SYS_ADMIN can unmount it, and see what is below.
   *
   * @param options - `subset: 'pid'`: the processes and nothing else of the kernel (Linux 5.8); `hidepid`: what is seen of the
   * processes of other users. See proc(5).
   */
  proc(target: string | false = '/proc', options: ProcOptions = {}): this {
    checkOptions('proc', options, ['subset', 'hidepid']);
    const { subset, hidepid } = options;
    if (target === false) return this.withoutProc().with({ proc: false });
    return this.#add({ type: 'proc', target, ...given({ subset, hidepid }) });
  }

  /**
   * A `/dev` with null, zero, full, random, urandom and tty, the terminals, shared memory and message queues of its own, and
   * nothing else. The devices are those of the host, each made sure to be what its name says.
   */
  dev(target = '/dev'): this {
    return this.#add({ type: 'dev', target });
  }

  /** A sysfs that shows the interfaces of the new network namespace, and cannot be written. See sysfs(5). */
  sysfs(target = '/sys'): this {
    return this.#add({ type: 'sysfs', target });
  }

  /** The POSIX message queues of the new IPC namespace as files. See mq_overview(7). */
  mqueue(target = '/dev/mqueue'): this {
    return this.#add({ type: 'mqueue', target });
  }

  /**
   * The control group of the command, of version 2, as the root of those that it sees, in the place of the host's: its limits and what it
   * uses can be read, and nothing written. Needs a new cgroup namespace, and a group: {@link Sandbox.limits} or {@link Sandbox.cgroup}.
   * Where controllers are of version 1, theirs is not shown.
   *
   * A command that keeps CAP_SYS_ADMIN can make it writable, as it can mount another one.
   *
   * Equivalent to: `mount -t cgroup2 -o ro none TARGET`. See cgroups(7), cgroup_namespaces(7).
   *
   * @param target - where it is mounted: an absolute path, `/sys/fs/cgroup` if not given.
   * @returns a sandbox with it; this one stays as it is. When a command is started, a SpecError tells that it has no new cgroup namespace, no
   * control group, or one of version 1 alone.
   */
  cgroupfs(target = '/sys/fs/cgroup'): this {
    return this.#add({ type: 'cgroupfs', target });
  }

  /** A directory that is there: made, if it was not, with `mode`, or 0o755. */
  dir(target: string, options: { readonly mode?: number } = {}): this {
    checkOptions('dir', options, ['mode']);
    return this.#add({ type: 'dir', target, ...given({ mode: options.mode }) });
  }

  /**
   * A file with contents of its own, with `mode`, or 0o644. What is there already is covered, and stays as it is.
   *
   * @param contents - text, bytes, or a descriptor, which is read now, from its position to its end.
   */
  file(target: string, contents: FileContents, options: { readonly mode?: number } = {}): this {
    checkOptions('file', options, ['mode']);
    return this.#add(fileEntry(target, contents, options.mode));
  }

  /** A symbolic link at `target` that says `to`, in the order of symlink(2). */
  symlink(to: string, target: string): this {
    return this.#add({ type: 'symlink', target, to });
  }

  /**
   * What the mount at `target` does not allow from here on; `false` allows it again, as far as the kernel lets the caller.
   * Equivalent to: `mount -o remount,bind,… TARGET`. See mount_setattr(2).
   */
  remount(target: string, attributes: MountAttributes, { recursive }: { readonly recursive?: boolean } = {}): this {
    checkOptions('remount', attributes, attributeNames);
    const said = attributesGiven(attributes);
    return this.#add({ type: 'remount', target, attributes: said, ...given({ recursive }) });
  }

  /** A file that reads empty, or a directory that is empty, in the place of what is there. Neither can be written. */
  mask(target: string, options: { readonly optional?: boolean } = {}): this {
    checkOptions('mask', options, ['optional']);
    return this.#add({ type: 'mask', target, ...given({ optional: options.optional }) });
  }

  /** What is there cannot be written, nor what is mounted in it; `'/'` is all that is there so far. */
  readonly(target: string, options: { readonly optional?: boolean } = {}): this {
    checkOptions('readonly', options, ['optional']);
    return this.#add({ type: 'readonly', target, ...given({ optional: options.optional }) });
  }

  /**
   * A directory that can be written, while what it lies on stays as it is: an overlayfs. In a user namespace it needs Linux 5.11, and
   * 6.6 to keep its changes in memory. What is mounted below the directory would not be seen: that is refused.
   */
  overlay(target: string, options: OverlayOptions = {}): this {
    return this.#add(overlayEntry(target, options));
  }

  /**
   * A directory that can be written as if it were the host's, which stays as it is: try it without consequences. What was changed is
   * the `snapshot` of the running process, and of a result of {@link Sandbox.run}: to be looked at, applied, or thrown away.
   *
   * @param options - `size`: how much memory the changes take at most; half of it if not given.
   */
  snapshot(target: string, options: { readonly size?: number | string } = {}): this {
    checkOptions('snapshot', options, ['size']);
    return this.#add({ ...overlayEntry(target, options), snapshot: true });
  }

  /**
   * How mounts pass. Without a target, `'slave'`: what the host mounts later appears inside; `'private'`, as it is if nothing is said:
   * nothing does. What is mounted inside never appears on the host. With a target: how the mount there stands to its own copies. See
   * mount_namespaces(7).
   */
  propagation(kind: Propagation, target?: string, { recursive }: { readonly recursive?: boolean } = {}): this {
    if (target !== undefined) return this.#add({ type: 'propagation', target, kind, ...given({ recursive }) });
    if (kind === 'slave') return this.with({ propagation: 'slave' });
    if (kind === 'private') return this.with({ propagation: undefined });
    throw new SpecError(
      'propagation',
      `${kind}: the host would see what is mounted`,
      "'private' or 'slave', or name a target",
    );
  }

  /** An empty home for the caller: a file system in memory where HOME and the user database say that it is. */
  home(): this {
    return this.#add({ type: 'home' });
  }

  /**
   * In every proc and sysfs that is there when all other entries are in place: settings of the kernel (`sys`, `irq`, `bus`, `fs`,
   * `sysrq-trigger`) cannot be written, and what tells of the kernel, of the machine and of others (`kcore`, `keys`, `timer_list`,
   * `/sys/firmware` …) is masked; and so are the control groups of version 2 of the host, into which a process could be born, wherever they come
   * along with what is bound. A fresh proc cannot be mounted in a sandbox below this one: the kernel does not let it be uncovered.
   */
  kernelGuards(): this {
    return this.#add({ type: 'kernelGuards' });
  }

  /** The file that `/etc/resolv.conf` leads to, read-only, if an entry before this one has hidden it, as in /run. */
  resolver(): this {
    return this.#add({ type: 'resolver' });
  }

  /**
   * The caller's working directory, read-only, if an entry before this one has hidden it. Not what is below /run, /dev, /proc and
   * /sys, and not the home itself.
   */
  workingDirectory(): this {
    return this.#add({ type: 'workingDirectory' });
  }

  #add(...entries: readonly FilesEntry[]): this {
    return this.with({ files: [...(this.spec.files ?? []), ...entries] });
  }

  /** @internal */
  protected withoutProc(): this {
    const files = this.spec.files?.filter(({ type }) => type !== 'proc');
    return this.with({ files: files?.length ? files : undefined });
  }
}
