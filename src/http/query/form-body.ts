import type { Context } from 'hono';
import { Fault } from '../../faults.ts';
import type { AppEnv } from '../env.ts';
import { receiveBody } from '../limits/receive-body.ts';

/** What a form may have. */
export interface FormLimits {
  bytes: number;
  /** Fields: reading them takes time that grows with the square of their number. */
  fields: number;
}

/** A form of a page: what it may have, and the only way to read it. */
export interface FormBody {
  readonly limits: FormLimits;
  /** The fields of this request, of which one that is not there reads as undefined. Throws body_too_large or invalid_request. */
  read(c: Context<AppEnv>): Promise<URLSearchParams>;
}

const AND = 0x26;

/** Form fields as a browser sends them, whatever the Content-Type. */
export function formBody(limits: FormLimits): FormBody {
  return {
    limits,
    read: (c) =>
      receiveBody(c, limits.bytes, async (bytes) => {
        const fields = bytes.reduce((count, byte) => (byte === AND ? count + 1 : count), 1);
        if (fields > limits.fields) {
          throw new Fault('invalid_request', `the form has more than ${limits.fields} fields`);
        }
        return new URLSearchParams(new TextDecoder().decode(bytes));
      }),
  };
}
