import { PassThrough } from 'node:stream';
import { gzipSync, zstdCompressSync } from 'node:zlib';
import { describe, expect, test } from 'vitest';
import { openInput } from '../../src/import/open-input.ts';
import { columnsOfOrder, layoutOfHeader, ORDER_NAMES } from '../../src/import/sacct/sacct-columns.ts';
import { sacctFiles } from '../support/sacct-file.ts';
import { fileOf, HEADER, read, readFiles, readSource, record } from '../support/sacct-records.ts';

describe('an input', () => {
  const text = fileOf(...Array.from({ length: 3_000 }, (_, at) => record({ JobID: String(at + 1) })));

  test.each([
    ['gzip', gzipSync(text)],
    ['gzip of two members', Buffer.concat([gzipSync(text.slice(0, 5_000)), gzipSync(text.slice(5_000))])],
    ['zstd', zstdCompressSync(text)],
    [
      'zstd of two frames',
      Buffer.concat([zstdCompressSync(text.slice(0, 5_000)), zstdCompressSync(text.slice(5_000))]),
    ],
    ['a byte order mark', Buffer.from(`\uFEFF${text}`)],
    ['blank lines', Buffer.from(`\n \n\n${text.replaceAll('\n', '\n\n')}\n\n`)],
    ['carriage returns', Buffer.from(text.replaceAll('\n', '\r\n'))],
  ])('of %s is read like the plain file', async (_what, bytes) => {
    const { jobs, reasons, position } = await read(bytes);
    expect([jobs.length, reasons, position]).toEqual([3_000, [], bytes.length]);
  });

  test('is standard input in pieces of any size', async () => {
    const packed = gzipSync(`\uFEFF${text}`);
    for (const [bytes, size] of [
      [packed, 1],
      [Buffer.from(text), 1_001],
    ] as const) {
      const stdin = new PassThrough();
      const pieces = Array.from({ length: Math.ceil(bytes.length / size) }, (_, at) =>
        bytes.subarray(at * size, (at + 1) * size),
      );
      const writing = (async () => {
        for (const piece of pieces) stdin.write(piece);
        stdin.end();
      })();
      const { jobs, total } = await readSource(await sacctFiles(['-'], {}, stdin));
      await writing;
      expect([jobs.length, total]).toEqual([3_000, undefined]);
    }
  });

  test('that breaks off keeps what was read, and is bad', async () => {
    for (const bytes of [gzipSync(text), zstdCompressSync(text)]) {
      const { jobs, reasons } = await readFiles({
        'a.psv': fileOf(record()),
        'b.psv.gz': bytes.subarray(0, bytes.length - 20),
      });
      expect(jobs.length).toBeGreaterThan(0);
      expect(reasons.at(-1)).toMatch(/^b\.psv\.gz: b\.psv\.gz cannot be read to its end: /);
    }
    await expect(read(Buffer.from([0x1f, 0x8b, 1, 2, 3]))).rejects.toThrow(/cannot be read to its end/);
  });

  test('may be several files, each with columns of its own; a bad line names its file', async () => {
    const other = 'User|JobID|Cluster|Account|Start|Elapsed|State|NodeList';
    const files = { 'a.psv': fileOf(record()), 'b.psv': `${other}\n${record({ JobID: '52' }, other)}\n1|2` };
    const { jobs, reasons, position, total } = await readFiles(files);
    expect(jobs.map(({ jobId, user }) => [jobId, user])).toEqual([
      [51, 'ann'],
      [52, 'ann'],
    ]);
    expect(reasons).toEqual(['b.psv line 3: has the wrong number of columns']);
    expect(position).toBe(total);
    await expect(readFiles({ 'a.psv': fileOf(record()), 'b.psv': 'hello' })).rejects.toThrow(
      /b\.psv is not output of sacct/,
    );
  });

  test('may have its header again, and headers of other columns', async () => {
    const other = 'User|JobID|Cluster|Account|Start|Elapsed|State|NodeList';
    const text = [fileOf(record()), fileOf(record({ JobID: '52' })), other, record({ JobID: '53' }, other)].join('\n');
    const { jobs, reasons } = await read(text);
    expect([jobs.map(({ jobId }) => jobId), reasons]).toEqual([[51, 52, 53], []]);
  });

  test('ends each line with a divider, as sacct -p does', async () => {
    const { jobs, reasons } = await read(`${HEADER}|\n${record({ JobName: 'a\nb' })}|\n${record({ JobID: '52' })}|`);
    expect(reasons).toEqual([]);
    expect(jobs.map(({ jobId, metaData }) => [jobId, metaData?.jobName])).toEqual([
      [51, 'a\nb'],
      [52, 'ok'],
    ]);
  });

  test.each(ORDER_NAMES)('without header has the columns of %s', async (name) => {
    const order = columnsOfOrder(name);
    const values: Record<string, string> = {
      jobid: '5',
      jobidraw: '5',
      cluster: 'c',
      account: 'acc',
      user: 'u',
      ncpus: '12',
    };
    const times = { start: '2026-03-01T09:00:00', end: '2026-03-01T10:00:00', elapsed: '01:00:00', state: 'COMPLETED' };
    const columns = XDMOD_COLUMNS[name] ?? '';
    const line = columns
      .split(',')
      .map((column) => ({ ...values, ...times, nodelist: 'n1', jobname: 'a|b' })[column] ?? '')
      .join('|');
    const { jobs } = await read(line, { order });
    expect(jobs).toMatchObject([{ user: 'u', project: 'acc', numHwthreads: 12, metaData: { jobName: 'a|b' } }]);
    expect((await read('', { order })).jobs).toEqual([]);
  });

  test('has any other order of columns, if it is named; its own header is better', async () => {
    const order = columnsOfOrder('User,JobID,Cluster,Account,Start,Elapsed,State,NodeList');
    const line = 'ann|51|h1|prj|2026-03-01T09:00:00|01:00:00|COMPLETED|n001';
    expect((await read(line, { order })).jobs).toMatchObject([{ user: 'ann', jobId: 51 }]);
    expect((await read(fileOf(record()), { order })).jobs).toMatchObject([{ user: 'ann', jobId: 51 }]);
    expect(columnsOfOrder('nonsense')).toBeUndefined();
    expect(layoutOfHeader(record())).toBeUndefined();
  });

  test('is refused if it is missing', async () => {
    await expect(openInput('/does/not/exist', new PassThrough())).rejects.toThrow(
      'the folder /does/not does not exist: correct the path, or create it',
    );
  });
});

/** The columns in Open XDMoD's documentation and its classes/OpenXdmod/Shredder/Slurm.php. */
const XDMOD_COLUMNS: Readonly<Record<string, string>> = {
  xdmod6:
    'jobid,jobidraw,cluster,partition,account,group,gid,user,uid,submit,eligible,start,end,elapsed,exitcode,state,nnodes,ncpus,reqcpus,reqmem,timelimit,nodelist,jobname',
  xdmod8:
    'jobid,jobidraw,cluster,partition,account,group,gid,user,uid,submit,eligible,start,end,elapsed,exitcode,state,nnodes,ncpus,reqcpus,reqmem,reqgres,reqtres,timelimit,nodelist,jobname',
  xdmod9:
    'jobid,jobidraw,cluster,partition,account,group,gid,user,uid,submit,eligible,start,end,elapsed,exitcode,state,nnodes,ncpus,reqcpus,reqmem,reqtres,alloctres,timelimit,nodelist,jobname',
  xdmod10:
    'jobid,jobidraw,cluster,partition,qos,account,group,gid,user,uid,submit,eligible,start,end,elapsed,exitcode,state,nnodes,ncpus,reqcpus,reqmem,reqtres,alloctres,timelimit,nodelist,jobname',
};
