import { execFile } from 'node:child_process';
import { copyFile, mkdir, symlink, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { promisify } from 'node:util';
import { gzipSync } from 'node:zlib';
import { ROOT } from './contents.ts';

const run = promisify(execFile);
const SYSTEM = join(import.meta.dirname, 'system');

/** Where a package of the system has the bundle. It is the same path as in docs/install.md. */
const PREFIX = 'opt/cc-jobs';
const UNITS = 'usr/lib/systemd/system';

/** The commands with which a package runs the scripts that it has. The first one needs `first` or `upgrade`. */
export const AFTER_INSTALL = `/bin/sh /${PREFIX}/packaging/after-install.sh`;
export const BEFORE_REMOVE = `/bin/sh /${PREFIX}/packaging/before-remove.sh`;

/**
 * Fills the new folder `tree` with what a package of the system installs below `/`: the bundle, the units of systemd, the
 * command, the manual page and the completions of shells.
 */
export async function makeSystemTree(tree: string, tarball: string): Promise<void> {
  const prefix = join(tree, PREFIX);
  await mkdir(prefix, { recursive: true });
  await run('tar', ['-xf', tarball, '-C', prefix, '--strip-components=1', '--no-same-owner']);
  await mkdir(join(prefix, 'packaging'));
  for (const script of ['after-install.sh', 'before-remove.sh'])
    await copyFile(join(SYSTEM, script), join(prefix, 'packaging', script));
  await mkdir(join(tree, UNITS), { recursive: true });
  for (const unit of ['cc-jobs.service', 'cc-jobs.socket']) await copyFile(join(SYSTEM, unit), join(tree, UNITS, unit));
  await mkdir(join(tree, 'usr/bin'), { recursive: true });
  await symlink(`/${PREFIX}/bin/cc-jobs`, join(tree, 'usr/bin/cc-jobs'));
  const texts = {
    'usr/share/man/man1/cc-jobs.1.gz': gzipSync(await output('man'), { level: 9 }),
    'usr/share/bash-completion/completions/cc-jobs': await output('completion', 'bash'),
    'usr/share/zsh/site-functions/_cc-jobs': await output('completion', 'zsh'),
    'usr/share/fish/vendor_completions.d/cc-jobs.fish': await output('completion', 'fish'),
  };
  for (const [path, text] of Object.entries(texts)) {
    await mkdir(dirname(join(tree, path)), { recursive: true });
    await writeFile(join(tree, path), text);
  }
  const notice = join(tree, 'usr/share/doc/cc-jobs/copyright');
  await mkdir(dirname(notice), { recursive: true });
  await copyFile(join(ROOT, 'LICENSE'), notice);
}

/** What a command of cc-jobs prints. */
async function output(...args: string[]): Promise<string> {
  return (await run(join(ROOT, 'bin/cc-jobs'), args)).stdout;
}
