/** Keeps the state of the service current: loads the page again in the background and replaces its live part. */
(() => {
  const EVERY_MS = 2_000;
  const HEIGHT = 210;
  const live = document.getElementById('live');
  const words = document.getElementById('live-state');
  const place = document.getElementById('memory-plot');
  const { dark, style, axis: axisOf } = window.plotting;
  const PARTS = [
    ['all', '--accent', []],
    ['parent', '--muted', [2, 3]],
    ['connections', '--good', [8, 4]],
    ['archive', '--warn', [12, 3, 3, 3]],
    ['columns', '--bad', [5, 5]],
  ];
  let plot;

  const two = (number) => String(number).padStart(2, '0');

  function clock(seconds) {
    const date = new Date(seconds * 1000);
    return `${two(date.getHours())}:${two(date.getMinutes())}:${two(date.getSeconds())}`;
  }

  function data() {
    const { memory, limit } = live.querySelector('[data-memory]').dataset;
    const samples = JSON.parse(memory);
    const all = samples.map(({ parent, connections, archive, columns }) => parent + connections + archive + columns);
    const lines = ['parent', 'connections', 'archive', 'columns'].map((part) => samples.map((sample) => sample[part]));
    return { limit: Number(limit), rows: [samples.map(({ at }) => at), all, ...lines] };
  }

  /** Draws the limit as a line if it is within the range, which follows the used memory. */
  function limitLine(chart) {
    const { limit } = data();
    const { ctx, bbox } = chart;
    if (!(limit > 0) || limit > chart.scales.y.max) return;
    const y = chart.valToPos(limit, 'y', true);
    ctx.save();
    ctx.strokeStyle = style('--bad');
    ctx.fillStyle = style('--bad');
    ctx.setLineDash([6 * devicePixelRatio, 5 * devicePixelRatio]);
    ctx.beginPath();
    ctx.moveTo(bbox.left, y);
    ctx.lineTo(bbox.left + bbox.width, y);
    ctx.stroke();
    ctx.font = `${11 * devicePixelRatio}px system-ui, sans-serif`;
    ctx.fillText(`limit ${limit} MB`, bbox.left + 6, y - 4 * devicePixelRatio);
    ctx.restore();
  }

  function draw() {
    if (place === null) return;
    plot?.destroy();
    const { limit, rows } = data();
    const axis = axisOf();
    plot = new uPlot(
      {
        width: place.clientWidth,
        height: HEIGHT,
        scales: {
          x: { time: true },
          y: {
            range: (_, __, max) => [0, limit > 0 && max > limit / 3 ? Math.max(max, limit) * 1.08 : max * 1.25 || 1],
          },
        },
        axes: [
          { ...axis, label: 'time of day', size: 30, values: (_, splits) => splits.map(clock) },
          { ...axis, label: 'MB', size: 56 },
        ],
        series: [
          { label: 'time', value: (_, value) => (value === null ? '–' : clock(value)) },
          ...PARTS.map(([label, color, dash]) => ({
            label,
            stroke: style(color),
            dash,
            width: label === 'all' ? 2 : 1.2,
            points: { show: false },
          })),
        ],
        hooks: { draw: [limitLine] },
      },
      rows,
      place,
    );
  }

  /** Loads the current page with the session cookie. */
  async function look() {
    if (document.hidden) return;
    const answer = await fetch('/system', { headers: { Accept: 'text/html' } }).catch(() => undefined);
    if (!answer?.ok) {
      words.textContent =
        answer === undefined ? 'the service does not respond' : `the service responded with ${answer.status}`;
      return;
    }
    const fresh = new DOMParser().parseFromString(await answer.text(), 'text/html').getElementById('live');
    if (fresh === null) return;
    if (live.contains(document.activeElement)) {
      words.textContent = 'paused: a table has the focus'; // replacing the table would lose the focus
      return;
    }
    live.replaceChildren(...fresh.childNodes);
    words.textContent = 'live';
    plot?.setData(data().rows);
  }

  draw();
  setInterval(look, EVERY_MS);
  dark.addEventListener('change', draw);
  addEventListener('resize', () => plot?.setSize({ width: place.clientWidth, height: HEIGHT }));
})();
