// Attacks from inside a box, on commands that are being started in it and on the program that starts them.
import { randomBytes } from 'node:crypto';
import { once, setMaxListeners } from 'node:events';
import { readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout } from 'node:timers/promises';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { bare, boxNames, findBox, isolate } from '../src/index.js';
import { AF, bind, close, listen, SOCK, socket, unixAddress } from '../src/sys/index.js';
import {
  commandMissing,
  either,
  freshProcRefused,
  kernelBefore,
  skipUnless,
  userNamespacesRefused,
} from './helpers/can.js';
import { foldersFor } from './helpers/folder.js';
import { assertSameHost, hostState } from './helpers/host-state.js';
import { inTime } from './helpers/in-time.js';
import { isGone, printedIn, rejection, until } from './helpers/places.js';

const folder = foldersFor(test);
const noProc = either(userNamespacesRefused(), freshProcRefused());
/** Has every capability in the user namespace that the commands join. */
const rootInside = bare().unshare('user', 'mount', 'pid').mapRoot();

/**
 * Looks into every process that there is, over and over. It tells how often one of ours that was not the command yet could be looked
 * into, and in whose memory it found a text. The texts are given backwards, so that it does not find them in what it was given itself.
 */
const spy = String.raw`
import ctypes, json, os, signal, sys
secret, mark = (text[::-1].encode() for text in sys.argv[1:3])
libc = ctypes.CDLL(None, use_errno=True)
libc.ptrace.argtypes = [ctypes.c_long, ctypes.c_long, ctypes.c_void_p, ctypes.c_void_p]
told = {'joining': 0, 'refused': 0, 'opened': [], 'secret': [], 'mark': 0, 'others': 0}
going = True
def stop(*_):
    global going
    going = False
signal.signal(signal.SIGTERM, stop)

def is_init(pid):
    with open(f'/proc/{pid}/comm') as file: return file.read() == 'isolate-init\n'

def tries(pid):
    def trace():
        if libc.ptrace(0x4206, pid, None, None) < 0: raise OSError(ctypes.get_errno(), 'ptrace')
        libc.ptrace(0x4207, pid, None, None)
        os.waitpid(pid, 0x40000000)
        libc.ptrace(17, pid, None, None)
    def vm():
        class iovec(ctypes.Structure): _fields_ = [('base', ctypes.c_void_p), ('size', ctypes.c_size_t)]
        to, source = iovec(ctypes.cast(ctypes.create_string_buffer(8), ctypes.c_void_p), 8), iovec(0x1000000000, 8)
        if libc.process_vm_readv(pid, ctypes.byref(to), 1, ctypes.byref(source), 1, 0) < 0:
            if ctypes.get_errno() == 1: raise OSError(1, 'process_vm_readv')
    yield 'mem', lambda: os.close(os.open(f'/proc/{pid}/mem', os.O_RDWR))
    yield 'environ', lambda: open(f'/proc/{pid}/environ', 'rb').read()
    yield 'auxv', lambda: open(f'/proc/{pid}/auxv', 'rb').read()
    yield 'fd', lambda: os.readlink(f'/proc/{pid}/fd/0')
    yield 'open fd', lambda: os.close(os.open(f'/proc/{pid}/fd/0', os.O_RDONLY))
    yield 'exe', lambda: os.readlink(f'/proc/{pid}/exe')
    yield 'cwd', lambda: os.readlink(f'/proc/{pid}/cwd')
    yield 'root', lambda: os.readlink(f'/proc/{pid}/root')
    yield 'ptrace', trace
    yield 'process_vm_readv', vm

def scan(pid):
    with open(f'/proc/{pid}/maps') as maps, open(f'/proc/{pid}/mem', 'rb', 0) as mem:
        for line in maps:
            span, rights = line.split()[:2]
            start, end = (int(side, 16) for side in span.split('-'))
            if rights[0] != 'r' or end - start > 1 << 24 or '[v' in line: continue
            try:
                mem.seek(start)
                found = mem.read(end - start)
            except OSError:
                continue
            if secret in found: told['secret'].append(line)
            if mark in found: told['mark'] += 1

print('ready', flush=True)
while going:
    for name in os.listdir('/proc'):
        if not name.isdigit() or int(name) == os.getpid(): continue
        pid = int(name)
        try:
            if pid == 1 or not is_init(pid):
                scan(pid)
                told['others'] += 1
                continue
            told['joining'] += 1
            for what, act in tries(pid):
                try:
                    act()
                    # It may have become the command meanwhile, which may be looked into.
                    if is_init(pid): told['opened'].append(what)
                except OSError as error:
                    if error.errno in (1, 13): told['refused'] += 1
        except (OSError, ValueError):
            pass
print(json.dumps(told), flush=True)
`;

interface Told {
  readonly joining: number;
  readonly refused: number;
  readonly opened: readonly string[];
  readonly secret: readonly string[];
  readonly mark: number;
  readonly others: number;
}

const backwards = (text: string) => [...text].reverse().join('');

skipUnless(
  test,
  either(noProc, commandMissing('python3')),
  'root inside cannot look into what joins the box, and finds nothing of this program',
  async () => {
    const secret = randomBytes(16).toString('hex');
    // Where a launch of ours has it, if anywhere: in strings, in Buffers, in what is laid out for the launcher.
    const kept = [Buffer.from(secret), { secret }];
    await bare().env({ SECRET: secret }).run('true');
    const mark = randomBytes(16).toString('hex');
    await using box = await rootInside.open();
    const watcher = await box.spawn('python3', ['-c', spy, backwards(secret), backwards(mark)], {
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    let printed = '';
    watcher.stdout?.on('data', (chunk) => {
      printed += chunk;
    });
    await inTime(once(watcher.stdout as NodeJS.EventEmitter, 'data'), 'the spy');
    for (let i = 0; i < 50; i++) {
      await Promise.all(
        [1, 2, 3, 4].map(() => box.run('sleep', ['0.02', ...new Array(i % 2).fill('0')], { stdio: 'ignore' })),
      );
      await box.run('env', [`MARK=${mark}`, 'sleep', '0.01']);
    }
    const ended = once(watcher.stdout as NodeJS.EventEmitter, 'end');
    watcher.kill('SIGTERM');
    await inTime(Promise.all([watcher.exited, ended]), 'the spy');
    const told: Told = JSON.parse(printed.split('\n')[1] as string);
    console.log(`${told.joining} looks into what joined, ${told.refused} tries refused; ${told.others} into others`);
    assert.equal(told.opened, []);
    assert.equal(told.secret, []);
    assert.ok(told.joining > 0 && told.refused > 0, 'it met processes that were joining');
    assert.ok(told.mark > 0, 'it can look into commands, and finds what is there');
    assert.is(kept.length, 2);
  },
);

/** Traces a process, and never waits for it. */
const tracer = `
import ctypes, sys, time
libc = ctypes.CDLL(None, use_errno=True)
libc.ptrace.argtypes = [ctypes.c_long, ctypes.c_long, ctypes.c_void_p, ctypes.c_void_p]
print(libc.ptrace(0x4206, int(sys.argv[1]), None, None), flush=True)
time.sleep(1000)
`;

skipUnless(
  test,
  either(noProc, commandMissing('python3')),
  'who traces a command, and does not let go of it, keeps this program from nothing',
  async () => {
    const before = hostState();
    await using box = await rootInside.open();
    const traced = await box.spawn('sh', ['-c', 'echo $$; read -r line'], { stdio: ['pipe', 'pipe', 'inherit'] });
    const [pid] = await inTime(once(traced.stdout as NodeJS.EventEmitter, 'data'), 'the command');
    const tracing = await box.spawn('python3', ['-c', tracer, String(pid).trim()], {
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    const [result] = await inTime(once(tracing.stdout as NodeJS.EventEmitter, 'data'), 'the tracer');
    assert.is(String(result).trim(), '0');
    traced.stdin?.end();
    await until(() => isGone(traced.pid), 'the command');
    const { eventLoopUtilization } = performance;
    const start = eventLoopUtilization();
    await setTimeout(500);
    assert.ok(eventLoopUtilization(start).utilization < 0.5, 'it does not ask again and again');
    tracing.kill('SIGKILL');
    assert.is((await inTime(traced.exited, 'the command')).kind, 'exited');
    await inTime(box.close(), 'close');
    // Their streams are closed, too.
    for (const running of [traced, tracing]) await inTime(running[Symbol.asyncDispose](), 'dispose');
    assertSameHost(before, 'after it');
  },
);

skipUnless(test, noProc, 'nobody inside can change the program that init is', async () => {
  const script = 'chmod 0 /proc/1/exe; (: > /proc/1/exe); stat -L -c %a /proc/1/exe';
  const { stdout } = await rootInside.run('sh', ['-c', `${script} 2>&1`]);
  // Before, a mode cannot be sealed: it is set right for the next command.
  if (kernelBefore(6, 3, 'a sealed mode') === undefined) assert.match(stdout, /777\n$/);
  await using box = await rootInside.open();
  await box.run('sh', ['-c', script]);
  assert.is(await printedIn(box, 'echo output'), 'output');
  assert.is(await printedIn(isolate(), 'echo output'), 'output');
});

/** Takes the descriptor by which init holds the name of the box, and tells what it can do with it: `ok`, or an error. */
const taker = String.raw`
import array, errno, fcntl, json, os, socket, sys
told = {}
def tries(what, act):
    try:
        act()
        told[what] = 'ok'
    except OSError as error:
        told[what] = errno.errorcode[error.errno]
for what, flags in {'read': os.O_RDONLY, 'write': os.O_WRONLY, 'append': os.O_WRONLY | os.O_APPEND}.items():
    tries(what, lambda: os.close(os.open('/proc/1/fd/0', flags)))
tries('truncate', lambda: os.truncate('/proc/1/fd/0', 5))
tries('chmod', lambda: os.chmod('/proc/1/fd/0', 0))
import ctypes
libc = ctypes.CDLL(None, use_errno=True)
fd = libc.syscall(438, libc.syscall(434, 1, 0), 0, 0)
if fd < 0: raise OSError(ctypes.get_errno(), 'pidfd_getfd')
tries('fchmod', lambda: os.fchmod(fd, 0))
tries('ftruncate', lambda: os.ftruncate(fd, 5))
tries('unlock', lambda: fcntl.flock(fd, fcntl.LOCK_UN))
tries('SIOCUNIXFILE', lambda: fcntl.ioctl(fd, 0x89e0))
tries('SIOCGSKNS', lambda: fcntl.ioctl(fd, 0x894c))
taken = socket.socket(fileno=fd)
told['name'] = taken.getsockname()
tries('connect', lambda: taken.connect('\0' + sys.argv[1]))
tries('send', lambda: taken.send(b'text'))
tries('listen', lambda: taken.listen(1000))
if len(sys.argv) > 2: tries('shutdown', lambda: taken.shutdown(socket.SHUT_RDWR))
print(json.dumps(told))
`;

skipUnless(
  test,
  either(noProc, commandMissing('python3')),
  'who can open what init holds reaches no file of the host by the name of the box',
  async () => {
    const before = process.env.XDG_RUNTIME_DIR;
    const runtime = folder();
    process.env.XDG_RUNTIME_DIR = runtime;
    const listener = socket(AF.UNIX, SOCK.STREAM | SOCK.CLOEXEC, 0);
    try {
      const sandbox = isolate().mapRoot().capabilities(['CAP_SYS_PTRACE']);
      await using box = await sandbox.open({ name: 'taken' });
      const state = join(runtime, 'isolate');
      const files = () =>
        readdirSync(state).map((name) => {
          const { mode, uid, size, mtimeMs } = statSync(join(state, name));
          return { name, mode, uid, size, mtimeMs };
        });
      const host = files();
      assert.equal(
        host.map(({ name }) => name),
        ['.lock', 'taken.json', 'taken.sock'],
      );
      const abstract = `isolate-taken-${process.pid}`;
      bind(listener, unixAddress(`@${abstract}`));
      listen(listener, 5);
      const takes = async (...more: string[]) =>
        JSON.parse(await printedIn(box, 'exec "$@"', 'python3', '-c', taker, abstract, ...more));
      const { name, ...told } = await takes();
      assert.match(name, /^\/proc\/self\/fd\/\d+\/\.new-sock$/);
      assert.equal(told, {
        read: 'ENXIO',
        write: 'ENXIO',
        append: 'ENXIO',
        truncate: 'EINVAL',
        // Of the socket itself, which nobody ever asks for its mode.
        chmod: 'ok',
        fchmod: 'ok',
        ftruncate: 'EINVAL',
        unlock: 'ok',
        SIOCUNIXFILE: 'EPERM',
        SIOCGSKNS: 'EPERM',
        // Somebody listens there: it could reach the host's abstract sockets, if it did not listen itself.
        connect: 'EINVAL',
        send: 'ENOTCONN',
        listen: 'ok',
      });
      assert.equal(files(), host);
      assert.equal(await boxNames(), ['taken']);
      (await findBox('taken')).leave();
      const opens = async () => (await rejection(sandbox.open({ name: 'taken' }))).code;
      assert.is(await opens(), 'ERR_ISOLATE_NAME_TAKEN');

      // As those of another PID namespace see it.
      const path = join(state, 'taken.json');
      const note = readFileSync(path, 'utf8');
      const { holder, spec } = JSON.parse(note);
      const elsewhere = JSON.stringify({ holder: { ...holder, pidNamespace: 1 }, spec });
      writeFileSync(path, elsewhere);
      for (let times = 0; times < 3; times++) assert.is(await opens(), 'ERR_ISOLATE_NAME_TAKEN');
      // The one thing that is left to do: there the name is lost, and here it is not.
      writeFileSync(path, note);
      assert.is((await takes('shutdown')).shutdown, 'ok');
      assert.equal(await boxNames(), ['taken']);
      assert.is(await opens(), 'ERR_ISOLATE_NAME_TAKEN');
      writeFileSync(path, elsewhere);
      assert.equal(await boxNames(), []);
      assert.equal(readdirSync(state), ['.lock']);
    } finally {
      close(listener);
      if (before === undefined) delete process.env.XDG_RUNTIME_DIR;
      else process.env.XDG_RUNTIME_DIR = before;
    }
  },
);

/** Stops every other process as soon as it is there: the next ones have the next ids. */
const stopper = `
  const { readdirSync } = require('fs');
  const own = Math.max(...readdirSync('/proc/self/task').map(Number));
  const ids = () => readdirSync('/proc').map(Number).filter((id) => id > 0);
  console.log('ready');
  for (;;) {
    const next = Math.max(own, ...ids()) + 1;
    for (let times = 0; times < 30; times++) for (let id = next; id < next + 8; id++) process._kill(id, 19);
  }
`;

for (const [how, end] of [
  ['the box is closed', 'close'],
  ['they are aborted', 'abort'],
  ['their time is over', 'timeout'],
] as const) {
  skipUnless(test, noProc, `who stops all commands in a box stops no others: ${how}`, async () => {
    await Promise.all(Array.from({ length: 8 }, () => isolate().run('true')));
    const before = hostState();
    await using box = await isolate().open();
    const attacker = await box.spawn(process.execPath, ['-e', stopper], { stdio: ['ignore', 'pipe', 'inherit'] });
    await inTime(once(attacker.stdout as NodeJS.EventEmitter, 'data'), 'the attacker');
    const controller = new AbortController();
    const { signal } = controller;
    setMaxListeners(0, signal);
    // Long enough to see that they are stopped.
    const timeout = end === 'timeout' ? '5s' : false;
    const pending = new Set<Promise<unknown>>();
    const codes: unknown[] = [];
    const launches = async () => {
      for (let i = 0; i < 16; i++) {
        const spawned: Promise<unknown> = box
          .spawn('true', [], { stdio: 'ignore', signal, timeout })
          .catch((error) => codes.push(error.code))
          .finally(() => pending.delete(spawned));
        pending.add(spawned);
      }
      await setTimeout(50);
      // Those that are not stopped, but slow, have ended by then.
      if (pending.size >= 4) await setTimeout(1000);
    };
    // One more than are launched at once.
    for (let times = 0; times < 200 && pending.size < 4; times++) await launches();
    assert.ok(pending.size >= 4, `${pending.size} commands were stopped before they began`);

    const others = Array.from({ length: 10 }, () => printedIn(isolate(), 'echo output'));
    assert.equal(await inTime(Promise.all(others), 'commands elsewhere'), new Array(10).fill('output'));
    assert.ok(end === 'timeout' || pending.size >= 4, 'they are still stopped');
    if (end === 'abort') controller.abort();
    if (end !== 'close') await inTime(Promise.all(pending), 'the commands that were ended');
    if (end === 'timeout') assert.ok(codes.filter((code) => code === 'ERR_ISOLATE_TIMEOUT').length >= 4, codes.join());
    await inTime(box.close(), 'close');
    await inTime(Promise.all(pending), 'the commands');
    assertSameHost(before, 'after it');
  });
}

test.run();
