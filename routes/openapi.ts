import { createRoute, type OpenAPIHono, z } from '@hono/zod-openapi';
import { answers, jsonText, resource } from '../src/http/json/responses.ts';
import { NO_QUERY } from '../src/http/query/query-parameters.ts';
import type { AppEnv } from '../src/http/service.ts';
import { VERSION } from '../src/version.ts';

const INFO = {
  title: 'cc-jobs',
  version: VERSION,
  description:
    'The job database of a ClusterCockpit installation. Unknown query parameters are rejected. Every job filter also takes ' +
    'metric.NAME=A-B, A- or -B, a range of the footprint value NAME, such as flops_any_avg.',
};

/** GET /openapi.json: documents the routes of `app` by the schemas that check requests. Made on the first request. */
export function openapi(app: OpenAPIHono<AppEnv>) {
  let text: string | undefined;
  return resource().openapi(
    createRoute({
      method: 'get',
      path: '/openapi.json',
      summary: 'Get this document',
      request: { query: NO_QUERY },
      responses: answers('OpenAPI 3.1', z.looseObject({ openapi: z.string() })),
    }),
    () => {
      text ??= `${JSON.stringify(app.getOpenAPI31Document({ openapi: '3.1.0', info: INFO }))}\n`;
      return jsonText(text);
    },
  );
}
