import { execFile } from 'node:child_process';
import { copyFile, mkdtemp, readdir, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import type { PackageOptions } from './debian-package.ts';
import { AFTER_INSTALL, BEFORE_REMOVE } from './system-tree.ts';

const run = promisify(execFile);
const ARCHITECTURES: Readonly<Record<string, string>> = { x64: 'x86_64', arm64: 'aarch64' };

/** Makes a .rpm of a tree with rpmbuild, and returns its name. */
export async function makeRpm(
  tree: string,
  out: string,
  { version, madeAtSec, effort }: PackageOptions,
): Promise<string> {
  const architecture = ARCHITECTURES[process.arch] ?? process.arch;
  const top = await mkdtemp(join(out, '.rpm-'));
  try {
    const spec = join(top, 'cc-jobs.spec');
    await writeFile(spec, specOf(tree, version, effort === 'best' ? 'w7.zstdio' : 'w1.gzdio'));
    await run('rpmbuild', ['-bb', '--quiet', '--define', `_topdir ${top}`, '--target', architecture, spec], {
      env: { PATH: '/usr/bin:/bin', HOME: top, SOURCE_DATE_EPOCH: String(madeAtSec) },
      maxBuffer: 2 ** 26,
    });
    const made = join(top, 'RPMS', architecture);
    const [name = ''] = await readdir(made);
    await copyFile(join(made, name), join(out, name));
    return name;
  } finally {
    await rm(top, { recursive: true });
  }
}

/** The files are as they are in the tree: rpm must neither strip programs nor find out what they need. */
function specOf(tree: string, version: string, payload: string): string {
  return `%define _binary_payload ${payload}
%define __os_install_post %{nil}
%define _build_id_links none
%define use_source_date_epoch_as_buildtime 1
%define clamp_mtime_to_source_date_epoch 1
%define _buildhost localhost
Name: cc-jobs
Version: ${version}
Release: 1
Summary: Job database of a ClusterCockpit installation as an HTTP service
License: MIT
Requires: glibc >= 2.28, libstdc++, shadow-utils, util-linux
AutoReqProv: no
%description
Serves the job database of cc-backend, or one of its own, with deadlines that stop queries, bounded memory and fast
statistics. It includes its own Node.js.
%install
cp -a ${tree}/. %{buildroot}/
%post
if [ "$1" = 1 ]; then ${AFTER_INSTALL} first; else ${AFTER_INSTALL} upgrade; fi
%preun
if [ "$1" = 0 ]; then ${BEFORE_REMOVE}; fi
%files
%defattr(-, root, root, 0755)
/opt/cc-jobs
/usr/bin/cc-jobs
/usr/lib/systemd/system/cc-jobs.service
/usr/lib/systemd/system/cc-jobs.socket
/usr/share/man/man1/cc-jobs.1.gz
/usr/share/bash-completion/completions/cc-jobs
/usr/share/zsh/site-functions/_cc-jobs
/usr/share/fish/vendor_completions.d/cc-jobs.fish
/usr/share/doc/cc-jobs
`;
}
