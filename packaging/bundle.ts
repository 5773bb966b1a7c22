/**
 * `npm run bundle [-- --out FOLDER] [--trial] [--deb] [--rpm] [--image]`: makes `cc-jobs-VERSION-PLATFORM.tar.zst` and `.tar.gz` of the committed
 * source code, with Node and the production packages, their software bill of materials, and a file of checksums. The
 * same commit and packages give the same files. With --trial they are compressed less, and may have uncommitted changes.
 * The last three make packages of the system and an image of the same bundle, with tools that Debian has (docs/install.md).
 */
import { mkdir, mkdtemp, readdir, rename, rm, stat, writeFile } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { parseArgs } from 'node:util';
import { contents, ROOT, source } from './contents.ts';
import { makeDeb } from './debian-package.ts';
import { makeImage } from './image.ts';
import { makeRpm } from './rpm-package.ts';
import { sbom } from './sbom.ts';
import { makeSystemTree } from './system-tree.ts';
import { type Effort, ENDINGS, pack, sha256 } from './tarball.ts';

process.umask(0o022);
const { values } = parseArgs({
  options: {
    out: { type: 'string', default: join(ROOT, 'var/bundle') },
    trial: { type: 'boolean', default: false },
    deb: { type: 'boolean', default: false },
    rpm: { type: 'boolean', default: false },
    image: { type: 'boolean', default: false },
  },
});
const out = resolve(values.out);
await mkdir(out, { recursive: true });
const work = await mkdtemp(join(out, '.unfinished-'));
try {
  for (const name of await makeBundle(work)) {
    await rename(join(work, name), join(out, name));
    const { size } = await stat(join(out, name));
    process.stdout.write(
      `${Math.ceil(size / 1000)
        .toLocaleString('en-US')
        .padStart(8)} kB  ${join(out, name)}\n`,
    );
  }
} finally {
  await rm(work, { recursive: true, force: true });
}

/** Makes all files in the folder `work`, and returns their names. */
async function makeBundle(work: string): Promise<string[]> {
  const { commit, madeAtSec } = source({ mayHaveChanges: values.trial });
  const { bundle, packages, files } = await contents(commit);
  const name = `cc-jobs-${bundle.version}-${bundle.platform}`;
  const own = join(work, 'own');
  await mkdir(own);
  await writeFile(join(own, 'bundle.json'), `${JSON.stringify(bundle, undefined, 2)}\n`);
  const effort: Effort = values.trial ? 'least' : 'best';
  const all = [
    { from: own, paths: ['bundle.json'] },
    { from: ROOT, paths: files },
  ];
  for (const ending of ENDINGS) {
    await pack(join(work, `${name}.${ending}`), {
      name,
      files: all,
      madeAtSec,
      effort,
    });
  }
  await rm(own, { recursive: true });
  if (values.deb || values.rpm || values.image) {
    const tree = join(work, 'system');
    await makeSystemTree(tree, join(work, `${name}.tar.zst`));
    const options = { version: bundle.version, madeAtSec, effort };
    if (values.deb) await makeDeb(tree, work, options);
    if (values.rpm) await makeRpm(tree, work, options);
    if (values.image) await makeImage(tree, work, options);
    await rm(tree, { recursive: true });
  }
  await writeFile(join(work, `${name}.cdx.json`), sbom(packages, { version: bundle.version, madeAtSec }));
  const made = (await readdir(work)).sort();
  const sums = await Promise.all(made.map(async (file) => `${await sha256(join(work, file))}  ${file}\n`));
  await writeFile(join(work, `${name}.sha256`), sums.join(''));
  return [...made, `${name}.sha256`];
}
