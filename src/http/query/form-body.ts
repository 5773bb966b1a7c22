import type { Context } from 'hono';
import { Fault } from '../../faults.ts';
import { receiveBody } from '../limits/receive-body.ts';
import type { AppEnv } from '../service.ts';

/** The limits of a form. */
export interface FormLimits {
  bytes: number;
  /** The number of fields. The time to read them grows with its square. */
  fields: number;
}

/** A form of a page: its limits, and the only way to read it. */
export interface FormBody {
  readonly limits: FormLimits;
  /**
   * Returns the fields of this request. An absent field reads as undefined. Throws body_too_large or invalid_request.
   */
  read(c: Context<AppEnv>): Promise<URLSearchParams>;
}

const AND = 0x26;

/** Reads form fields as sent by a browser, with any Content-Type. */
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
