/** Shows what is unusual on the overview. */
void (async () => {
  const list = document.querySelector('ul.unusual[data-from]');
  const state = document.querySelector('[data-unusual-state]');
  if (list === null || state === null) return;
  state.textContent = 'Looking …';
  const options = { headers: { 'X-Requested-With': 'cc-jobs' } };
  const answer = await fetch(list.dataset.from, options).catch(() => undefined);
  const body = await answer?.json().catch(() => undefined);
  if (!answer?.ok || body === undefined) {
    state.textContent = body?.error ?? 'The service did not respond.';
    return;
  }
  for (const { text, link } of body.unusual) {
    const item = document.createElement('li');
    const anchor = document.createElement('a');
    const isolated = document.createElement('bdi');
    isolated.textContent = text;
    anchor.href = link;
    anchor.append(isolated);
    item.append(anchor);
    list.append(item);
  }
  list.hidden = body.unusual.length === 0;
  const notes = [
    body.unusual.length === 0 && body.unchecked.length === 0 ? 'Nothing unusual was found.' : '',
    body.more > 0 ? `And ${body.more} more of the same kinds.` : '',
    body.unchecked.length > 0 ? 'Not all could be checked in time.' : '',
  ];
  state.textContent = notes.join(' ').trim();
})();
