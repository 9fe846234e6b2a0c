// Listening sockets that a command takes over: the protocol of sd_listen_fds(3), as a service would use it.
import { once } from 'node:events';
import { connect, createServer, type Server } from 'node:net';
import { tmpdir } from 'node:os';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { bare, isolate, type Sandbox, SpecError } from '../src/index.js';
import { commandMissing, either, freshProcRefused, skipUnless, userNamespacesRefused } from './helpers/can.js';

const noProc = either(userNamespacesRefused(), freshProcRefused());

async function listening(): Promise<Server> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  return server;
}

const tell = 'echo $$ $LISTEN_PID $LISTEN_FDS $LISTEN_FDNAMES; ls -l /proc/self/fd | grep -c socket:';

const places: Record<
  string,
  { readonly sandbox: Sandbox; readonly pid: RegExp; readonly reason?: string | undefined }
> = {
  'without namespaces': { sandbox: bare(), pid: /^(\d+)$/ },
  'below an init': { sandbox: isolate(), pid: /^2$/, reason: noProc },
  'as process 1': { sandbox: isolate().asPid1(), pid: /^1$/, reason: noProc },
};

for (const [place, { sandbox, pid, reason }] of Object.entries(places)) {
  skipUnless(test, reason, `${place}: the command knows its sockets, and that they are meant for it`, async () => {
    const [one, other] = [await listening(), await listening()];
    try {
      // Twice: the second start of the same command is laid out already.
      for (let i = 0; i < 2; i++) {
        const { stdout, stderr } = await sandbox
          .env({ LISTEN_PID: '7', LISTEN_FDS: '99' })
          .run('sh', ['-c', tell], { listen: [one, { socket: other, name: 'http' }] });
        const [own, told, count, names, sockets] = stdout.split(/\s/);
        assert.is(told, own, stderr);
        assert.match(own as string, pid);
        assert.equal([count, names, sockets], ['2', 'unknown:http', '2']);
      }
    } finally {
      one.close();
      other.close();
    }
  });
}

skipUnless(test, noProc, 'in a box: the pid is that in the box', async () => {
  const server = await listening();
  await using box = await isolate().open();
  const { stdout } = await box.run('sh', ['-c', tell], { listen: [server] });
  const [own, told] = stdout.split(/\s/);
  assert.is(told, own);
  server.close();
});

skipUnless(test, commandMissing('python3'), 'a service answers on the socket that it was handed', async () => {
  const server = await listening();
  const { port } = server.address() as { port: number };
  const script = [
    'import os, socket',
    'assert os.environ["LISTEN_PID"] == str(os.getpid()) and os.environ["LISTEN_FDS"] == "1"',
    'listener = socket.socket(fileno=3)',
    'listener.setblocking(True)',
    'connection, _ = listener.accept()',
    'connection.sendall(b"served by " + str(os.getpid()).encode())',
  ].join('\n');
  await using running = await bare().spawn('python3', ['-c', script], { stdio: 'ignore', listen: [server] });
  server.close();
  const client = connect(port, '127.0.0.1');
  const chunks: Buffer[] = [];
  for await (const chunk of client) chunks.push(chunk as Buffer);
  assert.is(Buffer.concat(chunks).toString(), `served by ${running.pid}`);
  assert.is((await running.exited).kind, 'exited');
});

test('what cannot be handed over is refused', async () => {
  const refused = async (start: () => unknown, says: RegExp) => {
    try {
      await start();
      assert.unreachable(String(says));
    } catch (error) {
      assert.instance(error, SpecError, String(error));
      assert.is((error as SpecError).field, 'listen');
      assert.match((error as SpecError).message, says);
    }
  };
  await refused(() => bare().listen({ fd: -1 }), /no descriptor/);
  await refused(() => bare().listen({ fd: 3, name: 'a:b' }), /without a colon/);
  await refused(() => bare().listen({ fd: 3, name: '' }), /no name/);
  await refused(() => bare().run('true', [], { listen: [createServer()] }), /does not listen[\s\S]*'listening'/);
  await refused(
    () => bare().plan('true').steps && bare().stdio(['ignore', 1, 2, 'pipe']).listen({ fd: 0 }).plan('true'),
    /stdio/,
  );
});

test('.listen() is data, and explained', () => {
  const sandbox = bare().cwd(tmpdir()).listen({ fd: 0, name: 'web' });
  assert.equal(sandbox.spec.listen, [{ fd: 0, name: 'web' }]);
  assert.match(sandbox.explain('true'), /getpid\(\)\n.*LISTEN_PID/);
});

test.run();
