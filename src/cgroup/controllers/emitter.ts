import type { CgroupRefusal, CgroupValue, ControllerName, Emission, Problem } from './controller.js';

/** What reading something that a person wrote gives. */
export type Read<T> = { readonly value: T } | Problem;

type More = Pick<CgroupValue, 'key' | 'reset' | 'also' | 'missing' | 'confirm'>;

/** Collects what a controller emits. */
export class Emitter implements Emission {
  readonly values: CgroupValue[] = [];
  readonly refusals: CgroupRefusal[] = [];
  readonly #controller: ControllerName;
  readonly #documentation: string;

  constructor(controller: ControllerName, documentation: string) {
    this.#controller = controller;
    this.#documentation = documentation;
  }

  put(field: string, file: string, value: string, more: More = {}): void {
    const common = { controller: this.#controller, documentation: this.#documentation };
    this.values.push({ ...common, file, value, field: this.#named(field), ...more });
  }

  refuse(field: string, problem: string, help?: string): void {
    this.refusals.push({ field: this.#named(field), problem, ...(help === undefined ? {} : { help }) });
  }

  /** Reads a limit: undefined where it is not given, or was refused. */
  read<In, Out>(field: string, input: In | undefined, reader: (input: In) => Read<Out>): Out | undefined {
    if (input === undefined) return undefined;
    const read = reader(input);
    if ('value' in read) return read.value;
    this.refuse(field, read.problem, read.help);
    return undefined;
  }

  #named(field: string): string {
    return field === '' ? this.#controller : `${this.#controller}.${field}`;
  }
}
