/** Fills in the table of percentiles when it becomes visible, one measure after the other. */
(() => {
  const READ = { headers: { 'X-Requested-With': 'cc-jobs' } };
  const { duration } = window.formatting;
  const table = document.getElementById('percentiles');
  if (table === null) return;
  const state = document.getElementById('percentiles-state');

  const share = (value) => `${(value * 100).toLocaleString('en', { maximumFractionDigits: 1 })} %`;

  /** The ids of a group as in `data-id` of its row. */
  const keyOf = ({ id, id2 }) => JSON.stringify(id2 === undefined ? [id] : [id, id2]);

  /** Fills in the cells of a measure. Returns the reason if it cannot. */
  async function fill(measure, unit) {
    const answer = await fetch(`${table.dataset.from}&of=${measure}`, READ).catch(() => undefined);
    const body = await answer?.json().catch(() => undefined);
    if (!answer?.ok || body === undefined) {
      if (body?.code === 'deadline_exceeded') return 'the query took too long, try a narrower filter';
      return body?.error ?? 'the service did not respond';
    }
    const groups = new Map(body.percentiles.map((group) => [keyOf(group), group]));
    for (const row of table.tBodies[0].rows) {
      const group = groups.get(row.dataset.id);
      const cells = row.querySelectorAll(`[data-of="${measure}"]`);
      for (const [at, cell] of cells.entries()) {
        const value = group?.values[at].value ?? null;
        if (value !== null) cell.textContent = unit === 's' ? duration(value) : share(value);
        if (group?.unknown > 0)
          cell.title = `of ${group.jobs.toLocaleString('en')} jobs; not known of ${group.unknown.toLocaleString('en')}`;
      }
    }
    return undefined;
  }

  async function load() {
    state.textContent = 'loading …';
    for (const { name, unit } of JSON.parse(table.dataset.measures)) {
      const problem = await fill(name, unit);
      if (problem !== undefined) {
        state.textContent = `No percentiles: ${problem}.`;
        return;
      }
    }
    state.textContent = '';
  }

  new IntersectionObserver(
    ([{ isIntersecting }], seen) => {
      if (!isIntersecting) return;
      seen.disconnect();
      void load();
    },
    { rootMargin: '300px' },
  ).observe(table);
})();
