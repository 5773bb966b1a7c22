import { execFile } from 'node:child_process';
import { mkdir, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { AFTER_INSTALL, BEFORE_REMOVE } from './system-tree.ts';
import type { Effort } from './tarball.ts';

const run = promisify(execFile);
const ARCHITECTURES: Readonly<Record<string, string>> = { x64: 'amd64', arm64: 'arm64' };

export interface PackageOptions {
  version: string;
  madeAtSec: number;
  effort: Effort;
}

/** Makes a .deb of a tree with dpkg-deb, and returns its name. `tree` gets its folder DEBIAN, which is removed again. */
export async function makeDeb(
  tree: string,
  out: string,
  { version, madeAtSec, effort }: PackageOptions,
): Promise<string> {
  const architecture = ARCHITECTURES[process.arch] ?? process.arch;
  const control = join(tree, 'DEBIAN');
  await mkdir(control);
  const { stdout } = await run('du', ['-sk', '--apparent-size', tree]);
  await writeFile(
    join(control, 'control'),
    `Package: cc-jobs
Version: ${version}
Architecture: ${architecture}
Maintainer: the authors of cc-jobs <root@localhost>
Installed-Size: ${Number.parseInt(stdout, 10)}
Depends: libc6 (>= 2.28), libstdc++6, passwd, util-linux
Recommends: systemd
Section: net
Priority: optional
Description: job database of a ClusterCockpit installation as an HTTP service
 It serves the job database of cc-backend, or one of its own, with deadlines that stop
 queries, bounded memory and fast statistics. It includes its own Node.js.
`,
  );
  const call = (script: string) => `#!/bin/sh\nset -eu\n${script}\n`;
  const scripts = {
    postinst: call(
      `[ "$1" = configure ] || exit 0\nif [ -z "\${2-}" ]; then exec ${AFTER_INSTALL} first; else exec ${AFTER_INSTALL} upgrade; fi`,
    ),
    prerm: call(`[ "$1" = remove ] || exit 0\nexec ${BEFORE_REMOVE}`),
    postrm: call(`if [ -d /run/systemd/system ]; then systemctl daemon-reload; fi
[ "$1" = purge ] || exit 0
rm -rf /etc/cc-jobs /var/cache/cc-jobs
echo 'the jobs in /var/lib/cc-jobs were kept'`),
  };
  for (const [name, text] of Object.entries(scripts)) await writeFile(join(control, name), text, { mode: 0o755 });
  const name = `cc-jobs_${version}_${architecture}.deb`;
  try {
    const compression = effort === 'best' ? ['-Zxz', '-z6'] : ['-Zgzip', '-z1'];
    await run('dpkg-deb', [...compression, '--root-owner-group', '--build', tree, join(out, name)], {
      env: { PATH: '/usr/bin:/bin', SOURCE_DATE_EPOCH: String(madeAtSec) },
    });
  } finally {
    await rm(control, { recursive: true });
  }
  return name;
}
