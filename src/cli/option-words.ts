/** Hints of the library that name what a program would write, and how the command line has it. */
const words: readonly (readonly [ofLibrary: string, ofOptions: string])[] = [
  ['; or say that direct and synchronous writes are enough: io: { directOnly: true, devices: … }', ''],
  ['or let one be made: .cgroup({ parent, name })', 'or have one made in a group above: --cgroup with a limit'],
  [".limits(…, { fallback: 'rlimit' }), or --rlimit-fallback", '--rlimit-fallback'],
  ['or add .uid(…)', 'or add --uid'],
  ["use .proc(false), or .share('pid')", 'use --no-proc, or --share pid'],
  [".share('cgroup', 'net')", '--share cgroup,net'],
];

/** What the library says, in the words of the command line. */
export function inOptions(message: string): string {
  return words.reduce((text, [ofLibrary, ofOptions]) => text.replaceAll(ofLibrary, ofOptions), message);
}
