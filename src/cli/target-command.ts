import { Command, type ParseOptionsResult } from 'commander';

/**
 * A command whose first argument says where the second, a program, is run. Its options stand before the one or the other; what follows
 * the program belongs to that.
 */
export class TargetCommand extends Command {
  constructor(name: string) {
    super(name);
    this.passThroughOptions();
  }

  /** The parser would stop at the first argument: it goes on behind it, up to the second. */
  override parseOptions(argv: string[]): ParseOptionsResult {
    const first = super.parseOptions(argv);
    const [target, ...rest] = first.operands;
    if (target === undefined) return first;
    const { operands, unknown } = super.parseOptions(rest);
    return { operands: [target, ...operands], unknown };
  }
}
