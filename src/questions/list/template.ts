import type { PageStatement, SqlValue } from '../../db/statement.ts';

/**
 * A statement made once for many batches, which differ in a few values: to make its text for each costs 0.15 ms of the 4 ms that a
 * batch takes. It is made with stand-ins for those values, which `filled` puts in their place.
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

/** Stand for values among the parameters: symbols, since no value of a caller is one. */
export type StandIns<Name extends string> = Readonly<Record<Name, never>>;

export function standIns<Name extends string>(...names: Name[]): StandIns<Name> {
  return Object.fromEntries(names.map((name) => [name, Symbol(name)])) as unknown as StandIns<Name>;
}
