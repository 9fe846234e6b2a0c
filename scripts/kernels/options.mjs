// The words of the command line.
import { parseArgs } from 'node:util';
import { kernelNames, userMode } from './kernels.mjs';

export const help = `npm run test:kernels [-- OPTIONS] [WORD...]
npm run test:kernels -- [OPTIONS] -- COMMAND [ARG...]

Runs the test files whose name contains one of the words ("cgroup", if there is none) on another kernel: as root, and then as a
user without privileges under systemd. Or a command, in the project's folder.

  --kernel NAME    ${kernelNames.join(', ')}; can be given several times (${userMode})
  --systemd        only under systemd, as root or as --user says
  --user UID       only as this user, under systemd or without it as --systemd says
  --all            all test files
  --timeout SEC    how long each run may take (1800)
  --mirror URL     where Debian's stock kernels come from; without it the one that this machine's own apt uses
  --cache DIR      where what was fetched is kept: linux-isolate/kernels in $XDG_CACHE_HOME or ~/.cache
  --console        also shows all that the machine prints

Exit status: that of the command or the tests, of the first run that fails; 125 a machine could not be run, or took too long.`;

/** The user without privileges of whom nothing else is said. */
const ordinaryUser = 1000;

/** What was asked for, or an error that says why it makes no sense. */
export function readOptions(args) {
  const { values, positionals, tokens } = parseArgs({
    args,
    tokens: true,
    allowPositionals: true,
    options: {
      kernel: { type: 'string', multiple: true, default: [userMode] },
      systemd: { type: 'boolean', default: false },
      user: { type: 'string' },
      all: { type: 'boolean', default: false },
      timeout: { type: 'string', default: '1800' },
      mirror: { type: 'string' },
      cache: { type: 'string' },
      console: { type: 'boolean', default: false },
      help: { type: 'boolean', default: false },
    },
  });
  const unknown = values.kernel.find((name) => !kernelNames.includes(name));
  if (unknown !== undefined) throw new Error(`--kernel ${unknown}: there are ${kernelNames.join(', ')}`);
  const seconds = Number(values.timeout);
  if (!(seconds > 0)) throw new Error(`--timeout ${values.timeout}: it is not a number of seconds`);
  if (values.user !== undefined && !/^\d{1,9}$/.test(values.user)) {
    throw new Error(`--user ${values.user}: it is not the number of a user`);
  }

  const end = tokens.find(({ kind }) => kind === 'option-terminator');
  const command = end === undefined ? undefined : args.slice(end.index + 1);
  const words = positionals.slice(0, positionals.length - (command?.length ?? 0));
  if (command?.length === 0) throw new Error('there is no command after --');
  if (command !== undefined && (words.length > 0 || values.all)) {
    throw new Error(`${words[0] ?? '--all'}: either test files or, after --, a command`);
  }
  if (values.all && words.length > 0) throw new Error(`${words[0]}: either --all or some of the test files`);

  return {
    ...values,
    seconds,
    runs: values.kernel.flatMap((kernel) => ways(values).map((way) => ({ kernel, ...way }))),
    words: command ?? testCommand(values.all ? [] : words.length > 0 ? words : ['cgroup']),
  };
}

/** As root and under systemd without privileges, unless one way is asked for. */
function ways({ systemd, user }) {
  if (systemd || user !== undefined) return [{ systemd, uid: Number(user ?? 0) }];
  return [
    { systemd: false, uid: 0 },
    { systemd: true, uid: ordinaryUser },
  ];
}

const testCommand = (words) => [process.execPath, '--import', 'tsx', 'test/run.ts', ...words];
