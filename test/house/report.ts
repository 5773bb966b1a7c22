/** `npm run house`: figures about the structure of the code. test/house.test.ts fails if a limit is exceeded. */
import { circles, sourceFiles } from './imports.ts';
import { upward, wrongPackages } from './layers.ts';
import { LONGEST, repeatedNames } from './sizes.ts';

const files = sourceFiles();
const lines = files.reduce((sum, file) => sum + file.lines, 0);
const section = (title: string, found: readonly string[]) => {
  console.log(`\n${title}: ${found.length}`);
  for (const line of found) console.log(`  ${line}`);
};

console.log(`src and routes: ${files.length} files, ${lines} lines`);
section(
  'circles of imports',
  circles(files).map((group) => group.join(', ')),
);
section('imports upwards', upward(files));
section('packages where they do not belong', wrongPackages(files));
section(
  'file names used more than twice',
  repeatedNames(files).map(([name, paths]) => `${name}: ${paths.join(', ')}`),
);
section(
  `files of more than ${LONGEST} lines`,
  files.filter((file) => file.lines > LONGEST).map(({ path, lines: count }) => `${path} ${count}`),
);
section(
  'files of fewer than 15 lines',
  files.filter((file) => file.lines < 15).map(({ path, lines: count }) => `${path} ${count}`),
);
