// What `npm run test:kernels` makes of its words. That it runs what it is told to is seen when it does.
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { readOptions } from '../scripts/kernels/options.mjs';
import { quoted } from '../scripts/kernels/shell.mjs';

const testsWith = (...words: string[]) => [process.execPath, '--import', 'tsx', 'test/run.ts', ...words];

test('without words: the tests of control groups on user-mode Linux, as root, and then under systemd as a user', () => {
  const { runs, words } = readOptions([]);
  assert.equal(runs, [
    { kernel: 'uml', systemd: false, uid: 0 },
    { kernel: 'uml', systemd: true, uid: 1000 },
  ]);
  assert.equal(words, testsWith('cgroup'));
});

test('words are names of test files, and --all is all of them', () => {
  assert.equal(readOptions(['join', '--console', 'init']).words, testsWith('join', 'init'));
  assert.equal(readOptions(['--all']).words, testsWith());
});

test('what comes after -- is a command, options and all', () => {
  assert.equal(readOptions(['--systemd', '--', 'ls', '--all', '--', 'x']).words, ['ls', '--all', '--', 'x']);
});

test('one way of running, on each kernel that is named', () => {
  assert.equal(readOptions(['--kernel', '5.10', '--kernel', '6.12', '--user', '7']).runs, [
    { kernel: '5.10', systemd: false, uid: 7 },
    { kernel: '6.12', systemd: false, uid: 7 },
  ]);
  assert.equal(readOptions(['--systemd']).runs, [{ kernel: 'uml', systemd: true, uid: 0 }]);
});

for (const [args, complaint] of [
  [['--kernel', '2.4'], '--kernel 2.4: there are uml, 5.10'],
  [['--user', 'root'], '--user root: it is not the number of a user'],
  [['--timeout', 'soon'], '--timeout soon: it is not a number of seconds'],
  [['--all', 'join'], 'join: either --all or some of the test files'],
  [['join', '--', 'ls'], 'join: either test files or, after --, a command'],
  [['--'], 'there is no command after --'],
  [['--knel'], '--knel'],
] as const) {
  test(`${args.join(' ')} is refused`, () => {
    assert.throws(
      () => readOptions([...args]),
      ({ message }: Error) => message.includes(complaint),
    );
  });
}

test('a word is the same word in a shell', () => {
  assert.is(quoted("it's $HOME"), `'it'\\''s $HOME'`);
});

test.run();
