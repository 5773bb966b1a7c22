/** Updates the list of jobs: the state and duration of running jobs, and a count that was not ready in time. */
(() => {
  const TICK_MS = 1000;
  const LOOK_MS = 30_000;
  const READ = { headers: { 'X-Requested-With': 'cc-jobs' } };
  const loadedAt = performance.now();
  const { duration } = window.formatting;

  const running = () => [...document.querySelectorAll('[data-running]')];

  function tick() {
    const passedSec = (performance.now() - loadedAt) / 1000;
    for (const element of running()) {
      // 0 is also the duration of a job whose node's clock is ahead. The page does not know by how much.
      const seconds = Number(element.dataset.running);
      if (seconds > 0) element.textContent = duration(Math.floor(seconds + passedSec));
    }
  }

  /** Requests the current state of running jobs. A hidden page sends no requests. */
  async function look() {
    if (document.hidden) return;
    const rows = new Map(running().map((element) => [element.closest('[data-id]')?.dataset.id, element]));
    rows.delete(undefined);
    if (rows.size === 0) return;
    const query = new URLSearchParams([...rows.keys()].map((id) => ['db-id', id]));
    const answer = await fetch(`/api/jobs/?items-per-page=${rows.size}&${query}`, READ).catch(() => undefined);
    if (!answer?.ok) return;
    const { jobs } = await answer.json();
    for (const job of jobs) {
      const element = rows.get(String(job.id));
      if (job.jobState === 'running' || element === undefined) continue;
      delete element.dataset.running;
      element.textContent = duration(job.duration);
      const state = element.closest('[data-id]').querySelector('.state');
      state.className = 'state other ended';
      state.querySelector('[aria-hidden]').textContent = '•';
      state.querySelector('.word').textContent = job.jobState.replaceAll('_', ' ');
    }
  }

  async function count() {
    const element = document.querySelector('[data-count]');
    if (element === null) return;
    const answer = await fetch(element.dataset.count, READ).catch(() => undefined);
    if (!answer?.ok) return;
    const { count: found } = await answer.json();
    const number = document.createElement('b');
    number.textContent = found.toLocaleString('en');
    element.replaceChildren(number, found === 1 ? ' job' : ' jobs');
  }

  if (running().length > 0) {
    setInterval(tick, TICK_MS);
    setInterval(look, LOOK_MS);
    document.addEventListener('visibilitychange', look);
  }
  void count();
})();
