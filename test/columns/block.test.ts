/** The lines of a load: none is lost or torn apart, and jobs of a cluster and a size stand together. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { Block } from '../../src/columns/block.ts';
import { COLUMNS } from '../../src/columns/columns.ts';
import { testFolder } from '../support/pool.ts';

const RUNS = Number(process.env.FUZZ_RUNS ?? 30);

const text = fc.stringMatching(/^[a-z",\n\xe4]{0,6}$/).map((value) => `"${value.replaceAll('"', '""')}"`);
const whole = fc.oneof(fc.constantFrom('1', '4', '72'), fc.nat(2 ** 29 - 1).map(String));
const line = fc.record({
  cluster: fc.constantFrom('"fritz"', '"alex"', '"a""b,\n"'),
  size: whole,
  others: fc.tuple(...COLUMNS.map(({ type }) => (type === 'VARCHAR' ? text : whole))),
});

test('all lines are written, those of a kind one behind the other', () => {
  const path = join(testFolder(), 'load.csv');
  const block = new Block();
  fc.assert(
    fc.property(fc.array(fc.array(line, { maxLength: 20 }), { maxLength: 4 }), (batches) => {
      block.open(path);
      const given: { csv: string; kind: string }[] = [];
      for (const batch of batches) {
        const lines = batch.map(({ cluster, size, others }) => {
          const fields = COLUMNS.map(({ name }, at) => {
            if (name === 'id') return String(given.length);
            if (name === 'cluster') return cluster;
            return name === 'num_hwthreads' ? size : String(others[at]);
          });
          const csv = `${fields.join()}\n`;
          given.push({ csv, kind: `${cluster},${size}` });
          return csv;
        });
        block.add(Buffer.from(lines.join('')));
      }
      block.write();
      block.close();
      const written = readFileSync(path, 'utf8');

      const order: number[] = [];
      for (let at = 0; at < written.length; ) {
        const id = Number.parseInt(written.slice(at), 10);
        const { csv } = given[id] ?? expect.fail(`no line at ${at}`);
        expect(written.startsWith(csv, at), csv).toBe(true);
        order.push(id);
        at += csv.length;
      }
      expect(order.toSorted((a, b) => a - b)).toEqual([...given.keys()]);
      const changes = order.filter((id, at) => given[id]?.kind !== given[order[at - 1] ?? -1]?.kind);
      expect(changes.length).toBe(new Set(given.map(({ kind }) => kind)).size);
    }),
    { numRuns: RUNS * 10 },
  );
});

/** Nothing but what tells the kind, and a name. */
function lineOf(id: number, cluster: string, size: number, name = ''): string {
  const fields = { id, cluster: `"${cluster}"`, num_hwthreads: size, job_name: `"${name}"`, tags: '""' };
  return `${COLUMNS.map((column) => (fields as Record<string, unknown>)[column.name] ?? '').join()}\n`;
}

function idsOf(path: string): number[] {
  const lines = readFileSync(path, 'utf8').split('\n');
  expect(lines.pop()).toBe('');
  return lines.map((each) => Number.parseInt(each, 10));
}

test('the sizes of a cluster stand in their order', () => {
  const path = join(testFolder(), 'load.csv');
  const block = new Block();
  block.open(path);
  const sizes = [256, 1, 72, 1000, 8];
  for (const [id, size] of sizes.entries())
    block.add(Buffer.from(lineOf(id, 'fritz', size) + lineOf(10 + id, 'alex', size)));
  block.write();
  block.close();
  expect(idsOf(path)).toEqual([11, 14, 12, 10, 13, 1, 4, 2, 0, 3]);
});

test('of more kinds than are kept apart, and more bytes than are kept, no line is lost or torn', () => {
  const path = join(testFolder(), 'load.csv');
  const block = new Block();
  const name = 'x'.repeat(20_000);
  const lines = Array.from({ length: 2_500 }, (_, id) => lineOf(id, 'fritz', (id * 7) % 900, name));
  for (let round = 0; round < 2; round += 1) {
    block.open(path);
    for (let at = 0; at < lines.length; at += 100) block.add(Buffer.from(lines.slice(at, at + 100).join('')));
    block.write();
    block.close();
    const written = readFileSync(path, 'utf8').split(/(?<=\n)/);
    expect(written.toSorted()).toEqual(lines.toSorted());
  }
});
