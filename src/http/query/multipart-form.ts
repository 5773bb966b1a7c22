import { Fault } from '../../faults.ts';
import { receiveBody } from '../limits/receive-body.ts';
import type { FormBody, FormLimits } from './form-body.ts';

/** Reads the texts of a multipart/form-data body, as `new FormData()` in a page sends it. Files are refused. */
export function multipartForm(limits: FormLimits): FormBody {
  return {
    limits,
    read: (c) =>
      receiveBody(c, limits.bytes, async (bytes) => {
        const type = c.req.header('Content-Type') ?? '';
        if (!/^multipart\/form-data\b/i.test(type)) {
          throw new Fault('invalid_request', 'send the form as multipart/form-data');
        }
        const fields = await textsOf(bytes, type);
        if (fields.length > limits.fields) {
          throw new Fault('invalid_request', `the form has more than ${limits.fields} fields`);
        }
        return new URLSearchParams(fields);
      }),
  };
}

async function textsOf(bytes: Uint8Array, type: string): Promise<[string, string][]> {
  const body = new Response(new Uint8Array(bytes), { headers: { 'Content-Type': type } });
  const form = await body.formData().catch((cause: unknown) => {
    throw new Fault('invalid_request', 'the form is not valid multipart/form-data', { cause });
  });
  return [...form].map(([name, value]) => {
    if (typeof value === 'string') return [name, value];
    throw new Fault('invalid_request', `field ${name.slice(0, 100)} must be a text, not a file`);
  });
}
