import { LastContact } from '../../../contact-with-other-system.ts';
import type { OidcStatus } from '../../../system-state-types.ts';

/** What is known of the provider of OIDC_PROVIDER. The library is not loaded for it. */
export class OidcContacts {
  /** OIDC_PROVIDER. */
  readonly provider: string;
  readonly discovery = new LastContact();
  readonly keys = new LastContact();

  constructor(provider: string) {
    this.provider = provider;
  }

  status(): OidcStatus {
    const { host } = new URL(this.provider);
    return { issuer: host, discovery: this.discovery.status(), keys: this.keys.status() };
  }
}
