// Sizes and lengths of time, as people write them.
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { shown } from '../src/sys/shown.js';
import { parseDuration, parseSize } from '../src/units/index.js';

const [K, M, G, T] = [2n ** 10n, 2n ** 20n, 2n ** 30n, 2n ** 40n];

for (const [size, bytes] of [
  [0, 0n],
  [4096, 4096n],
  ['4096', 4096n],
  ['512B', 512n],
  ['64K', 64n * K],
  ['256M', 256n * M],
  ['256m', 256n * M],
  ['512MB', 512n * M],
  ['512mb', 512n * M],
  ['256MiB', 256n * M],
  ['2G', 2n * G],
  ['1.5G', (3n * G) / 2n],
  ['.5G', G / 2n],
  ['0.25TiB', T / 4n],
  ['0.3K', 307n],
  ['0.0', undefined],
  ['0.0M', 0n],
  ['0.0001K', undefined],
  ['1.5', undefined],
  ['1.5B', undefined],
  ['1.G', undefined],
  ['.', undefined],
  ['', undefined],
  ['M', undefined],
  ['MB', undefined],
  ['5iB', undefined],
  ['1P', undefined],
  ['1 G', undefined],
  ['-1', undefined],
  ['1e6', undefined],
  ['50%', undefined],
  ['max', undefined],
  [-1, undefined],
  [1.5, undefined],
  [Number.NaN, undefined],
  [Number.POSITIVE_INFINITY, undefined],
  [['256M'], undefined],
  [{ toString: () => '256M' }, undefined],
  [5n, undefined],
  [null, undefined],
] as const) {
  test(`the size ${shown(size)}`, () => assert.is(parseSize(size as string), bytes));
}

test('a length of time is a number or text, and nothing that would become such', () => {
  assert.is(parseDuration('1.5m'), 90_000);
  assert.is(parseDuration(5), 5);
  for (const none of [['5s'], null, 5n, { toString: () => '5s' }, '5', Number.NaN]) {
    assert.is(parseDuration(none as string), undefined, shown(none));
  }
});

test('what was given is shown as it is', () => {
  const round: unknown[] = [];
  round.push(round);
  for (const [given, text] of [
    [Number.NaN, 'NaN'],
    [Number.POSITIVE_INFINITY, 'Infinity'],
    [undefined, 'undefined'],
    [null, 'null'],
    ['a "b"', '"a \\"b\\""'],
    [5n, '5n'],
    [[Number.NaN, 'a'], '["NaN","a"]'],
    [{ a: 5n }, '{"a":"5n"}'],
    [round, 'a list'],
    [() => 5, 'a function'],
    [Symbol('x'), 'Symbol(x)'],
  ] as const) {
    assert.is(shown(given), text);
  }
});

test.run();
