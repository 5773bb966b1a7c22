import { afterEach, beforeEach, expect, test } from 'vitest';
import { Fault } from '../../src/faults.ts';
import { RefusedReports } from '../../src/http/jobs/refused-reports.ts';
import { partsOf } from '../../src/http/json/json-body.ts';
import { faultFromMessage, faultToMessage } from '../../src/processes/fault-messages.ts';
import type { RefusedReportsStatus } from '../../src/system-state-types.ts';
import { bodyOf, NOW, START_BODY, type TestApp, testApp } from '../support/test-app.ts';

const START = '/api/jobs/start_job/';
const STOP = '/api/jobs/stop_job/';

let service: TestApp;
beforeEach(async () => {
  service = await testApp();
});
afterEach(() => service.close());

const state = async () =>
  (await bodyOf<{ refusedReports: RefusedReportsStatus }>(await service.get('/api/system', 'root', 'admin', 'api')))
    .refusedReports;
const warnings = () => service.lines.filter(({ level }) => level === 'warn').map(({ fields }) => fields);

test('there are none at first, and none of reports that were stored or are harmless', async () => {
  await service.send('POST', START, START_BODY);
  await service.send('POST', START, START_BODY);
  await service.send('POST', STOP, { jobId: 7, stopTime: NOW });
  await service.send('PUT', STOP, { jobId: 7, stopTime: NOW });
  expect(await state()).toEqual({ starts: 0, stops: 0, repeated: 2, last: [] });
  expect(warnings()).toEqual([]);
});

test.each<[string, string, string, unknown, object]>([
  [
    'what is beyond the bounds',
    'start',
    START,
    { ...START_BODY, startTime: NOW * 1000 },
    { jobId: '7', cluster: 'small', reason: expect.stringContaining('startTime') },
  ],
  [
    'an unknown host',
    'start',
    START,
    { ...START_BODY, resources: [{ hostname: 'q"1' }] },
    {
      jobId: '7',
      cluster: 'small',
      reason: expect.stringMatching(/^no subcluster of "small" has a node "q\\"1": .*UNKNOWN_HOST_SUBCLUSTER$/),
    },
  ],
  [
    'an unknown field',
    'start',
    START,
    { ...START_BODY, JOBID: 2n ** 60n, colour: 'red' },
    { jobId: String(2n ** 60n), cluster: 'small', reason: 'parsing request body failed: unknown field colour' },
  ],
  ['what is no JSON', 'start', START, '{', { reason: expect.stringContaining('parsing request body failed') }],
  [
    'an unknown job',
    'stop',
    STOP,
    { jobId: 8, stopTime: NOW },
    { jobId: '8', code: 'not_found', reason: 'finding job failed: no job 8' },
  ],
  ['no job', 'stop', STOP, { stopTime: NOW }, { reason: "the field 'jobId' is required" }],
  [
    'an unknown database id',
    'stop',
    `${STOP}9`,
    { stopTime: NOW },
    { id: '9', code: 'not_found', reason: 'finding job with db id 9 failed' },
  ],
  ['a wrong database id', 'stop', `${STOP}x`, { stopTime: NOW }, { reason: 'the id in the path must be an integer' }],
])('a report with %s is counted, kept and logged', async (_, kind, path, body, more) => {
  await service.send('POST', path, body);
  const report = { kind, code: 'invalid_request', ...more };
  expect(warnings()).toEqual([expect.objectContaining(report)]);
  expect(Object.keys(warnings()[0] ?? {}).toSorted()).toEqual(['requestId', ...Object.keys(report)].toSorted());
  const counts = { starts: 0, stops: 0, repeated: 0, [`${kind}s`]: 1 };
  expect(await state()).toEqual({ ...counts, last: [{ at: NOW, ...report }] });
});

test('long texts are cut, and a refused request has either both of its lines in the log or none', async () => {
  for (let nth = 0; nth < 50; nth += 1) {
    await service.send('POST', START, { ...START_BODY, jobId: nth + 1, cluster: `<b>\n${'x'.repeat(1_000)}` });
  }
  const { starts, last } = await state();
  expect([starts, last.length, last[0]?.jobId, last[19]?.jobId]).toEqual([50, 20, '50', '31']);
  expect(JSON.stringify(last).length).toBeLessThan(20 * 600);
  const ofRequests = service.lines.filter(({ fields }) => fields.status === 400).map(({ fields }) => fields.requestId);
  expect(warnings().map(({ requestId }) => requestId ?? '')).toEqual(expect.arrayContaining(ofRequests));
  expect(ofRequests.length).toBeGreaterThanOrEqual(20);
});

test('the page of the state shows them, escaped', async () => {
  await service.send('POST', START, { ...START_BODY, cluster: '<b>bold' });
  await service.send('POST', `${STOP}9`, { stopTime: NOW });
  const page = await (await service.get('/system', 'root', 'admin', 'api')).text();
  expect(page).toContain('Refused: 1 start and 1 stop.');
  expect(page).toContain('database id 9');
  expect(page).toContain('&lt;b&gt;bold');
  expect(page).not.toContain('<b>bold');
});

test('a body that another process has refused names its job as well', async () => {
  const bytes = new TextEncoder().encode('{"jobId":7,"cluster":"small","color":1}');
  const fault = await partsOf({ name: 'startJob', bytes, limits: { values: 10, depth: 3 } }).catch((error) => error);
  expect(faultFromMessage(faultToMessage(fault)).about).toEqual({ jobId: '7', cluster: 'small' });
  expect(faultFromMessage(faultToMessage(new Fault('queue_full', 'full'))).about).toBe(undefined);
});

test('the newest 20 are kept', () => {
  const reports = new RefusedReports();
  for (let at = 1; at <= 25; at += 1) reports.add({ at, kind: 'stop', code: 'not_found', reason: '' });
  expect(reports.status()).toMatchObject({ starts: 0, stops: 25, last: { length: 20, 0: { at: 25 }, 19: { at: 6 } } });
});
