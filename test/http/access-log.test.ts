import { expect, onTestFinished, test } from 'vitest';
import { testApp } from '../support/test-app.ts';

test('the log has neither the query nor a header of a request', async () => {
  const service = await testApp();
  onTestFinished(() => service.close());
  const token = await service.token();
  await service.app.request('/api/jobs/count?user=secretary', { headers: { 'X-Auth-Token': token } });
  await service.app.request('/jobs?redirect=secretary', {
    headers: { Cookie: 'session=secretary', Referer: 'secretary' },
  });
  await service.app.request('/api/jobs/', { headers: { 'X-Auth-Token': 'secretary' } });
  const requests = service.lines.filter(({ message }) => message === 'request');
  expect(requests).toHaveLength(3);
  const text = JSON.stringify(requests);
  expect(text).toContain('"/api/jobs/count"');
  expect(text).not.toContain('secretary');
  expect(text).not.toContain(token);
});
