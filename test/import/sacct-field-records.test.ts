import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { align } from '../../src/import/sacct/free-text.ts';
import { localClock } from '../../src/import/sacct/local-clock.ts';
import { fileOf, HEADER, read, readFiles, record } from '../support/sacct-records.ts';

describe('a divider within free text', () => {
  const withColumns = (...more: string[]) => {
    const header = [...HEADER.split('|').slice(0, 8), ...more].join('|');
    return { header, of: (changes: Record<string, string>) => [header, record(changes, header)].join('\n') };
  };

  test('is put back where only one text can have it', async () => {
    const { of } = withColumns('SubmitLine', 'Elapsed', 'NodeList', 'JobName');
    const line = of({ SubmitLine: 'sbatch --wrap="env | grep X | wc" x.sh' });
    expect((await read(line)).jobs).toMatchObject([{ user: 'ann', project: 'prj', metaData: { jobName: 'ok' } }]);
    // Otherwise the account would contain a quotation mark.
    const header = 'JobID|Cluster|State|Start|Elapsed|SubmitLine|Account|User|NodeList|JobName';
    const { jobs } = await read([header, record({ SubmitLine: 'sbatch -D "/w/a|b" x.sh' }, header)].join('\n'));
    expect(jobs).toMatchObject([{ user: 'ann', project: 'prj', metaData: { jobName: 'ok' } }]);
  });

  test('makes a bad line where two can have it', async () => {
    const { of } = withColumns('NodeList', 'WorkDir', 'JobName');
    expect(await read(of({ WorkDir: '/w/a|b' }))).toMatchObject({
      jobs: [],
      reasons: ["line 2: has a '|' in one of WorkDir, JobName: it is not certain in which"],
    });
    const header = 'JobID|Cluster|State|Start|Elapsed|SubmitLine|Account|User|NodeList|JobName';
    const { jobs, reasons } = await read([header, record({ SubmitLine: 'sbatch -D /w/a|b' }, header)].join('\n'));
    expect([jobs, reasons]).toEqual([[], [expect.stringContaining('SubmitLine, JobName')]]);
  });

  test('makes a bad line where no text can have it', async () => {
    const header = HEADER.replace('|JobName', '');
    expect((await read(`${header}\n${record({ Account: 'a|b' }, header)}`)).reasons).toEqual([
      'line 2: has the wrong number of columns',
    ]);
    // The job name may contain dividers, but here the fields before it are shifted.
    expect((await read(fileOf(record({ Cluster: 'h1|x y' })))).jobs).toEqual([]);
  });

  test('or a line feed of any random text never gives a job another user, project or nodes, nor takes the next record', async () => {
    // No line of these texts starts with a number. Such a line looks like a record, and the output of sacct -P cannot
    // tell them apart.
    const unit = fc.constantFrom('|', '\n', 'a', ' ', '"', '/', 'prj', 'ann', 'n001', ':', '|prj|ann|');
    const text = fc.string({ unit, maxLength: 6 });
    const header = 'JobID|SubmitLine|Cluster|Account|User|Start|Elapsed|State|Comment|NodeList|JobName|WorkDir';
    await fc.assert(
      fc.asyncProperty(text, text, text, text, async (SubmitLine, Comment, JobName, WorkDir) => {
        const line = record({ SubmitLine, Comment, JobName, WorkDir }, header);
        const { jobs, reasons } = await read([header, line, record({ JobID: '52' }, header)].join('\n'));
        expect(jobs.at(-1)?.jobId).toBe(52);
        if (jobs.length === 1) expect(reasons.length).toBeGreaterThan(0);
        for (const job of jobs) {
          expect(job).toMatchObject({ user: 'ann', project: 'prj', cluster: 'h1', resources: [{ hostname: 'n001' }] });
        }
      }),
      { numRuns: 500 },
    );
  });

  test('is looked for in time that grows with the line', () => {
    const columns = Array.from({ length: 120 }, (_, at) => ({ isFree: at % 10 === 0, accepts: () => true }));
    expect(
      align(
        Array.from({ length: 1_100 }, () => 'x'),
        columns,
      ),
    ).toBe('several');
    expect(
      align(
        Array.from({ length: 1_000_000 }, () => 'x'),
        columns,
      ),
    ).toBe('none');
  });
});

describe('a line feed within a field', () => {
  const header = 'JobID|JobName|Cluster|Account|User|Start|Elapsed|State|NodeList';
  const of = (changes: Record<string, string> = {}) => record(changes, header);

  test('joins lines as long as the fields fit', async () => {
    const { jobs, reasons } = await read(
      [header, of({ JobName: 'a\n' }), of({ JobID: '52', JobName: 'b\n\nc' })].join('\n'),
    );
    expect(reasons).toEqual([]);
    expect(jobs.map(({ jobId, metaData }) => [jobId, metaData?.jobName])).toEqual([
      [51, 'a'],
      [52, 'b\n\nc'],
    ]);
  });

  test('at the end of the line belongs to the last text, unless a record begins there', async () => {
    const text = fileOf(record({ JobName: 'a\nb|c' }), record({ JobID: '52' }), '53|', record({ JobID: '54' }));
    const { jobs, reasons } = await read(text);
    expect(jobs.map(({ jobId, metaData }) => [jobId, metaData?.jobName])).toEqual([
      [51, 'a\nb|c'],
      [52, 'ok'],
      [54, 'ok'],
    ]);
    expect(reasons).toEqual(['line 5: has the wrong number of columns']);
  });

  test('and dividers in the same text are both found', async () => {
    const columns = 'JobID|Cluster|State|Start|SubmitLine|Elapsed|Account|User|NodeList|JobName';
    const line = record({ SubmitLine: 'sbatch --wrap="a | b\nc | d\ne"' }, columns);
    const { jobs, reasons } = await read([columns, line, record({ JobID: '52' }, columns)].join('\n'));
    expect([jobs.map(({ jobId }) => jobId), reasons]).toEqual([[51, 52], []]);
  });

  test('never takes the next record with it', async () => {
    const cut = of().slice(0, 10); // as a full disk leaves it
    const { jobs, reasons } = await read([header, cut, of({ JobID: '52' }), of({ JobID: '53' }), cut].join('\n'));
    expect(jobs.map(({ jobId }) => jobId)).toEqual([52, 53]);
    expect(reasons).toEqual(['line 2: has the wrong number of columns', 'line 5: has the wrong number of columns']);
  });

  test('of thousands of lines is given up', async () => {
    const { jobs, reasons } = await read(
      [header, of({ JobName: 'x\n'.repeat(3_000) }), of({ JobID: '52' })].join('\n'),
    );
    expect(jobs.map(({ jobId }) => jobId)).toEqual([52]);
    expect(reasons.length).toBeGreaterThan(1);
  });
});

describe('the fields of a record', () => {
  test.each([
    ...['users', '1e3', '0x10', '-5', '0', ' 7x'].map((id) => [id, [`line 2: job id '${id.trim()}' is not valid`]]),
    ['99999999999999999999', ['line 2: jobId must be at most 9223372036854775807, not 99999999999999999999']],
    ['9223372036854775808', ['line 2: jobId must be at most 9223372036854775807, not 9223372036854775808']],
    ['1.5', []], // a step
  ])('job id %j is bad', async (JobIDRaw, said) => {
    const { jobs, reasons } = await read(
      fileOf(record({ JobIDRaw: String(JobIDRaw) }), record({ JobID: '52', JobIDRaw: '52' })),
    );
    expect(jobs.map(({ jobId }) => jobId)).toEqual([52]);
    expect(reasons).toEqual(said);
  });

  test('the largest job id is kept whole', async () => {
    const { jobs } = await read(fileOf(record({ JobID: '9223372036854775807' })));
    expect(jobs[0]?.jobId).toBe(9_223_372_036_854_775_807n);
  });

  test('an account that is empty is no project, and counted', async () => {
    const accounts = ['', '(null)', 'None', 'prj'];
    const lines = accounts.map((Account, at) => record({ Account, JobID: String(at + 1) }));
    const { jobs, remarks } = await read(fileOf(...lines));
    expect(jobs.map(({ project }) => project)).toEqual(['', '', '', 'prj']);
    expect(remarks).toContain('3 without project');
    expect((await read(fileOf(record({ User: '(null)' })))).reasons).toEqual(['line 2: user is empty']);
  });

  test.each([
    [{ AllocCPUS: '4', NCPUS: '5', AllocTRES: 'cpu=6', ReqCPUS: '7' }, 4],
    [{ AllocCPUS: '', NCPUS: '5', AllocTRES: 'cpu=6', ReqCPUS: '7' }, 5],
    [{ NCPUS: '0', AllocTRES: 'billing=1,cpu=6,gres/gpu:a100=8,node=2', ReqCPUS: '7' }, 6],
    [{ AllocTRES: '', ReqCPUS: '104' }, 104],
  ])('processors of %j are %j', async (columns, processors) => {
    const header = [HEADER, ...Object.keys(columns)].join('|');
    const { jobs, remarks } = await read(`${header}\n${record(columns as Record<string, string>, header)}`);
    expect([jobs[0]?.numHwthreads, remarks]).toEqual([processors, []]);
  });

  test('a file without processors is named once, and so is a time zone that was not given', async () => {
    const options = { assumedZone: 'UTC' };
    const lines = fileOf(record(), record({ JobID: '52' }));
    expect((await readFiles({ 'a.psv': lines, 'b.psv': lines }, options)).remarks).toEqual([
      'no column has the number of processors (AllocCPUS): it is 0',
      'times read as UTC (no --timezone given)',
    ]);
    const exact = [record({ Start: '1772352000' }), record({ Start: '2026-03-01T09:00:00Z' })];
    expect((await read(fileOf(...exact), options)).remarks).toHaveLength(1);
  });
});

describe('times', () => {
  const berlin = localClock('Europe/Berlin');
  const utc = (text: string) => Date.parse(`${text}Z`) / 1000;

  test.each([
    ['2026-03-01T09:00:00+0100', 1_772_352_000],
    ['2026-03-01T09:00:00Z', 1_772_355_600],
    ['2026-03-01T09:00:00-05:30', utc('2026-03-01T14:30:00')],
    ['2026-10-25T02:30:00+01:00', utc('2026-10-25T01:30:00')],
    ['2026-03-01T09:00:00+1', undefined],
  ])('%s is %j in any zone', (text, seconds) => {
    expect([berlin(text), localClock('UTC')(text)]).toEqual([seconds, seconds]);
  });

  test('that the clock showed twice have a second reading', () => {
    expect(berlin.second('2026-10-25T02:30:00')).toBe(utc('2026-10-25T01:30:00'));
    for (const text of ['2026-10-25T01:59:59', '2026-10-25T03:00:00', '2026-03-29T02:30:00', 'Unknown']) {
      expect(berlin.second(text)).toBeUndefined();
    }
  });

  test.each([
    ['the first hour by its end', { Elapsed: '01:30:00', End: '2026-10-25T03:00:00' }, '00:30', 5_400],
    ['the second hour by its end', { Elapsed: '00:30:00', End: '2026-10-25T03:00:00' }, '01:30', 1_800],
    ['both ends doubtful', { Elapsed: '00:15:00', End: '2026-10-25T02:45:00' }, '00:30', 900],
    ['over the change', { Elapsed: '01:15:00', End: '2026-10-25T02:45:00' }, '00:30', 4_500],
    [
      'running, after its submission',
      { Elapsed: '00:15:00', End: 'Unknown', Submit: '2026-10-25T02:40:00+0200' },
      '01:30',
      900,
    ],
    ['running', { Elapsed: '00:15:00', End: 'Unknown', Submit: '2026-10-25T01:00:00' }, '00:30', 900],
    ['without Elapsed', { Elapsed: '', End: '2026-10-25T02:10:00' }, '00:30', 2_400],
  ])('of the hour that comes twice: %s', async (_words, changes, start, duration) => {
    const header = `${HEADER}|End|Submit`;
    const line = record({ Start: '2026-10-25T02:30:00', ...changes }, header);
    const { jobs } = await read(`${header}\n${line}`, { clock: berlin });
    expect(jobs).toMatchObject([{ startTime: utc(`2026-10-25T${start}:00`), duration }]);
  });
});
