import type { TestApp } from './test-app.ts';

export interface Route {
  method: string;
  /** The path as declared. */
  path: string;
  /** The path of a request. */
  target: string;
}

/** All routes and pages. A path with a parameter occurs once for each of these ids. */
export function routesOf({ app }: Pick<TestApp, 'app'>, ids: readonly string[]): Route[] {
  const declared = app.routes.filter(({ method, path }) => method !== 'ALL' && !path.includes('*'));
  const once = new Map(declared.map(({ method, path }) => [`${method} ${path}`, { method, path }]));
  return [...once.values()].flatMap(({ method, path }) => {
    const targets = ids.map((id) => path.replaceAll(/:\w+(\{[^}]*\})?\??/g, id));
    return [...new Set(targets)].map((target) => ({ method, path, target }));
  });
}
