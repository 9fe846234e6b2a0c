// What a command lets lie in the buffers of its connections is within its limit on memory.
import { readFileSync } from 'node:fs';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { partOf } from '../src/cgroup/part.js';
import { isolate } from '../src/index.js';
import { either, freshProcRefused, skipUnless, userNamespacesRefused } from './helpers/can.js';
import { layouts, noController, withGroup } from './helpers/groups.js';
import { noOwnGroups, ownGroups } from './helpers/own-groups.js';

const megabyte = 2 ** 20;

/** Sends to nobody who reads, over one connection after the other, until one takes nothing; tells how much all took. */
const hoarder = `
  import { connect, createServer } from 'node:net';
  import { writeSync } from 'node:fs';
  const most = Number(process.argv[1]);
  const block = Buffer.alloc(65536);
  const sockets = [];
  const server = createServer({ pauseOnConnect: true }, (socket) => sockets.push(socket.on('error', () => {})));
  await new Promise((resolve) => server.listen(0, '127.0.0.1', resolve));
  let total = 0;
  for (let before = -1; total > before && total < most; ) {
    before = total;
    const socket = connect(server.address().port, '127.0.0.1').on('error', () => {});
    sockets.push(socket);
    const flushed = () => new Promise((resolve) => socket.write(block, (error) => resolve(!error)));
    const late = new Promise((resolve) => setTimeout(resolve, 200, false));
    while (await Promise.race([flushed(), late])) total += block.length;
    writeSync(1, total + '\\n');
  }
  process.exit();
`;

skipUnless(
  test,
  either(noOwnGroups, userNamespacesRefused(), freshProcRefused(), noController('memory')),
  'memory: what lies in the buffers of TCP is within the limit',
  async () => {
    const [limit, most] = [96, 256];
    const args = ['--input-type=module', '--eval', hoarder, String(most * megabyte)];
    const { stdout, stderr, exit } = await isolate()
      .limits({ memory: { max: limit * megabyte } })
      .timeout('60s')
      .run(process.execPath, args);
    const buffered = Number(stdout.trim().split('\n').at(-1)) / megabyte;
    assert.ok(buffered > 1, stderr + JSON.stringify(exit));
    // The kernel lets each connection have a little above the limit.
    assert.ok(buffered < 1.5 * limit, `${buffered} MiB of ${limit}`);
    assert.equal(ownGroups(), []);
  },
);

for (const { name, options } of layouts()) {
  skipUnless(test, noController('memory'), `memory.max: that of TCP in v1 is changed with it (${name})`, () =>
    withGroup({ ...options, limits: { memory: { max: '64M' } } }, async (group) => {
      const { directory, version } = partOf(group.parts, 'memory') ?? {};
      if (version !== 1) return;
      const limit = () => Number(readFileSync(`${directory}/memory.kmem.tcp.limit_in_bytes`, 'utf8'));
      assert.is(limit(), 64 * megabyte);
      await group.update({ memory: { max: '32M' } });
      assert.is(limit(), 32 * megabyte);
      await group.update({ memory: { max: 'max' } });
      assert.ok(limit() > 2 ** 60);
    }),
  );
}

test.run();
