import type { PageStatement, SqlValue } from '../../db/statement.ts';

/**
 * A statement that is built once for many batches with a few different values. Building its text takes 0.15 ms of the 4
 * ms of a batch. It is built with placeholders, which `filled` replaces by the values.
 */
export class Template<More, Name extends string> {
  readonly #statement: PageStatement<More>;
  readonly #slots: readonly { at: number; name: Name }[];

  constructor(standIns: StandIns<Name>, statement: PageStatement<More>) {
    this.#statement = statement;
    const names = new Map<unknown, Name>();
    for (const name of Object.keys(standIns) as Name[]) names.set(standIns[name], name);
    this.#slots = statement.parameters.flatMap((value, at) => {
      const name = names.get(value);
      return name === undefined ? [] : [{ at, name }];
    });
  }

  filled(values: Readonly<Record<Name, SqlValue>>): PageStatement<More> {
    const parameters = [...this.#statement.parameters];
    for (const { at, name } of this.#slots) parameters[at] = values[name];
    return { ...this.#statement, parameters };
  }
}

/** Placeholders for parameter values. They are symbols, so they differ from all values of callers. */
export type StandIns<Name extends string> = Readonly<Record<Name, never>>;

export function standIns<Name extends string>(...names: Name[]): StandIns<Name> {
  return Object.fromEntries(names.map((name) => [name, Symbol(name)])) as unknown as StandIns<Name>;
}
