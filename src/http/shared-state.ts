import type { Gate } from '../concurrency-gate.ts';
import { JobQuestions } from '../questions/ask.ts';
import { Partitions } from '../questions/partitions/partitions.ts';
import { OidcContacts } from './auth/oidc/oidc-contacts.ts';
import { oidcGate } from './auth/oidc/oidc-gate.ts';
import { PasswordLogins } from './auth/password-login.ts';
import { RefusalLog } from './faults/refusal-log.ts';
import { RefusedReports } from './jobs/refused-reports.ts';
import { BodyBudget } from './limits/body-budget.ts';
import { graphqlGate } from './limits/graphql-gate.ts';
import { UnsentBytes } from './limits/unsent-bytes.ts';
import type { Service } from './service.ts';
import { Upstream } from './upstream/upstream.ts';

/**
 * What the requests of a service share: limits, counts and what has been read before. A reload makes a new app with the
 * same object, so that it resets no limit and forgets no count.
 */
export class SharedState {
  readonly jobs: JobQuestions;
  readonly partitions: Partitions;
  readonly bodies: BodyBudget;
  readonly held: UnsentBytes;
  readonly graphqlGate: Gate;
  readonly refusals: RefusalLog;
  readonly refusedReports = new RefusedReports();
  readonly passwordLogins: PasswordLogins;
  readonly oidcGate: Gate;
  #oidcContacts: OidcContacts | undefined;
  #upstream: { address: string | undefined; upstream: Upstream | undefined } | undefined;

  constructor(service: Service) {
    const { db, index } = service;
    this.jobs = new JobQuestions(db, index);
    this.partitions = new Partitions({ db, index });
    this.bodies = new BodyBudget(service.settings, service.hasSharedLimits);
    this.held = UnsentBytes.for(service);
    this.graphqlGate = graphqlGate(service);
    this.refusals = new RefusalLog(service.log);
    this.passwordLogins = new PasswordLogins(service);
    this.oidcGate = oidcGate(service);
  }

  /** The cc-backend of GRAPHQL_UPSTREAM. It remains the same while the address does. */
  upstreamOf(service: Service): Upstream | undefined {
    const { GRAPHQL_UPSTREAM: address } = service.settings;
    if (this.#upstream === undefined || this.#upstream.address !== address) {
      this.#upstream = { address, upstream: Upstream.of(service) };
    }
    return this.#upstream.upstream;
  }

  /** What is known of the provider of OIDC_PROVIDER, as long as it is the same one. */
  oidcContactsOf({ settings: { OIDC_PROVIDER: provider } }: Service): OidcContacts | undefined {
    if (this.#oidcContacts?.provider !== provider) {
      this.#oidcContacts = provider === undefined ? undefined : new OidcContacts(provider);
    }
    return this.#oidcContacts;
  }
}
