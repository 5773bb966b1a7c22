import type { ContactStatus, SignOnStatus } from '../../system-state-types.ts';
import { time } from '../format.ts';
import { type Html, html } from '../html.ts';
import { table } from './table.ts';

/** Renders the systems that check logins in place of cc-jobs. */
export function signOnTable({ oidc, ldap }: SignOnStatus): Html {
  const rows: Html[] = [];
  if (oidc !== undefined) {
    rows.push(row('discovery of the OpenID Connect provider', oidc.issuer, oidc.discovery));
    rows.push(row('its keys', oidc.issuer, oidc.keys));
  }
  if (ldap !== undefined) {
    const { server, encryption, contact, lastSync } = ldap;
    const words = encryption === 'none' ? 'not encrypted' : encryption;
    rows.push(row(html`LDAP directory <span class="of">${words}</span>`, server, contact));
    if (lastSync !== undefined) {
      const { endedAt, result } = lastSync;
      const counts = Object.entries(Object(result)).map(([name, value]) => `${name} ${value}`);
      rows.push(
        html`<tr><th scope="row">accounts of all its users</th><td>${server}</td><td>${endedAt === null ? 'still runs' : time(endedAt)}</td><td class="words">${counts.join(', ')}</td></tr>\n`,
      );
    }
  }
  return html`<section><h2 id="sign-on">Single sign-on and LDAP</h2>${table('sign-on', ['System', 'Host', 'Last answer', 'Last failure'], rows)}</section>`;
}

function row(what: string | Html, host: string, { lastOkAt, lastFailure }: ContactStatus): Html {
  const answered = lastOkAt !== undefined ? time(lastOkAt) : lastFailure === undefined ? 'not asked yet' : '—';
  const failure = lastFailure === undefined ? '—' : `${time(lastFailure.at)}: ${lastFailure.reason}`;
  return html`<tr><th scope="row">${what}</th><td>${host}</td><td>${answered}</td><td class="words">${failure}</td></tr>\n`;
}
