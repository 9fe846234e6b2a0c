import { resolve } from 'node:path';
import { type Command, InvalidArgumentError, Option } from 'commander';
import { readAll } from '../builder/read-all.js';
import { bare, type IdMapInput, isolate, type NamespaceKind, type Sandbox, SpecError } from '../index.js';
import { addLimitOptions, type LimitOptions, withLimits } from './limit-options.js';
import { moreOf } from './lists.js';
import { addFindOptions, addWhoOptions, type ProcessOptions, when, withProcess } from './process-options.js';

/** The options that run and explain share, as they were given. */
export interface SandboxOptions extends ProcessOptions, LimitOptions {
  bare?: true;
  spec?: string;
  unshare?: NamespaceKind[];
  share?: NamespaceKind[];
  hostname?: string;
  domainname?: string;
  proc?: string | false;
  net?: 'none' | 'loopback' | 'host';
  asPid1?: true;
  mapRoot?: true;
  mapUsers?: string[];
  mapGroups?: string[];
  monotonic?: number;
  boottime?: number;
  emptyRoot?: true;
  rootfs?: string;
  files?: FilesOption[];
}

function seconds(text: string): number {
  if (!/^-?\d+(\.\d+)?$/.test(text)) throw new InvalidArgumentError('It is not a number of seconds.');
  return Number(text);
}

/** An option that is an entry of the view, as they come one after the other. */
interface FilesOption {
  readonly kind: 'ro' | 'rw' | 'tmpfs' | 'overlay' | 'cgroupfs';
  readonly value: string;
}

/** Of these options, which share one list, the order counts. */
function filesOption(kind: FilesOption['kind'], placeholder: string, description: string): Option {
  const option = new Option(`--${kind} <${placeholder}>`, description);
  option.attributeName = () => 'files';
  return option.argParser((value: string, before: FilesOption[] | undefined) => [...(before ?? []), { kind, value }]);
}

/** Adds the options to a command of the command line, in groups. */
export function addSandboxOptions(command: Command): Command {
  command
    .optionsGroup('Where to start from:')
    .addOption(new Option('--bare', 'isolate nothing but what the other options say').conflicts('spec'))
    .option('--spec <file>', 'start from a spec in JSON (- is stdin); the other options change it')
    .optionsGroup('Namespaces:')
    .option('--unshare <kind,…>', 'new namespaces: user, mount, pid, net, ipc, uts, cgroup, time', moreOf)
    .option('--share <kind,…>', 'keep those of the caller', moreOf)
    .option('--hostname <name>', 'the host name inside')
    .option('--domainname <name>', 'the NIS domain name inside')
    .option('--proc <dir>', 'mount a fresh proc there (default: /proc, with a new PID and mount namespace)')
    .option('--no-proc', 'mount none')
    .addOption(
      new Option(
        '--net <kind>',
        'none: no interface is up; loopback: 127.0.0.1 and ::1; host: that of the caller',
      ).choices(['none', 'loopback', 'host']),
    )
    .option('--monotonic <seconds>', 'how far the monotonic clock is ahead of the host', seconds)
    .option('--boottime <seconds>', 'how far the boot-time clock is ahead of the host', seconds)
    .option('--as-pid-1', 'the command itself is process 1 of its PID namespace, with no init')
    .optionsGroup('Who the command is:')
    .option('--map-root', 'the caller is root inside')
    .option('--map-users <inside:outside:count>', 'user ids that exist inside; may be given more than once', moreOf)
    .option('--map-groups <inside:outside:count>', 'group ids that exist inside; may be given more than once', moreOf);
  return addLimitOptions(addFindOptions(addFileOptions(addWhoOptions(command)))).optionsGroup('Other:');
}

function addFileOptions(command: Command): Command {
  return command
    .optionsGroup('Which files it sees (in the order in which they are given; may be given more than once):')
    .addOption(filesOption('ro', 'src[:dest]', 'a file or directory of the host, which cannot be written'))
    .addOption(filesOption('rw', 'src[:dest]', 'the same, which can be written'))
    .addOption(filesOption('tmpfs', 'dest[:size]', 'an empty file system in memory (64M, 25%; default: half of it)'))
    .addOption(filesOption('overlay', 'dest', 'can be written, and stays as it is on the host: see --diff'))
    .addOption(filesOption('cgroupfs', 'dest', 'its control group, which cannot be written: usually at /sys/fs/cgroup'))
    .addOption(new Option('--rootfs <dir>', 'a directory as /, read-only').conflicts('emptyRoot'))
    .option('--empty-root', 'an empty /, which has only what the other options put there');
}

/** The sandbox that the options describe. */
export function sandboxFrom(options: SandboxOptions): Sandbox {
  const { monotonic, boottime } = options;
  const clocks = {
    ...(monotonic === undefined ? {} : { monotonic }),
    ...(boottime === undefined ? {} : { boottime }),
  };
  return startFrom(options)
    .use(when(options.unshare, (sandbox, kinds) => sandbox.unshare(...kinds)))
    .use(when(options.share, (sandbox, kinds) => sandbox.share(...kinds)))
    .use(when(options.net, withNet))
    .use(when(options.hostname, (sandbox, name) => sandbox.hostname(name)))
    .use(when(options.domainname, (sandbox, name) => sandbox.domainname(name)))
    .use(when(options.proc, (sandbox, target) => sandbox.proc(target)))
    .use(when(Object.keys(clocks).length === 0 ? undefined : clocks, (sandbox, offsets) => sandbox.clock(offsets)))
    .use(when(options.emptyRoot, (sandbox) => sandbox.emptyRoot()))
    .use(when(options.rootfs, (sandbox, source) => sandbox.rootfs(source)))
    .use((sandbox) => (options.files ?? []).reduce(withFiles, sandbox))
    .use(when(options.asPid1, (sandbox) => sandbox.asPid1()))
    .use(when(options.mapRoot, (sandbox) => sandbox.mapRoot()))
    .use(when(options.mapUsers, (sandbox, map: IdMapInput[]) => sandbox.mapUsers(...map)))
    .use(when(options.mapGroups, (sandbox, map: IdMapInput[]) => sandbox.mapGroups(...map)))
    .use((sandbox) => withProcess(sandbox, options))
    .use((sandbox) => withLimits(sandbox, options));
}

function startFrom({ bare: isBare, spec }: SandboxOptions): Sandbox {
  if (spec === undefined) return isBare ? bare() : isolate();
  return isolate.from(readAll(spec === '-' ? 0 : spec).toString());
}

function withNet(sandbox: Sandbox, net: NonNullable<SandboxOptions['net']>): Sandbox {
  const shared = sandbox.share('net');
  if (net === 'host') return shared;
  return net === 'none' ? shared.unshare('net') : shared.unshare('net').loopback();
}

function withFiles(sandbox: Sandbox, { kind, value }: FilesOption): Sandbox {
  if (kind === 'overlay') return sandbox.snapshot(resolve(value));
  if (kind === 'cgroupfs') return sandbox.cgroupfs(resolve(value));
  const [first, second] = twoParts(kind, value);
  if (kind === 'tmpfs') {
    return sandbox.tmpfs(resolve(first), { mode: 0o1777, ...(second === undefined ? {} : { size: second }) });
  }
  const target = second === undefined ? undefined : resolve(second);
  return kind === 'ro' ? sandbox.roBind(first, target) : sandbox.bind(first, target);
}

/** `A[:B]`. A colon that belongs to a name is written as `\:`. */
function twoParts(kind: string, text: string): [string, string | undefined] {
  const parts = text.split(/(?<!\\):/).map((part) => part.replaceAll('\\:', ':'));
  const [first = '', second] = parts;
  if (parts.length > 2 || first === '' || second === '') {
    throw new SpecError(
      `--${kind}`,
      `${JSON.stringify(text)} is not one path, or two with a colon between them`,
      'a colon in a name is written as \\:',
    );
  }
  return [first, second];
}
