import { execFile } from 'node:child_process';
import { mkdir, mkdtemp, readdir, rm, symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import type { PackageOptions } from './debian-package.ts';

const run = promisify(execFile);

/** Of Debian: the C and C++ libraries that Node and DuckDB load, and a shell with the few programs of bin/cc-jobs. */
const PACKAGES = ['libc6', 'libgcc-s1', 'libstdc++6', 'busybox-static'];
const PROGRAMS = ['sh', 'cat', 'dirname', 'env', 'ls', 'readlink'];
const ACCOUNT = 'cc-jobs:x:10001:10001::/var/lib/cc-jobs:/bin/sh\n';
const REPRODUCIBLE = ['--sort=name', '--owner=0', '--group=0', '--numeric-owner', '--format=gnu'];

/**
 * Makes an image in the format of OCI, as a tar file that podman and docker load, and returns its name. Its first layer is
 * made of packages that apt downloads, the second has the bundle. Needs umoci.
 */
export async function makeImage(tree: string, out: string, { version, madeAtSec }: PackageOptions): Promise<string> {
  const name = `cc-jobs-${version}-${process.platform}-${process.arch}.oci.tar`;
  const work = await mkdtemp(join(out, '.image-'));
  const umoci = (...args: string[]) => run('umoci', args);
  try {
    const image = `${join(work, 'layout')}:${version}`;
    const at = new Date(madeAtSec * 1000).toISOString();
    const history = ['--history.created', at];
    await umoci('init', '--layout', join(work, 'layout'));
    await umoci('new', '--image', image);
    const layers = { system: await systemLayer(work), 'cc-jobs': join(tree, 'opt') };
    for (const [what, folder] of Object.entries(layers)) {
      const layer = join(work, `${what}.tar`);
      const inside = what === 'system' ? [] : ['--transform=flags=r;s,^\\./,opt/,'];
      await run('tar', [...REPRODUCIBLE, ...inside, `--mtime=@${madeAtSec}`, '-C', folder, '-cf', layer, '.']);
      await umoci(
        'raw',
        'add-layer',
        '--image',
        image,
        ...history,
        '--history.created_by',
        `cc-jobs ${version}: ${what}`,
        layer,
      );
      await rm(layer);
    }
    await umoci('config', '--image', image, ...history, '--created', at, ...CONFIGURATION);
    await run('tar', [
      ...REPRODUCIBLE,
      `--mtime=@${madeAtSec}`,
      '-C',
      join(work, 'layout'),
      '-cf',
      join(out, name),
      '.',
    ]);
    return name;
  } finally {
    await rm(work, { recursive: true });
  }
}

/** It listens for all, because the container is the boundary. The settings come from the environment. */
const CONFIGURATION = [
  ...['--config.entrypoint', '/opt/cc-jobs/bin/cc-jobs', '--config.cmd', 'serve'],
  ...['--config.user', '10001:10001', '--config.workingdir', '/var/lib/cc-jobs'],
  ...['--config.volume', '/var/lib/cc-jobs', '--config.exposedports', '8080/tcp'],
  ...['--config.env', 'PATH=/usr/bin:/bin', '--config.env', 'HOME=/var/lib/cc-jobs', '--config.env', 'HOST=0.0.0.0'],
  ...[
    '--config.env',
    'DB_URL=file:/var/lib/cc-jobs/job.db',
    '--config.env',
    'ARCHIVE_PATH=/var/lib/cc-jobs/job-archive',
  ],
  ...['--config.env', 'NODE_COMPILE_CACHE=/tmp/cc-jobs'],
];

async function systemLayer(work: string): Promise<string> {
  const [packages, root] = [join(work, 'packages'), join(work, 'root')];
  for (const made of [packages, root]) await mkdir(made);
  await run('apt-get', ['download', ...PACKAGES], { cwd: packages });
  for (const file of await readdir(packages)) await run('dpkg-deb', ['-x', join(packages, file), root]);
  await mkdir(join(root, 'usr/bin'), { recursive: true });
  for (const program of PROGRAMS) await symlink('/bin/busybox', join(root, 'usr/bin', program));
  await symlink('/bin/busybox', join(root, 'bin/sh'));
  for (const folder of ['etc', 'tmp', 'proc', 'dev', 'sys', 'var/lib/cc-jobs'])
    await mkdir(join(root, folder), { recursive: true, mode: 0o777 });
  await run('chmod', ['1777', join(root, 'tmp'), join(root, 'var/lib/cc-jobs')]);
  await writeFile(join(root, 'etc/passwd'), `root:x:0:0::/:/bin/sh\n${ACCOUNT}`);
  await writeFile(join(root, 'etc/group'), 'root:x:0:\ncc-jobs:x:10001:\n');
  await rm(join(root, 'usr/share'), { recursive: true, force: true });
  return root;
}
