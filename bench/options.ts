import { parseArgs } from 'node:util';

/** What the command line asks for. */
export interface Options {
  readonly quick: boolean;
  /** Only what has this word in its name is measured, and what it is compared with. */
  readonly only: string | undefined;
}

const help = `npm run bench -- [--quick] [--only WORD]

  --quick      fewer rounds: a minute at most, and noisier
  --only WORD  only what has WORD in the name of its part, program or contestant:
               --only heap, --only at-once, --only steps, --only limits, --only bwrap, --only nothing`;

export function readOptions(args: readonly string[]): Options {
  try {
    const { values } = parseArgs({
      args: [...args],
      options: { quick: { type: 'boolean' }, only: { type: 'string' }, help: { type: 'boolean' } },
    });
    if (values.help !== true) return { quick: values.quick === true, only: values.only };
    console.log(help);
    process.exit(0);
  } catch (error) {
    console.error(`${(error as Error).message}\n\n${help}`);
    process.exit(2);
  }
}
