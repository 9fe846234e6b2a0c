// What the machine reports on its serial line, for people: a line for each check, and the sum.

/** What a line of the report begins with: guest/check.mjs writes it. */
const mark = '@check ';

/** How much of all else that the machine prints is kept, for when it fails. */
const mostLines = 30;

export class Report {
  #passed = 0;
  #failed = 0;
  /** How many checks the machine has still to report. */
  #due = 0;
  #ended = false;
  #complaints = '';
  #lastLines = [];

  line(text) {
    const start = text.indexOf(mark);
    if (start < 0) {
      this.#lastLines = [...this.#lastLines, text].slice(-mostLines);
      return;
    }
    const message = JSON.parse(text.slice(start + mark.length));
    if (message.heading !== undefined) console.log(`\n${message.heading}`);
    if (message.due !== undefined) this.#due += message.due;
    if (message.name !== undefined) this.#check(message);
    if (message.ended !== undefined) this.#ended = message.ended === 0;
  }

  /** What qemu itself says, as that it does not know an option. */
  complaint(text) {
    this.#complaints += text;
  }

  /** Prints the sum. Whether all is well: there were checks, all that were announced, and none failed. */
  finish(reason) {
    const problem = reason ?? this.#whatIsMissing();
    if (problem !== undefined) {
      this.#failed += Math.max(1, this.#due);
      console.log(`\nFAILED  ${problem}`);
      this.#showLastLines();
    }
    console.log(`\n${Math.round(performance.now() / 1000)} s in all`);
    console.log(`${this.#passed} passed, ${this.#failed} failed`);
    return this.#failed === 0 && this.#passed > 0;
  }

  #whatIsMissing() {
    if (this.#due > 0) return `the machine ended before ${this.#due} of the checks`;
    return this.#ended ? undefined : 'the checks in the machine did not come to their end';
  }

  #showLastLines() {
    const lines = [...this.#lastLines, ...this.#complaints.trim().split('\n')].filter((line) => line !== '');
    if (lines.length > 0)
      console.log(`the last that the machine printed:\n${lines.map((line) => `  ${line}`).join('\n')}`);
  }

  #check({ name, error, shows, milliseconds }) {
    this.#due--;
    if (error === undefined) {
      this.#passed++;
      console.log(`  ok      ${name}  (${milliseconds} ms)`);
    } else {
      this.#failed++;
      console.log(`  FAILED  ${name}  (${milliseconds} ms)`);
    }
    for (const line of (error ?? shows ?? '').split('\n')) if (line !== '') console.log(`            ${line}`);
  }
}
