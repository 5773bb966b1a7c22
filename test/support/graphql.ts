import { bodyOf } from './test-app.ts';

interface Answer<Data> {
  errors?: { message: string; path?: unknown[]; extensions?: { code?: string } }[];
  data: Data;
}

/** The data of an answer without errors. */
export async function dataOf<Data = unknown>(answer: Response | Promise<Response>): Promise<Data> {
  const { errors, data } = await bodyOf<Answer<Data>>(await answer);
  if (errors !== undefined) throw new Error(`errors in the answer: ${JSON.stringify(errors)}`);
  return data;
}

/** The path, joined by dots, and the code of each error of an answer. */
export async function errorsOf(answer: Response | Promise<Response>): Promise<[path: string, code: string][]> {
  const { errors = [] } = await bodyOf<Answer<unknown>>(await answer);
  return errors.map(({ path = [], extensions }) => [path.join('.'), extensions?.code ?? 'none']);
}
