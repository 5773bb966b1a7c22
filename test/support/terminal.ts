/** A terminal in which a test types what a document says, in a folder that has the directories the documents name. */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdirSync, symlinkSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { freePort } from '../../src/dev/servers/free-port.ts';
import { ROOT } from './documents.ts';
import { makeFolder, removeFolder } from './folder.ts';

interface Service {
  /** The line that starts it. */
  command: RegExp;
  /** What it prints when it serves, and its address. */
  ready: RegExp;
  /** `sqld` and `wrangler` do not hear Ctrl-C while they start. */
  stop: 'SIGINT' | 'SIGKILL';
}

const SERVICES: readonly Service[] = [
  { command: /cc-jobs serve\b/, ready: /"url":"http:\/\/([^"]+)"/, stop: 'SIGINT' },
  { command: /npm run demo\b/, ready: /jobs at http:\/\/(\S+)[\s\S]*Press Ctrl-C/, stop: 'SIGINT' },
  { command: /^sqld /, ready: /Server sending heartbeat/, stop: 'SIGKILL' },
  { command: /\bwrangler dev\b/, ready: /Ready on http:\/\/(\S+)/, stop: 'SIGKILL' },
];

/** `npm test` runs this test, after `npm ci`. */
const NPM = 'npm() { case $1 in ci|test) ;; *) command npm "$@" ;; esac; }';
/** Variables, the directory and the umask are those of the command before. */
const KEEP = `trap '{ export -p; echo "cd \\"$PWD\\"; umask $(umask)"; } >&3' EXIT`;
/** The exit code of a service after Ctrl-C is its own, not that of its shell. */
const WAIT = 'trap : INT';

/** Opens a shell of another account. Without root it stays one of this account. */
const SHELL_OF = /^sudo -u (\S+) sh$/;

/** Where the documents let a service listen. */
const SERVED_AT = ['127.0.0.1:8080', '127.0.0.1:8081'];
const ADDRESS = /\b(?:127|10)\.0\.0\.1:\d+/g;

/** Whether it is in the PATH of a terminal. */
export const hasProgram = (name: string): boolean =>
  (process.env['PATH'] ?? '').split(':').some((directory) => existsSync(join(directory, name)));

export interface Typed {
  code: number | string;
  stdout: string;
  stderr: string;
}

interface Started extends Omit<Typed, 'code'> {
  child: ChildProcess;
  /** Exit code, or the signal that ended it. */
  ended: Promise<number | string>;
}

/** The whole machine may be changed: `.ci/throwaway` has made it, and removes it. */
export const IS_THROWAWAY = process.env['THROWAWAY'] === 'yes';

/** The account that reads the documents on such a machine. It may use `sudo`. */
const ADMINISTRATOR = 'administrator';

export class Terminal {
  /**
   * Its `srv`, `opt`, `etc`, `var` and `backup` are those of the documents: `/` on a machine that is thrown away. The first
   * directory is `work`, which is like a checkout.
   */
  readonly folder = IS_THROWAWAY ? '/' : makeFolder();
  readonly #services: (Started & Service)[] = [];
  /** The address at which something listens, by the one that the documents name. */
  readonly #addresses = new Map<string, string>();
  readonly #work: string;
  #state: string;
  /** In a shell of another account: that account, and the state of the shell to which `exit` returns. */
  #within: { account: string; state: string } | undefined;
  #isRoot = true;

  constructor() {
    const made = IS_THROWAWAY ? [] : ['opt', 'etc/cc-jobs', 'var/lib/cc-jobs', 'backup'];
    for (const name of ['srv', 'work', ...made]) mkdirSync(join(this.folder, name), { recursive: true });
    if (!IS_THROWAWAY) symlinkSync(ROOT, join(this.folder, 'opt/cc-jobs'));
    this.#work = IS_THROWAWAY ? makeFolder() : join(this.folder, 'work');
    for (const name of ['bin', 'src', 'routes', 'node_modules', 'package.json', 'wrangler.toml'])
      symlinkSync(join(ROOT, name), join(this.#work, name));
    this.#state = `cd '${this.#work}'`;
  }

  /** Types commands, and stops at the first that fails; those that serve keep running. `input` is what they are asked for. */
  async type(commands: string, input = ''): Promise<Typed> {
    const typed: Typed = { code: 0, stdout: '', stderr: '' };
    for (const { text, service } of partsOf(commands)) {
      const [, account] = SHELL_OF.exec(text) ?? [];
      if (account !== undefined) {
        this.#within = { account, state: this.#state };
        // It starts where the shell before is, also if its account may not enter that directory.
        this.#state = this.#state.replace(/^cd (["']).*?\1/m, '{ $& || true; }');
        continue;
      }
      if (text === 'exit' && this.#within !== undefined) {
        this.#state = this.#within.state;
        this.#within = undefined;
        continue;
      }
      const real = await this.#real(text);
      if (service !== undefined) {
        await this.#serve(real, service);
        continue;
      }
      const started = this.#start([NPM, KEEP, 'set -ae', this.#state, real]);
      let state = '';
      started.child.stdio[3]?.on('data', (chunk) => {
        state += chunk;
      });
      started.child.stdin?.on('error', () => {}); // it has ended, and was asking for nothing
      started.child.stdin?.end(input);
      typed.code = await started.ended;
      typed.stdout += started.stdout;
      typed.stderr += started.stderr;
      if (typed.code !== 0) break;
      this.#state = state;
    }
    return typed;
  }

  /** Writes a file that a document shows. */
  async write(file: string, text: string): Promise<void> {
    const path = await this.#real(file);
    mkdirSync(dirname(path), { recursive: true });
    writeFileSync(path, `${await this.#real(text)}\n`);
  }

  /** From now on, on a machine that is thrown away, commands are typed by somebody who is not root. */
  async leaveRoot(): Promise<void> {
    if (!IS_THROWAWAY) return;
    await this.type(`cd '${this.#work}'; chown -R ${ADMINISTRATOR}: .; HOME=~${ADMINISTRATOR}`);
    this.#isRoot = false;
  }

  /** From now on the address of the documents is this one. */
  listens(address: string): void {
    for (const documented of SERVED_AT) this.#addresses.set(documented, address);
  }

  /** Stops all services, the last one first. Returns the exit codes of those that were stopped by Ctrl-C. */
  async stopServices(): Promise<(number | string)[]> {
    const codes = [];
    for (const { child, ended, stop } of this.#services.splice(0).reverse()) {
      if (child.pid !== undefined) process.kill(-child.pid, stop);
      const code = await ended;
      if (stop === 'SIGINT') codes.push(code);
    }
    return codes;
  }

  async close(): Promise<void> {
    await this.stopServices();
    if (!IS_THROWAWAY) removeFolder(this.folder);
  }

  async #serve(command: string, service: Service): Promise<void> {
    const started = this.#start([NPM, WAIT, 'set -a', this.#state, command]);
    const address = await new Promise<string | undefined>((resolve, reject) => {
      const look = () => {
        const found = service.ready.exec(started.stdout + started.stderr);
        if (found !== null) resolve(found[1]);
      };
      started.child.stdout?.on('data', look);
      started.child.stderr?.on('data', look);
      void started.ended.then(() => reject(new Error(`'${command}' ended: ${started.stdout}${started.stderr}`)));
    });
    this.#services.push({ ...started, ...service });
    if (address !== undefined) this.listens(address);
  }

  /** A process group of its own, which gets Ctrl-C as a whole. */
  #start(script: readonly string[]): Started {
    const { PATH = '', HOME = '/' } = process.env;
    const there = IS_THROWAWAY ? { HOME, npm_config_offline: 'true' } : { HOME: this.folder, PORT: '0' };
    const shell = ['sh', '-c', script.join('\n')];
    const account = this.#within?.account ?? (this.#isRoot ? 'root' : ADMINISTRATOR);
    const as = IS_THROWAWAY ? ['sudo', '-u', account] : [];
    const child = spawn('/usr/bin/env', [...as, ...shell], {
      env: { PATH: `${join(ROOT, 'bin')}:${PATH}`, COLUMN_INDEX: 'off', ...there },
      detached: true,
      stdio: ['pipe', 'pipe', 'pipe', 'pipe'],
    });
    const ended = once(child, 'close').then(([code, signal]) => (code ?? signal) as number | string);
    const started: Started = { child, ended, stdout: '', stderr: '' };
    child.stdout?.on('data', (chunk) => {
      started.stdout += chunk;
    });
    child.stderr?.on('data', (chunk) => {
      started.stderr += chunk;
    });
    return started;
  }

  /** With paths in this folder, ports that are free, and a hundredth of so many jobs. */
  async #real(commands: string): Promise<string> {
    if (IS_THROWAWAY) return commands.replaceAll('REPOSITORY', '/srv/repository').replaceAll('VERSION', 'HEAD');
    for (const address of new Set(commands.match(ADDRESS))) {
      if (!this.#addresses.has(address)) this.#addresses.set(address, `127.0.0.1:${await freePort()}`);
    }
    return commands
      .replaceAll(ADDRESS, (address) => this.#addresses.get(address) ?? address)
      .replaceAll(/(?<![\w.])\/(?=(?:srv|opt|etc|backup|var)\/)/g, `${this.folder}/`)
      .replaceAll(/(--jobs \d+)00000\b/g, '$1000')
      .replaceAll(/\bwrangler dev\b/g, `wrangler dev --ip 127.0.0.1 --port ${await freePort()} --inspector-port 0`);
  }
}

/** A line that serves, or opens or leaves a shell, is a part of its own; the lines between two of them are one. */
function partsOf(commands: string): { text: string; service?: Service }[] {
  const parts: { text: string; service?: Service; isWhole?: boolean }[] = [];
  for (const line of commands.split('\n')) {
    const service = SERVICES.find(({ command }) => command.test(line));
    const last = parts.at(-1);
    if (service !== undefined) parts.push({ text: line, service, isWhole: true });
    else if (SHELL_OF.test(line) || line === 'exit') parts.push({ text: line, isWhole: true });
    else if (last !== undefined && last.isWhole !== true) last.text += `\n${line}`;
    else parts.push({ text: line });
  }
  return parts;
}
