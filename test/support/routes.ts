import type { TestApp } from './test-app.ts';

export interface Route {
  method: string;
  /** As it is declared. */
  path: string;
  /** The path of a request. */
  target: string;
}

/** Every route and page there is; one whose path has a parameter once for each of these ids. */
export function routesOf({ app }: Pick<TestApp, 'app'>, ids: readonly string[]): Route[] {
  const declared = app.routes.filter(({ method, path }) => method !== 'ALL' && !path.includes('*'));
  const once = new Map(declared.map(({ method, path }) => [`${method} ${path}`, { method, path }]));
  return [...once.values()].flatMap(({ method, path }) => {
    const targets = ids.map((id) => path.replaceAll(/:\w+(\{[^}]*\})?\??/g, id));
    return [...new Set(targets)].map((target) => ({ method, path, target }));
  });
}
