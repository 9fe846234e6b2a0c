import { readFileSync } from 'node:fs';
import { Command, CommanderError } from 'commander';
import { removeLeftGroups } from '../builder/group/live-groups.js';
import { type Exit, IsolateError, type Snapshot, SpecError } from '../index.js';
import { addEnterOptions, type EnterOptions, enterHelp, startIn } from './enter.js';
import { exitStatus, statusOfError, statusOfOutputError } from './exit-status.js';
import { measuring } from './limit-options.js';
import { inOptions } from './option-words.js';
import { print } from './output.js';
import { renderChanges } from './render-changes.js';
import { renderLimits } from './render-limits.js';
import { renderResources } from './render-resources.js';
import { run, type Start } from './run.js';
import { addSandboxOptions, type SandboxOptions, sandboxFrom } from './sandbox-options.js';
import { StatusReporter } from './status-report.js';
import { TargetCommand } from './target-command.js';
import { type TopOptions, top } from './top.js';

const { version } = JSON.parse(readFileSync(new URL('../../package.json', import.meta.url), 'utf8')) as {
  version: string;
};

const runHelp = `
The default is safe: all namespaces are new but that of the clocks, the network is a loopback interface, there are no
capabilities and no way to gain any, and the command is killed when isolate ends. It sees the files of the host and can
write none of them; /tmp, /run, /dev and your home are its own, and empty. Where that would hide the directory that you are
in, that is there, read-only.

Paths of --ro and --rw are followed from where you are; without DEST they are at the same place inside. What is missing there
is made without touching the host. A colon in a name is written as \\:.

Where stdin and stdout are your terminal, the command gets a terminal of its own that is shown in it: what you type, Ctrl-C and
Ctrl-Z too, is for the command. Its errors are shown there too, unless stderr is redirected: then they go there. The command can
type nothing into your terminal. --tty gives it one also where they are not, which has its errors in any case; --no-tty gives it
none; --bare shares yours unless it says --tty.

Signals that isolate gets are passed on to the command. In the foreground of a terminal, a command without a session of its
own (--bare) gets those of the keyboard by itself: SIGINT and SIGQUIT are not passed on there, even if kill(1) sent them.

In a new PID namespace a small init is process 1, and the command its child: it passes signals on, and reaps what the command
leaves behind. With --as-pid-1 the command itself is process 1: a signal that it has no handler for does nothing to it. One that
isolate passes on, and that would end any other process, ends it all the same: by SIGKILL.

When its time is over, the command gets SIGKILL, with all of its PID namespace, or else of its session. With --kill-signal it
gets that, and after --kill-after (5s) SIGKILL comes for all. Durations have a unit: 500ms, 10s, 1.5m, 2h.

What it may use is limited by a control group of its own, which is gone with all that is left in it when the command has ended. A limit
that cannot be applied is an error. If it was killed for want of memory, the exit status is 137, and "exit" of --status-json says oom. A
line on stderr tells of what was killed, and one of forks that were refused. Units of sizes are powers of 1024: 64K, 1.5G, 512MB, 256MiB.

--status-json writes { "version": 1, "pid", "namespaces", "command", "exit", "usage", "resources", "wallTime", "error" } to a file: when
the command has started, with "exit": null, and again when it has ended. If isolate fails, "error" says why, and "exit" is null.

Exit status: that of the command; 128+N if signal N ended it; 124 if its time was over; 125 if isolate failed; 126 if the
command is not executable; 127 if it is not found.

Examples:
  isolate run -- ./untrusted.sh                    the safe default
  isolate run --rw . -- make                       the directory that you are in can be written
  isolate run --overlay . --diff -- make           the same, kept apart from yours, and what it would have changed
  isolate run --empty-root --ro /usr --ro /lib --ro /lib64 -- /usr/bin/env
                                                   these directories, and no others
  isolate run --memory 256M --pids 64 --cpus 0.5 --stats -- ./build.sh
                                                   no more than that, and what it used
  isolate run --net host -- curl -I example.org    the same, with the network of the host
  isolate run --bare --unshare user,pid,mount --map-root -- ps ax
                                                   only these namespaces, as root inside
  isolate explain --hostname box -- sh             what would be done, and why`;

const explainHelp = `
Nothing is run. The calls are shown as strace(1) writes them; #3 stands for what step 3 returns, <…> for what the launch
brings. Long calls are cut, and of many like calls only the first and the last are shown.

--json shows all of it: { "steps": [{ "index", "where", "call", "args", "from", "why" }] }.`;

const topHelp = `
CPUS is how many processors' worth of time a group had between two looks, MEMORY and PROCESSES what it has now, and its limit.
OWNER is the program that made it, if that is of this PID namespace. Groups that were given a name are not shown: nothing tells whose they are. Root sees the groups of all users, anybody else their own,
wherever they are.

--json shows { "version": 1, "groups": [{ "name", "owner", "cpus", "cpuTime", "memory", "memoryLimit", "pids", "pidsLimit" }] }.`;

const gcHelp = `
Looked for are those of this user, and for root those of all users, wherever they are. What belongs to a program that runs, or to one of
another PID namespace, stays; so does what was given a name. The names of those that were removed are printed; and on stderr those
that may have been left and stay, with the reason.`;

/** The options of run and of enter besides those of the sandbox. */
interface ReportOptions {
  statusJson?: string;
}

const tellsMore = (...command: string[]) => `(${['isolate', ...command].join(' ')} --help tells more)`;

/** Runs the isolate command; returns its exit status. */
export async function runCommandLine(argv: readonly string[]): Promise<number> {
  let status = 0;
  // What isolate itself has to say is written at the end, where it can be told that it could not be written.
  const said: Record<'stdout' | 'stderr', string[]> = { stdout: [], stderr: [] };
  const program = new Command('isolate')
    .description('Start a command in its own Linux namespaces.')
    .version(version)
    .enablePositionalOptions()
    .exitOverride()
    .configureOutput({
      writeOut: (text) => void said.stdout.push(text),
      writeErr: (text) => void said.stderr.push(text),
      outputError: (text, write) => write(`isolate: ${text.replace(/^error: /, '')}`),
    })
    .showHelpAfterError(tellsMore())
    .addHelpText('before', ({ error }) => (error ? 'isolate: tell what to do: run, enter, explain, top or gc\n' : ''));

  addSandboxOptions(program.command('run'))
    .showHelpAfterError(tellsMore('run'))
    .description('Run a command, isolated.')
    .argument('<command>', 'the program, looked for in PATH unless it has a slash')
    .argument('[args...]', 'its arguments')
    .passThroughOptions()
    .option('--diff', 'print what changed in the directories of --overlay, to stderr: A added, M modified, D deleted')
    .option('--status-json <file>', 'write how it went there: see below')
    .option('--stats', 'print what it used when it has ended, to stderr')
    .addHelpText('after', runHelp)
    .action(
      async (
        file: string,
        args: string[],
        { diff, statusJson, stats, ...options }: SandboxOptions & ReportOptions & { diff?: true; stats?: true },
      ) => {
        status = await reported(statusJson, [file, ...args], async (reporter) => {
          if (diff && !options.files?.some(({ kind }) => kind === 'overlay')) {
            throw new SpecError('--diff', 'there is no --overlay in which something could change');
          }
          const changes = async (snapshot: Snapshot) => {
            if (diff) said.stderr.push(renderChanges(await snapshot.changes()));
          };
          const given = sandboxFrom(options);
          const sandbox = stats ? measuring(given) : given;
          const { spec } = sandbox;
          const start: Start = {
            spec,
            isPid1: spec.asPid1 === true,
            spawn: (file, args, how) => sandbox.spawn(file, args, how),
          };
          const ended = (exit: Exit) => {
            said.stderr.push(renderLimits(exit), stats ? renderResources(exit) : '');
          };
          return run(start, file, args, { changes, reporter, ended }, options.tty);
        });
      },
    );

  const enter = new TargetCommand('enter').copyInheritedSettings(program);
  program.addCommand(enter);
  addEnterOptions(enter)
    .showHelpAfterError(tellsMore('enter'))
    .usage('[options] <target> [options] [command] [args...]')
    .description('Run a command in the namespaces of a running process, or of a box.')
    .argument('<target>', 'the pid of the process, or the name of the box')
    .argument('[command]', 'the program, looked for in PATH unless it has a slash (default: your shell, or sh)')
    .argument('[args...]', 'its arguments')
    .option('--status-json <file>', 'write how it went there: see isolate run --help')
    .addHelpText('after', enterHelp)
    .action(
      async (
        target: string,
        command: string | undefined,
        args: string[],
        { statusJson, ...options }: EnterOptions & ReportOptions,
      ) => {
        const file = command ?? process.env.SHELL ?? 'sh';
        status = await reported(statusJson, [file, ...args], async (reporter) => {
          const start = await startIn(target, options);
          const ended = (exit: Exit) => void said.stderr.push(renderLimits(exit));
          return run(start, file, args, { changes: async () => {}, reporter, ended }, options.tty);
        });
      },
    );

  addSandboxOptions(program.command('explain'))
    .showHelpAfterError(tellsMore('explain'))
    .description('Show every system call that would run a command, in order, with the reason for each.')
    .option('--json', 'for programs')
    .argument('<command>', 'the program, looked for in PATH unless it has a slash')
    .argument('[args...]', 'its arguments')
    .passThroughOptions()
    .addHelpText('after', explainHelp)
    .action((file: string, args: string[], { json, ...options }: SandboxOptions & { json?: true }) => {
      const sandbox = sandboxFrom(options);
      said.stdout.push(json ? `${JSON.stringify(sandbox.plan(file, args), null, 2)}\n` : sandbox.explain(file, args));
    });

  program
    .command('top')
    .showHelpAfterError(tellsMore('top'))
    .description('Show what the control groups of running commands and boxes use.')
    .option('--once', 'only once')
    .option('--json', 'once, for programs')
    .addHelpText('after', topHelp)
    .action(async (options: TopOptions) => {
      status = await top(options);
    });

  program
    .command('gc')
    .showHelpAfterError(tellsMore('gc'))
    .description('Remove the control groups that programs left behind which were killed, with what is in them.')
    .addHelpText('after', gcHelp)
    .action(async () => {
      const { removed, kept, failures } = await removeLeftGroups();
      said.stdout.push(removed.map((name) => `${name}\n`).join(''));
      said.stderr.push(...kept.map(({ name, reason }) => `isolate: left ${name}: ${reason}\n`));
      if (failures[0] !== undefined) throw failures[0];
    });

  try {
    await program.parseAsync([...argv], { from: 'user' });
  } catch (error) {
    // The parser has said what is wrong with the line itself.
    if (!(error instanceof CommanderError)) said.stderr.push(`isolate: ${textOf(error)}\n`);
    status = statusOfError(error);
  }
  try {
    await print('stdout', said.stdout.join(''));
  } catch (error) {
    status = statusOfOutputError(error);
    // Nobody reads on, as in `isolate explain … | head`: that is no news.
    if (status === exitStatus.isolateFailed) said.stderr.push(`isolate: stdout: ${textOf(error)}\n`);
  }
  // Where that fails, there is nowhere left to tell it.
  await print('stderr', said.stderr.join('')).catch(() => {});
  return status;
}

/** Keeps the status file, where there is to be one, true while something is run. */
async function reported(
  path: string | undefined,
  command: readonly string[],
  go: (reporter: StatusReporter | undefined) => Promise<number>,
): Promise<number> {
  const reporter = path === undefined ? undefined : new StatusReporter(path, command);
  let status: number;
  try {
    status = await go(reporter);
  } catch (error) {
    reporter?.fail(error);
    throw error;
  }
  reporter?.end();
  return status;
}

function textOf(error: unknown): string {
  if (error instanceof IsolateError || isSystemError(error)) return inOptions((error as Error).message);
  return String((error as Error)?.stack ?? error);
}

function isSystemError(error: unknown): boolean {
  return error instanceof Error && 'syscall' in error;
}
