/** Draws histograms of the matching jobs. A click on a bar, or on its row in the table, narrows the filter. */
(() => {
  const READ = { headers: { 'X-Requested-With': 'cc-jobs' } };
  const HEIGHT = 190;
  const place = document.getElementById('histograms');
  if (place === null) return;
  const state = document.getElementById('histograms-state');
  const { style, axis: axisOf, keepInStep } = window.plotting;
  const drawn = [];

  const number = (value) => value.toLocaleString('en', { maximumSignificantDigits: 4 });
  const short = (value) =>
    value >= 10_000 ? value.toLocaleString('en', { notation: 'compact' }) : value.toLocaleString('en');

  /** Formats seconds as hours and minutes for an axis. */
  function clock(seconds) {
    if (seconds % 3600 === 0) return `${seconds / 3600}h`;
    return seconds % 60 === 0 ? `${seconds / 60}m` : `${seconds}s`;
  }

  /** Returns the address of this page with a narrower filter. The page's address has its other parameters. */
  function narrowed(name, from, to) {
    const address = new URL(place.dataset.page, location.href);
    address.searchParams.set(name, `${from}-${to}`);
    return address.pathname + address.search;
  }

  /** Returns the bins as `{ label, edge, count, href }`. Axis labels are at the edges or below the bars. */
  function seconds(points, parameter) {
    const width = Number(place.dataset.width);
    return points.map(({ value, count }) => ({
      label: `${clock(value - width)} to ${clock(value)}`,
      tick: clock(value - width),
      count,
      href: narrowed(parameter, value - width, value - 1),
    }));
  }

  function values(points, parameter) {
    return points.map(({ value, count }) => ({
      label: String(value),
      tick: short(Number(value)),
      count,
      href: narrowed(parameter, value, value),
    }));
  }

  function ofMetric({ data }, { metric, stat, peak }) {
    const round = (value) => Number(value.toPrecision(6));
    return data.map(({ bin, count }) => {
      const [from, to] = [(peak / data.length) * (bin - 1), (peak / data.length) * bin].map(round);
      return {
        label: `${number(from)} to ${number(to)}`,
        tick: number(from),
        count,
        href: narrowed(`metric.${metric}_${stat}`, from, to),
      };
    });
  }

  function draw(canvas, bins, axisLabel) {
    const axis = axisOf();
    const last = bins.length - 1;
    const options = {
      width: canvas.clientWidth,
      height: HEIGHT,
      scales: {
        x: { time: false, range: [-0.6, Math.max(1, last) + 0.6] },
        y: { range: (_, __, max) => [0, max * 1.08 || 1] },
      },
      axes: [
        {
          ...axis,
          label: axisLabel,
          size: 30,
          grid: { show: false },
          incrs: [1, 2, 4, 5, 6, 8, 10, 12, 20, 24, 50, 100, 200, 500],
          values: (_, splits) => splits.map((at) => bins[at]?.tick ?? ''),
        },
        {
          ...axis,
          label: 'jobs',
          size: 56,
          values: (_, splits) => splits.map((value) => (Number.isInteger(value) ? short(value) : '')),
        },
      ],
      legend: { show: false },
      cursor: { drag: { x: false, y: false }, points: { show: false }, y: false },
      series: [
        {},
        {
          stroke: style('--bar'),
          fill: style('--bar'),
          width: 0,
          points: { show: false },
          paths: uPlot.paths.bars({ size: [0.86, 48], align: 0 }),
        },
      ],
    };
    canvas.replaceChildren();
    return new uPlot(options, [bins.map((_, index) => index), bins.map(({ count }) => count)], canvas);
  }

  function element(name, properties = {}, ...children) {
    const made = Object.assign(document.createElement(name), properties);
    made.append(...children);
    return made;
  }

  /** Makes a figure: the plot, the bin under the pointer, and the same data as a table. */
  function figure(title, unit, axisLabel, bins) {
    const total = bins.reduce((sum, { count }) => sum + count, 0);
    if (total === 0) return undefined;
    const canvas = element('div', {
      className: 'canvas',
      role: 'img',
      ariaLabel: `${title}: ${bins.length} bars, see the table below`,
    });
    const words = element('figcaption', { className: 'note', textContent: `${total.toLocaleString('en')} jobs` });
    const rows = bins
      .filter(({ count }) => count > 0)
      .map(({ label, count, href }) =>
        element(
          'tr',
          {},
          element('th', { scope: 'row' }, element('a', { href, textContent: label })),
          element('td', { className: 'num', textContent: count.toLocaleString('en') }),
        ),
      );
    const head = element(
      'tr',
      {},
      element('th', { scope: 'col', textContent: axisLabel }),
      element('th', { scope: 'col', className: 'num', textContent: 'Jobs' }),
    );
    const table = element('table', { className: 'data' }, element('thead', {}, head), element('tbody', {}, ...rows));
    const details = element('details', {}, element('summary', { textContent: 'As a table' }), table);
    const heading = element('h3', { textContent: title });
    if (unit !== '') heading.append(' ', element('span', { className: 'of', textContent: unit }));
    const made = element('figure', { className: 'plot' }, heading, canvas, words, details);
    place.append(made);
    const one = { canvas, bins, axisLabel, plot: draw(canvas, bins, axisLabel) };
    drawn.push(one);
    const at = () => bins[one.plot.cursor.idx ?? -1];
    canvas.addEventListener('mousemove', () => {
      const bin = at();
      words.textContent =
        bin === undefined
          ? `${total.toLocaleString('en')} jobs`
          : `${bin.label}${unit === '' ? '' : ` ${unit}`}: ${bin.count.toLocaleString('en')} jobs`;
      canvas.classList.toggle('link', bin !== undefined && bin.count > 0);
    });
    canvas.addEventListener('click', () => {
      const bin = at();
      if (bin !== undefined && bin.count > 0) location.assign(bin.href);
    });
    return made;
  }

  async function load() {
    state.textContent = 'loading …';
    const answer = await fetch(place.dataset.from, READ).catch(() => undefined);
    const body = await answer?.json().catch(() => undefined);
    if (!answer?.ok || body === undefined) {
      const why =
        body?.code === 'deadline_exceeded'
          ? 'the query took too long, try a narrower filter'
          : (body?.error ?? 'the service did not respond');
      state.textContent = `No histograms: ${why}.`;
      return;
    }
    state.textContent = '';
    for (const { name, label, unit, histogram } of JSON.parse(place.dataset.fields)) {
      figure(label, '', label, (unit === 's' ? seconds : values)(body[histogram], name));
    }
    for (const scale of JSON.parse(place.dataset.scales)) {
      const found = body.histMetrics.find(({ metric }) => metric === scale.metric);
      if (found !== undefined)
        figure(
          `${scale.metric} ${scale.stat}`,
          scale.unit,
          scale.unit === '' ? scale.metric : scale.unit,
          ofMetric(found, scale),
        );
    }
  }

  keepInStep(drawn, HEIGHT, ({ canvas, bins, axisLabel }) => draw(canvas, bins, axisLabel));
  void load();
})();
