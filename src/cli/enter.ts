import { type Command, Option } from 'commander';
import { partsOfProcess } from '../cgroup/process-parts.js';
import { bare, findBox, type NamespaceKind, Sandbox, SpecError } from '../index.js';
import { moreOf } from './lists.js';
import { addFindOptions, addWhoOptions, type ProcessOptions, withProcess } from './process-options.js';
import type { Start } from './run.js';

/** The options of enter, as they were given. */
export interface EnterOptions extends ProcessOptions {
  only?: NamespaceKind[];
  joinCgroup?: true;
}

export const enterHelp = `
PID, digits only, is a process: the command joins all namespaces in which that one is not together with you, or those of --only.
NAME is a box that a program has opened under this name, which is never digits only: the command has the user, the capabilities
and the limits that its sandbox says.

The command is in the control group that you are in, with your limits and not those of the process, unless you say --join-cgroup.
In a box it is in the group of the box.

In a user namespace of others who does not exist there is root of it, unless --uid says who. The command has a session of its
own, and at a terminal a terminal of its own; it is killed when isolate ends. With a mount namespace of others it starts in /.
Options stand before PID or NAME, or between that and the command. What follows the command is for it: a -- is needed only before
a command that begins with a dash.

Exit status: that of the command; 128+N if signal N ended it; 124 if its time was over; 125 if isolate failed; 126 if the command
is not executable; 127 if it is not found.

Examples:
  isolate enter 4711 -- ip addr                    what that process sees of the network, and all else
  isolate enter 4711 --only net -- ss -tlp         its network alone, with the files and the processes of the host
  isolate enter 4711 --join-cgroup -- ps aux       with its limits, too
  isolate enter box                                a shell in the box of this name`;

/** Adds the options of enter. */
export function addEnterOptions(command: Command): Command {
  const only = new Option('--only <kind,…>', 'of a process only these: user, mount, pid, net, ipc, uts, cgroup, time');
  command
    .optionsGroup('Namespaces:')
    .addOption(only.argParser(moreOf))
    .optionsGroup('What it may use:')
    .option('--join-cgroup', 'with a process: what that may use, in the same control group')
    .optionsGroup('Who the command is:');
  return addFindOptions(addWhoOptions(command)).optionsGroup('Other:');
}

/** How a command is started in what `target` names: a process by its pid, or a box. */
export async function startIn(target: string, options: EnterOptions): Promise<Start> {
  return /^\d+$/.test(target) ? inProcess(Number(target), options) : inBox(target, options);
}

function inProcess(pid: number, { only, joinCgroup, ...options }: EnterOptions): Start {
  const joined = bare().join(only === undefined ? pid : { pid, kinds: only });
  const parts = joinCgroup ? partsOfProcess(pid) : [];
  const grouped = parts.length === 0 ? joined : joined.cgroup({ parts });
  const sandbox = withProcess(grouped.newSession().dieWithParent(), options);
  return { spec: sandbox.spec, isPid1: false, spawn: (file, args, how) => sandbox.spawn(file, args, how) };
}

async function inBox(name: string, { only, joinCgroup, ...options }: EnterOptions): Promise<Start> {
  if (only !== undefined) throw new SpecError('--only', 'a box is entered in all of its namespaces', 'leave it out');
  if (joinCgroup) throw new SpecError('--join-cgroup', 'in a box a command is in the group of the box', 'leave it out');
  const box = await findBox(name);
  const { spec } = withProcess(Sandbox.from(box.spec), options);
  return { spec, isPid1: false, spawn: (file, args, how) => box.spawn(file, args, { ...how, spec }) };
}
