import { execFileSync } from 'node:child_process';
import { z } from 'zod';
import { type Bundle, type Package, ROOT } from './contents.ts';

/** As npm writes it (CycloneDX 1.5). */
const Sbom = z.looseObject({
  metadata: z.looseObject({ component: z.looseObject({ 'bom-ref': z.string() }) }),
  components: z.array(z.looseObject({ 'bom-ref': z.string(), name: z.string(), version: z.string() })),
  dependencies: z.array(z.looseObject({ ref: z.string(), dependsOn: z.array(z.string()).default([]) })),
});

/**
 * The software bill of materials of a bundle: what npm makes of the lockfile, without the packages of other platforms,
 * and without the serial number and the time, so that the same packages give the same text.
 */
export function sbom(
  packages: readonly Package[],
  { version, madeAtSec }: Pick<Bundle, 'version'> & { madeAtSec: number },
): string {
  const text = execFileSync('npm', ['sbom', '--sbom-format=cyclonedx', '--package-lock-only'], {
    cwd: ROOT,
    encoding: 'utf8',
    maxBuffer: 2 ** 26,
  });
  const { serialNumber: _serial, ...whole } = Sbom.parse(JSON.parse(text));
  const inBundle = new Set(packages.map((one) => `${one.name}@${one.version}`));
  const own = whole.metadata.component['bom-ref'];
  const isIncluded = (ref: string) => ref === own || inBundle.has(ref);
  const bom = {
    ...whole,
    metadata: {
      ...whole.metadata,
      timestamp: new Date(madeAtSec * 1000).toISOString(),
      component: { ...whole.metadata.component, name: 'cc-jobs', version },
    },
    components: whole.components.filter((component) => isIncluded(component['bom-ref'])),
    dependencies: whole.dependencies
      .filter(({ ref }) => isIncluded(ref))
      .map((one) => ({ ...one, dependsOn: one.dependsOn.filter(isIncluded) })),
  };
  return `${JSON.stringify(bom, undefined, 2)}\n`;
}
