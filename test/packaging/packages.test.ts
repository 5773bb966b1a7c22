/**
 * Installs, upgrades and removes the packages of the system, and runs the image, in a copy of this machine that is thrown
 * away (`.ci/throwaway`), which has no network. PACKAGES_PATH is a folder with all of them, from `npm run bundle`.
 */
import { execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdirSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { beforeAll, describe, expect, onTestFinished, test } from 'vitest';
import { answers, refused } from '../support/command-line.ts';
import { makeFolder } from '../support/folder.ts';
import { hasProgram, IS_THROWAWAY } from '../support/terminal.ts';

const { PACKAGES_PATH: folder = '' } = process.env;
const run = promisify(execFile);
const found = (ending: string) => join(folder, readdirSync(folder).find((name) => name.endsWith(ending)) ?? '');
/** With HOME, as in a shell, and without Node in PATH. */
const env = { PATH: '/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin', HOME: '/root' };
const PORT = 8080;

const asService = (...args: string[]) =>
  run('setpriv', ['--reuid', 'cc-jobs', '--regid', 'cc-jobs', '--init-groups', '/usr/bin/cc-jobs', ...args], {
    cwd: '/etc/cc-jobs',
    env: { ...env, HOME: '/var/lib/cc-jobs' },
  });

describe.runIf(IS_THROWAWAY && folder !== '')('a package of the system', () => {
  // The scripts of a package ask for this folder before they use systemd, for which this machine has a stand-in.
  beforeAll(() => mkdirSync('/run/systemd/system', { recursive: true }));

  async function isInstalled(version: string): Promise<void> {
    await answers(PORT);
    expect((await asService('--version')).stdout).toBe(`${version}\n`);
    const { mode, uid } = statSync('/etc/cc-jobs/.env');
    expect([(mode & 0o777).toString(8), uid]).toEqual(['600', statSync('/var/lib/cc-jobs/job.db').uid]);
    expect((await asService('doctor')).stdout).not.toContain('PROBLEM');
    expect(existsSync('/usr/share/man/man1/cc-jobs.1.gz')).toBe(true);
  }

  async function isRemoved(): Promise<void> {
    await refused(PORT);
    expect(existsSync('/opt/cc-jobs/bin')).toBe(false);
    expect(existsSync('/usr/bin/cc-jobs')).toBe(false);
    expect(existsSync('/var/lib/cc-jobs/job.db')).toBe(true);
  }

  test.runIf(hasProgram('dpkg-deb'))('.deb: is installed, upgraded, removed and purged', async () => {
    const file = found('.deb');
    const [, version = ''] = /_(.*)_/.exec(file) ?? [];
    await run('dpkg', ['-i', file], { env });
    await isInstalled(version);
    const settings = readFileSync('/etc/cc-jobs/.env', 'utf8');
    const pid = readFileSync('/run/cc-jobs.pid', 'utf8');

    // The same package of a later version.
    const later = join(makeFolder(), 'later');
    await run('dpkg-deb', ['-R', file, later]);
    const control = readFileSync(join(later, 'DEBIAN/control'), 'utf8');
    writeFileSync(join(later, 'DEBIAN/control'), control.replace(`Version: ${version}`, 'Version: 99.0'));
    const manifest = JSON.parse(readFileSync(join(later, 'opt/cc-jobs/package.json'), 'utf8'));
    writeFileSync(join(later, 'opt/cc-jobs/package.json'), JSON.stringify({ ...manifest, version: '99.0' }));
    await run('dpkg-deb', ['-Zgzip', '-z1', '--root-owner-group', '--build', later, `${later}.deb`]);
    await run('dpkg', ['-i', `${later}.deb`], { env });
    await isInstalled('99.0');
    expect(readFileSync('/run/cc-jobs.pid', 'utf8')).not.toBe(pid);
    expect(readFileSync('/etc/cc-jobs/.env', 'utf8')).toBe(settings);

    await run('dpkg', ['-r', 'cc-jobs'], { env });
    await isRemoved();
    expect(readFileSync('/etc/cc-jobs/.env', 'utf8')).toBe(settings);
    await run('dpkg', ['--purge', 'cc-jobs'], { env });
    expect(existsSync('/etc/cc-jobs')).toBe(false);
    expect(existsSync('/var/lib/cc-jobs/job.db')).toBe(true);
  });

  test.runIf(hasProgram('rpm'))('.rpm: is installed and removed', async () => {
    const file = found('.rpm');
    await run('rpm', ['-i', '--nodeps', file], { env }); // this machine's packages are not those of rpm
    await isInstalled(/cc-jobs-(.*)-1\./.exec(file)?.[1] ?? '');
    await run('rpm', ['-e', 'cc-jobs'], { env });
    await isRemoved();
  });
});

test.runIf(IS_THROWAWAY && folder !== '' && hasProgram('umoci'))(
  'the image serves with nothing but its own files',
  async () => {
    const work = makeFolder();
    mkdirSync(join(work, 'layout'));
    await run('tar', ['-xf', found('.oci.tar'), '-C', join(work, 'layout')]);
    const { stdout } = await run('umoci', ['ls', '--layout', join(work, 'layout')]);
    await run('umoci', ['unpack', '--image', `${join(work, 'layout')}:${stdout.trim()}`, join(work, 'bundle')]);
    const config: { process: { args: string[]; env: string[]; cwd: string; user: { uid: number } } } = JSON.parse(
      readFileSync(join(work, 'bundle/config.json'), 'utf8'),
    );
    const { args, env: variables, cwd, user } = config.process;
    expect({ args, cwd, uid: user.uid }).toEqual({
      args: ['/opt/cc-jobs/bin/cc-jobs', 'serve'],
      cwd: '/var/lib/cc-jobs',
      uid: 10001,
    });
    // As a runtime for containers does.
    for (const shared of ['dev', 'proc'])
      await run('mount', ['--rbind', `/${shared}`, join(work, 'bundle/rootfs', shared)]);
    const inside = (command: string) => [
      ...['--userspec=10001:10001', join(work, 'bundle/rootfs')],
      ...['/usr/bin/env', '-i', ...variables, 'AUTH=none', 'HOST=127.0.0.1', 'PORT=8081', '/bin/sh', '-c'],
      `cd ${cwd} && exec /opt/cc-jobs/bin/cc-jobs ${command}`,
    ];
    await run('chroot', inside('migrate'));
    const service = spawn('chroot', inside('serve'), { stdio: ['ignore', 'ignore', 'inherit'] });
    onTestFinished(() => void service.kill('SIGKILL'));
    await answers(8081);
    service.kill('SIGTERM');
    expect((await once(service, 'exit'))[0]).toBe(0);
  },
);
