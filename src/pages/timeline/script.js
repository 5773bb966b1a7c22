/** Draws timelines: stacked areas of groups, or lines. A click on a bucket narrows the filter to it and its group. */
(() => {
  const { style, axis: axisOf, keepInStep } = window.plotting;
  const { duration } = window.formatting;
  const HEIGHT = 260;
  /** A line of the capacity far above everything else would flatten it. */
  const FAR = 8;
  const drawn = [];

  const amount = (value, unit) => {
    if (unit === 's') return duration(Math.round(value));
    const digits = { maximumFractionDigits: Math.abs(value) < 10 ? 2 : 0 };
    return `${value.toLocaleString('en', digits)} ${unit}`;
  };

  const short = (value, unit) =>
    unit === 's' ? duration(value) : value.toLocaleString('en', { notation: 'compact', maximumFractionDigits: 1 });

  /** A local time, such as `2026-11-26 14:00`. */
  const local = (sec, zone) =>
    new Date(sec * 1000).toLocaleString('sv-SE', { timeZone: zone, dateStyle: 'short', timeStyle: 'short' });

  /** Labels at a distance of some seconds: months, days, or hours with the day at midnight. */
  function tick(text, distanceSec) {
    if (distanceSec >= 28 * 86_400) return text.slice(0, 7);
    return distanceSec >= 86_400 || text.endsWith(' 00:00') ? text.slice(0, 10) : text.slice(11);
  }

  /** The values of each series plus those of all series before it. */
  function stacked(series) {
    const sums = series[0].values.map(() => 0);
    return series.map(({ values }) => values.map((value, at) => (sums[at] += value ?? 0)));
  }

  /** A value for each edge: a step ends where the next one begins. */
  const steps = (values) => [...values, values.at(-1)];

  function draw({ canvas, chart }) {
    const axis = axisOf();
    const { series, edges, unit, zone, capacity, before, isStacked } = chart;
    const lines = isStacked ? stacked(series) : series.map(({ values }) => values);
    const most = Math.max(...lines.at(-1).map(Number), ...lines.flat().map(Number), ...(before ?? []).map(Number), 0);
    const isNear = capacity !== undefined && Math.max(...capacity) <= most * FAR;
    const paths = uPlot.paths.stepped({ align: 1 });
    const common = { paths, points: { show: false } };
    // The highest sum is drawn first, and the others over it.
    const areas = lines.map((values, at) => ({ values, color: style(`--${series[at].color}`) })).reverse();
    const more = [
      ...(isNear ? [{ values: capacity, color: style('--text'), dash: [6, 4] }] : []),
      ...(before === undefined ? [] : [{ values: before, color: style('--muted'), dash: [2, 3] }]),
    ];
    const options = {
      width: canvas.clientWidth,
      height: HEIGHT,
      tzDate: (sec) => uPlot.tzDate(new Date(sec * 1000), zone === 'UTC' ? 'Etc/UTC' : zone),
      scales: { x: { range: [edges[0], edges.at(-1)] }, y: { range: (_, __, max) => [0, max * 1.06 || 1] } },
      axes: [
        {
          ...axis,
          size: 30,
          space: 75,
          values: (_, splits, __, ___, sec) => splits.map((at) => tick(local(at, zone), sec)),
        },
        { ...axis, size: 58, values: (_, splits) => splits.map((value) => short(value, unit)) },
      ],
      legend: { show: false },
      cursor: { drag: { x: false, y: false }, points: { show: false }, y: false },
      series: [
        {},
        ...areas.map(({ color }) => ({
          ...common,
          stroke: color,
          width: isStacked ? 1 : 2,
          fill: isStacked ? color : undefined,
        })),
        ...more.map(({ color, dash }) => ({ ...common, stroke: color, width: 2, dash })),
      ],
    };
    canvas.replaceChildren();
    return new uPlot(options, [edges, ...[...areas, ...more].map(({ values }) => steps(values))], canvas);
  }

  /** The bucket and the series under the pointer. */
  function pointed({ plot, chart }) {
    const { left, top } = plot.cursor;
    if (left === undefined || left < 0) return undefined;
    const { edges, series, isStacked } = chart;
    const sec = plot.posToVal(left, 'x');
    const bucket = edges.findLastIndex((edge) => edge <= sec);
    if (bucket < 0 || bucket >= edges.length - 1) return undefined;
    const value = plot.posToVal(top, 'y');
    const lines = isStacked ? stacked(series) : undefined;
    const at = lines?.findIndex((values) => values[bucket] >= value) ?? -1;
    return { bucket, series: series.length === 1 ? series[0] : series[at] };
  }

  function shown({ chart }, { bucket, series }) {
    const { edges, unit, capacity, before, zone } = chart;
    const values = series === undefined ? chart.series : [series];
    const parts = values
      .filter((one) => one.values[bucket] !== null)
      .map((one) => `${one.label} ${amount(one.values[bucket], unit)}`);
    if (capacity !== undefined) parts.push(`capacity ${amount(capacity[bucket], unit)}`);
    if (before !== undefined && before[bucket] !== null) parts.push(`before ${amount(before[bucket], unit)}`);
    return `${local(edges[bucket], zone)}: ${parts.join(', ')}`;
  }

  function addressOf({ edges, click }, { bucket, series }) {
    const address = new URL(click.to, location.href);
    for (const [name, value] of series?.narrow ?? []) address.searchParams.set(name, value);
    address.searchParams.set(click.range, `${edges[bucket]}-${edges[bucket + 1]}`);
    return address.pathname + address.search;
  }

  /** Makes a chart of an answer of the API: core hours by cluster. */
  function chartOf({ timeline }, { capacity, click, colors }) {
    const edges = [...new Set(timeline.flatMap(({ from, to }) => [from, to]))];
    const names = timeline.filter(({ from }) => from === edges[0]).map(({ group, isOther }) => ({ group, isOther }));
    const series = names.map(({ group, isOther }, at) => ({
      label: isOther ? 'all others' : group,
      values: timeline.filter((_, index) => index % names.length === at).map(({ coreSeconds }) => coreSeconds / 3600),
      narrow: isOther ? [] : [['cluster', group]],
      color: isOther ? 'series-other' : `series-${at % Number(colors)}`,
    }));
    const most = Number(capacity);
    return {
      ...{ edges, series, isStacked: true, unit: 'h', zone: 'UTC', click: { to: click, range: 'range' } },
      capacity: most > 0 ? edges.slice(1).map((to, at) => ((to - edges[at]) / 3600) * most) : undefined,
    };
  }

  /** Returns undefined if there is nothing to draw: the page is complete without it. */
  async function loaded({ dataset }) {
    if (dataset.chart !== undefined) return JSON.parse(dataset.chart);
    const answer = await fetch(dataset.from, { headers: { 'X-Requested-With': 'cc-jobs' } }).catch(() => undefined);
    const body = answer?.ok ? await answer.json().catch(() => undefined) : undefined;
    return body === undefined || body.timeline.length === 0 ? undefined : chartOf(body, dataset);
  }

  function addLegend(list, { series, capacity }) {
    const lines = series.map(({ label, color }) => [label, color]);
    for (const [label, color] of capacity === undefined ? lines : [...lines, ['capacity', 'capacity']]) {
      const name = Object.assign(document.createElement('bdi'), { textContent: label });
      const swatch = Object.assign(document.createElement('i'), { className: `swatch ${color}` });
      const line = document.createElement('li');
      line.append(swatch, name);
      list.append(line);
    }
  }

  async function show(figure) {
    const chart = await loaded(figure);
    if (chart === undefined) return;
    figure.hidden = false;
    const legend = figure.querySelector('.legend');
    if (legend.children.length === 0) addLegend(legend, chart);
    const one = { canvas: figure.querySelector('.canvas'), chart };
    one.plot = draw(one);
    drawn.push(one);
    const words = figure.querySelector('figcaption');
    one.canvas.addEventListener('mousemove', () => {
      const at = pointed(one);
      words.textContent = at === undefined ? '' : shown(one, at);
      one.canvas.classList.toggle('link', at !== undefined);
    });
    one.canvas.addEventListener('click', () => {
      const at = pointed(one);
      if (at !== undefined) location.assign(addressOf(one.chart, at));
    });
  }

  for (const figure of document.querySelectorAll('figure.timeline')) void show(figure);

  keepInStep(drawn, HEIGHT, draw);
})();
