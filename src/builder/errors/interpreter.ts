/** The interpreter that the first bytes of a script name, without its argument; undefined for what is no script. */
export function interpreterOf(head: Buffer): string | undefined {
  if (head.toString('latin1', 0, 2) !== '#!') return undefined;
  const [line = ''] = head.toString('utf8', 2).split('\n');
  return line.trim().split(/[ \t]/)[0];
}
