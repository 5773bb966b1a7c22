/**
 * `npm run bundle [-- --out FOLDER] [--trial]`: makes `cc-jobs-VERSION-PLATFORM.tar.zst` and `.tar.gz` of the committed
 * source code, with Node and the production packages, their software bill of materials, and a file of checksums. The
 * same commit and packages give the same files. With --trial they are compressed less, and may have uncommitted changes.
 */
import { mkdir, mkdtemp, readdir, rename, rm, stat, writeFile } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { parseArgs } from 'node:util';
import { contents, ROOT, source } from './contents.ts';
import { sbom } from './sbom.ts';
import { ENDINGS, pack, sha256 } from './tarball.ts';

const { values } = parseArgs({
  options: { out: { type: 'string', default: join(ROOT, 'var/bundle') }, trial: { type: 'boolean', default: false } },
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
  const all = [
    { from: own, paths: ['bundle.json'] },
    { from: ROOT, paths: files },
  ];
  for (const ending of ENDINGS) {
    await pack(join(work, `${name}.${ending}`), {
      name,
      files: all,
      madeAtSec,
      effort: values.trial ? 'least' : 'best',
    });
  }
  await rm(own, { recursive: true });
  await writeFile(join(work, `${name}.cdx.json`), sbom(packages, { version: bundle.version, madeAtSec }));
  const made = (await readdir(work)).sort();
  const sums = await Promise.all(made.map(async (file) => `${await sha256(join(work, file))}  ${file}\n`));
  await writeFile(join(work, `${name}.sha256`), sums.join(''));
  return [...made, `${name}.sha256`];
}
