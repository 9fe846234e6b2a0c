// Reads what strace(1) writes, and compares it with what a plan says.

export interface TracedCall {
  readonly name: string;
  readonly args: readonly string[];
  readonly result: number;
}

/** The calls of one thread: a file of `strace -ff`. */
export function parseTrace(text: string): TracedCall[] {
  const calls = /^(\w+)\((.*)\)\s+= (-?\d+)(?: \/\* (\d+) in strace's PID NS \*\/)?/gm;
  return [...text.matchAll(calls)].map(([, name, args, result, pid]) => ({
    name: (name as string).replace(/^fcntl64$/, 'fcntl'),
    args: usual(name as string, splitArguments(args as string)),
    // Of a pid, that which it has here.
    result: Number(pid ?? result),
  }));
}

/** Splits at the commas that are not inside of brackets or strings. */
export function splitArguments(text: string): string[] {
  const args: string[] = [];
  let [depth, start] = [0, 0];
  for (const { 0: token, index } of text.matchAll(/"(?:[^"\\]|\\.)*"|<[a-z, -]+>|[[{(]|[\]})]|, /g)) {
    if ('[{('.includes(token)) depth++;
    else if (']})'.includes(token)) depth--;
    else if (token === ', ' && depth === 0) {
      args.push(text.slice(start, index));
      start = index + 2;
    }
  }
  return text === '' ? [] : [...args, text.slice(start)];
}

/** What strace leaves out or adds, brought to what a plan has: it has no addresses, and every argument. */
function usual(name: string, args: string[]): string[] {
  switch (name) {
    case 'openat':
      return args.length === 3 ? [...args, '000'] : args;
    case 'prctl':
      return [...args, '0', '0', '0', '0'].slice(0, 5).map((arg) => (arg === 'SUID_DUMP_USER' ? '1' : arg));
    case 'execve':
    case 'execveat':
      return args.map((arg) => arg.replace(/^0x[0-9a-f]+ (\/\* \d+ vars? \*\/)$/, '[$1]'));
    case 'clone3':
      return args.map((arg) =>
        arg.replace(/ => \{.*/, '').replace(/, (pidfd|parent_tid|stack|stack_size)=0x[0-9a-f]+/g, ''),
      );
    case 'socket':
      return args.map((arg) => (arg === 'IPPROTO_IP' ? '0' : arg));
    case 'mount_setattr':
      return args.map((arg) => arg.replace(/, (attr_clr|propagation|userns_fd)=0( \/\*.*?\*\/)?/g, ''));
    case 'mknodat':
      return args.length === 3 ? [...args, 'makedev(0x0, 0x0)'] : args;
    case 'statx':
      return args.map((arg) => arg.replace(/^AT_STATX_SYNC_AS_STAT\|/, ''));
    default:
      return args;
  }
}

/** `A|B` and `B|A` are the same flags. */
const sortFlags = (text: string) => text.replace(/\w+(?:\|\w+)+/g, (flags) => flags.split('|').sort().join('|'));

/** What the steps of a plan left when it was carried out: by `3` what step 3 returned, by `3[1]` the second fd of its pair. */
export type Left = Map<string, string>;

export function whatWasLeft(index: number, { name, args, result }: TracedCall): [string, string][] {
  const pair = args.flatMap((arg) => /^\[(\d+), (\d+)\]$/.exec(arg)?.slice(1) ?? []);
  const shown = name === 'umask' ? `0${result}` : String(result);
  return [[String(index), shown], ...pair.map((fd, i): [string, string] => [`${index}[${i}]`, fd])];
}

/** Whether an argument of a plan is what was traced. `#3` stands for what step 3 left; `…` and `<name>` for anything. */
export function sameArgument(planned: string, traced: string, left: Left): boolean {
  const pattern = sortFlags(planned)
    .replace(/#(\d+(?:\[\d+\])?)$/, (reference, place) => left.get(place) ?? reference)
    .replace(/[.*+?^${}()|[\]\\]/g, '\\$&')
    .replace(/…|#\d+\\\.\w+(?:\\\+\d+)?/g, '.*')
    .replace(/<[^>]*>/g, '\\d+');
  return new RegExp(`^${pattern}$`, 's').test(sortFlags(traced));
}
