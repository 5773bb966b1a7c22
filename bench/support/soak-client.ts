import { setTimeout as sleep } from 'node:timers/promises';
import type { Target } from './http.ts';

const HANG_UP_AFTER_MS = 20;

export interface PendingQuestion {
  method?: string;
  body?: string;
  token?: string;
}

/** A user with an account and a token. Every method returns the status. */
export class SoakClient {
  readonly port: number;
  readonly #target: Target;
  readonly #account: { username: string; password: string };
  #cookie = '';

  constructor(target: Target, account: { username: string; password: string }) {
    this.port = target.port;
    this.#target = target;
    this.#account = account;
  }

  async ask(path: string, { method = 'GET', body, token = this.#target.token }: PendingQuestion = {}): Promise<number> {
    return await this.#fetch(path, {
      method,
      headers: { 'X-Auth-Token': token, ...(body === undefined ? {} : { 'Content-Type': 'application/json' }) },
      ...(body === undefined ? {} : { body }),
    });
  }

  /** Uses the session of the last login. */
  async page(path: string): Promise<number> {
    if (this.#cookie === '') await this.logIn();
    return await this.#fetch(path, { headers: { Cookie: this.#cookie } });
  }

  async logIn(): Promise<number> {
    return await this.logInAs(this.#account.username, this.#account.password);
  }

  async logInAs(username: string, password: string): Promise<number> {
    const body = new URLSearchParams({ username, password }).toString();
    const answer = await fetch(this.#url('/login'), { method: 'POST', body, redirect: 'manual' });
    await answer.arrayBuffer();
    if (answer.status === 302) this.#cookie = /^[^;]*/.exec(answer.headers.get('Set-Cookie') ?? '')?.[0] ?? '';
    return answer.status;
  }

  /** Disconnects before the response has ended. */
  async hangUp(path: string): Promise<number> {
    const leave = new AbortController();
    const asked = this.#fetch(path, { headers: { 'X-Auth-Token': this.#target.token }, signal: leave.signal });
    asked.catch(() => {});
    await sleep(HANG_UP_AFTER_MS);
    leave.abort();
    return await asked;
  }

  async #fetch(path: string, options: RequestInit): Promise<number> {
    const answer = await fetch(this.#url(path), { redirect: 'manual', ...options });
    await answer.arrayBuffer();
    return answer.status;
  }

  #url(path: string): string {
    return `http://127.0.0.1:${this.port}${path}`;
  }
}
