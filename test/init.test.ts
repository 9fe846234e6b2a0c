// init: what it does for its command, what is left when that ends, and what those inside can have of it.

import { once } from 'node:events';
import { readdirSync, readFileSync, readlinkSync } from 'node:fs';
import type { Readable } from 'node:stream';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { type Exit, isolate, type RunningProcess } from '../src/index.js';
import { F_SEAL } from '../src/sys/index.js';
import {
  commandMissing,
  either,
  freshProcRefused,
  rootOnly,
  skipUnless,
  userNamespacesRefused,
} from './helpers/can.js';
import { howItEnded } from './helpers/how-it-ended.js';
import { inTime } from './helpers/in-time.js';
import { printed } from './helpers/inside.js';
import { childrenOf, fileOf, isGone, processesWith } from './helpers/proc-files.js';
import { until } from './helpers/processes.js';
import { eachStarter, type Starter, sandboxes } from './helpers/starters.js';

const noNamespaces = either(userNamespacesRefused(), freshProcRefused());
const noPython = either(noNamespaces, commandMissing('python3'));

const sleep = (starter: Starter) => starter.spawn('sleep', ['100'], { stdio: 'ignore' });

/** A shell script, when it has printed its first line. */
async function startScript(starter: Starter, script: string): Promise<RunningProcess> {
  const running = await starter.spawn('sh', ['-c', script], { stdio: ['pipe', 'pipe', 'inherit'] });
  await inTime(once(running.stdout as Readable, 'data'), script);
  return running;
}

/** What Python finds out inside. */
async function python(starter: Starter, script: string): Promise<Record<string, unknown>> {
  return JSON.parse(printed(await starter.run('python3', ['-c', script])));
}

const endsOfOrphans: Readonly<Record<string, string>> = {
  'the orphan first': `
    orphan=$( (sh -c 'echo $$; exec >&-; exit 53' &) )
    while [ -d /proc/$orphan ]; do :; done
    exit 35`,
  'a child that nobody waits for': "sh -c 'exit 53' & exit 35",
  'both at the same time': "(sh -c 'exit 53' &); exit 35",
  'the orphan later': "(sh -c 'sleep 0.005; exit 53' &); exit 35",
};

for (const [order, script] of Object.entries(endsOfOrphans)) {
  skipUnless(test, noNamespaces, `the answer is that of the command, and no orphan's: ${order}`, async () => {
    await eachStarter(
      async (starter, name) => {
        const ends = new Set<string>();
        for (let lot = 0; lot < 10; lot++) {
          const results = await Promise.all(Array.from({ length: 10 }, () => starter.run('sh', ['-c', script])));
          for (const { exit } of results) ends.add(howItEnded(exit));
        }
        assert.equal([...ends], ['exit 35'], name);
      },
      ['none', 'asPid1'],
    );
  });
}

skipUnless(test, noNamespaces, 'orphans are reaped while the command runs', async () => {
  const script = `
    i=0; while [ $i -lt 200 ]; do (true &); i=$((i + 1)); done
    tries=0; while [ $(ls -d /proc/[0-9]* | wc -l) -gt 8 ]; do
      tries=$((tries + 1)); [ $tries -lt 1000 ] || exit 9; sleep 0.01
    done`;
  await eachStarter(
    async (starter, name) => {
      const { exit, stderr } = await starter.run('sh', ['-c', script]);
      assert.is(howItEnded(exit), 'exit 0', `${name}: ${stderr}`);
    },
    ['none', 'asPid1'],
  );
});

skipUnless(test, noNamespaces, 'what the command leaves behind has ended when its end is told', async () => {
  for (let times = 0; times < 10; times++) {
    const token = `ISOLATE_TEST=${process.pid}-${times}`;
    const sandbox = sandboxes.init.env({ ISOLATE_TEST: `${process.pid}-${times}` });
    const leave = 'i=0; while [ $i -lt 20 ]; do (trap "" TERM HUP; setsid sleep 100 &); i=$((i + 1)); done';
    await using running = await startScript(sandbox, `${leave}; echo ready; read line; exit 3`);
    await until(() => processesWith(token).length > 20, 'they are there');
    running.stdin?.end('end\n');
    assert.is(howItEnded(await inTime(running.exited, 'the end')), 'exit 3');
    assert.equal(processesWith(token), []);
  }
});

skipUnless(test, noNamespaces, 'a killed init is told as a command that was killed, and takes that along', async () => {
  for (const sandbox of [sandboxes.init, isolate()]) {
    await using running = await sleep(sandbox);
    const [command] = childrenOf(running.pid) as [number];
    process.kill(running.pid, 'SIGKILL');
    const exit: Exit = await inTime(running.exited, 'the end');
    assert.is(howItEnded(exit), 'signal 9');
    assert.is(exit.kind, 'signaled');
    assert.ok(isGone(command));
  }
});

skipUnless(test, noNamespaces, 'there is one process more where init is needed, and none elsewhere', async () => {
  await eachStarter(async (starter, name) => {
    const before = childrenOf(process.pid);
    await using running = await sleep(starter);
    const started = childrenOf(process.pid).filter((pid) => !before.includes(pid));
    assert.equal(started, [running.pid], name);
    const comms = [running.pid, ...childrenOf(running.pid)].map((pid) => fileOf(pid, 'comm')?.trim());
    assert.equal(comms, name === 'init' ? ['isolate-init', 'sleep'] : ['sleep'], name);
    assert.equal(childrenOf(running.pid).flatMap(childrenOf), [], name);
  });
});

// Others do not see it: a process that may not be traced has its files below /proc belong to root.
skipUnless(
  test,
  either(noNamespaces, rootOnly()),
  'init holds nothing but its line, and next to no memory',
  async () => {
    await using box = await sandboxes.init.open();
    await using served = await sandboxes.init.spawn('sleep', ['100'], { stdio: ['pipe', 'pipe', 'pipe', 'pipe'] });
    await using safe = await sleep(isolate());
    for (const { pid } of [served, safe, box]) {
      assert.is(fileOf(pid, 'comm'), 'isolate-init\n');
      const held = readdirSync(`/proc/${pid}/fd`).map((fd) => readlinkSync(`/proc/${pid}/fd/${fd}`));
      assert.is(held.length, 1, held.join());
      assert.match(held[0] as string, /^pipe:/);
      assert.is(fileOf(pid, 'environ'), '');
      assert.match(fileOf(pid, 'cmdline') as string, /^isolate-init\0\d+\0$/);
      const pss = Number(/^Pss:\s+(\d+) kB/m.exec(readFileSync(`/proc/${pid}/smaps_rollup`, 'utf8'))?.[1]);
      assert.ok(pss > 0 && pss < 64, `${pss} KiB`);
    }
  },
);

/** Python in which `tell(name, function)` notes what a function gives, or the error. */
const notes = `
import ctypes, errno, fcntl, json, os, time
told = {}
def tell(name, function):
    try: told[name] = function()
    except OSError as error: told[name] = errno.errorcode[error.errno]
libc = ctypes.CDLL(None, use_errno=True)
def seize():
    if libc.ptrace(0x4206, 1, 0, 0) < 0: raise OSError(ctypes.get_errno(), 'ptrace')
`;

skipUnless(test, noPython, 'without capabilities nothing can be had of init', async () => {
  const script = `${notes}
tell('trace', seize)
tell('memory', lambda: os.open('/proc/1/mem', os.O_RDWR))
tell('program', lambda: os.open('/proc/1/exe', os.O_RDONLY))
tell('mode', lambda: os.chmod('/proc/1/exe', 0))
tell('descriptors', lambda: [os.readlink('/proc/1/fd/' + fd) for fd in os.listdir('/proc/1/fd')])
tell('environment', lambda: open('/proc/1/environ').read())
tell('maps', lambda: open('/proc/1/maps').read())
print(json.dumps(told))`;
  assert.equal(await python(isolate(), script), {
    trace: 'EPERM',
    memory: 'EACCES',
    program: 'EACCES',
    mode: 'EACCES',
    descriptors: 'EACCES',
    environment: 'EACCES',
    maps: 'EACCES',
  });
});

skipUnless(test, noPython, 'who is root inside can neither end nor stop init', async () => {
  const script = `${notes}
for number in (9, 19, 9): tell(str(number), lambda: os.kill(1, number))
time.sleep(0.02)
told['state'] = open('/proc/1/status').read().split('State:')[1].split()[0]
print(json.dumps(told))`;
  await eachStarter(
    async (starter, name) => {
      const told = await python(starter, script);
      assert.equal(told, { 9: null, 19: null, state: 'S' }, name);
    },
    ['none', 'asPid1'],
  );
});

const rights = `${notes}
tell('write', lambda: os.open('/proc/1/exe', os.O_WRONLY))
file = os.open('/proc/1/exe', os.O_RDONLY)
tell('seals', lambda: fcntl.fcntl(file, 1034))
tell('mode', lambda: os.fchmod(file, 0))
tell('path', lambda: os.chmod('/proc/1/exe', 0o600))
print(json.dumps(told))`;

skipUnless(test, noPython, 'who is root inside cannot change what init is, for the commands after it', async () => {
  const { seals, ...told } = await python(sandboxes.init, rights);
  const contents = F_SEAL.SEAL | F_SEAL.SHRINK | F_SEAL.GROW | F_SEAL.WRITE;
  assert.is(Number(seals) & contents, contents);
  if ((Number(seals) & F_SEAL.EXEC) !== 0) {
    assert.equal(told, { write: 'ETXTBSY', mode: 'EPERM', path: 'EPERM' });
  } else {
    console.log('left out: the right to execute it: kernels before 6.3 cannot seal that');
    assert.is(told.write, 'ETXTBSY');
    return;
  }
  for (const sandbox of [sandboxes.init, isolate()]) {
    assert.is(howItEnded((await sandbox.run('true')).exit), 'exit 0');
  }
});

skipUnless(test, noPython, 'who is root inside finds nothing in init that was ours', async () => {
  const script = `${notes}
told['environment'] = open('/proc/1/environ').read()
told['mapped'] = [line.split()[-1] for line in open('/proc/1/maps') if '/' in line or '[' in line]
told['mappings'] = len(open('/proc/1/maps').read().splitlines())
print(json.dumps(told))`;
  // The secret is in the environment and in the memory of this program.
  process.env.ISOLATE_SECRET = 'not for those inside';
  try {
    const { environment, mapped, mappings } = await python(sandboxes.init.clearEnv(), script);
    assert.is(environment, '');
    const known = /^(\(deleted\)|\[(vvar|vvar_vclock|vdso|stack|vsyscall)\])$/;
    for (const what of mapped as string[]) assert.match(what, known);
    assert.is(mappings, (mapped as string[]).length);
  } finally {
    delete process.env.ISOLATE_SECRET;
  }
});

skipUnless(test, noPython, 'what is written over the line of init by who is root inside is not believed', async () => {
  const script = (byte: number) => `${notes}
while True:
    held = os.listdir('/proc/1/fd')
    if len(held) == 1: break
line = os.open('/proc/1/fd/' + held[0], os.O_WRONLY)
os.write(line, bytes([${byte}]) * 152)
os._exit(35)`;
  for (const byte of [0, 1, 2, 0x7f, 0xff]) {
    const { exit, stderr } = await sandboxes.init.run('python3', ['-c', script(byte)]);
    assert.is(howItEnded(exit), 'exit 35', stderr);
    for (const value of Object.values(exit.usage)) assert.ok(value < 2 ** 40, JSON.stringify(exit.usage));
  }
});

skipUnless(test, noNamespaces, 'SIGTERM ends the command below init, or runs its handler', async () => {
  await using plain = await sleep(isolate());
  plain.kill();
  assert.is(howItEnded(await inTime(plain.exited, 'sleep')), 'signal 15');
  const handling = 'trap "exit 3" TERM; echo ready; while :; do sleep 0.02; done';
  await using handler = await startScript(isolate(), handling);
  handler.kill();
  assert.is(howItEnded(await inTime(handler.exited, 'a handler')), 'exit 3');
});

test.run();
