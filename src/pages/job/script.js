/** Draws the metric data of a job with uPlot when its plot scrolls into view. */
(() => {
  const READ = { headers: { 'X-Requested-With': 'cc-jobs' } };
  const HEIGHT = 190;
  /** With more lines than this, only minimum, median and maximum are drawn, if the answer has them. */
  const MOST_LINES = 7;
  /** Lines differ in dashes as well as in color. */
  const DASHES = [[], [8, 4], [2, 3], [12, 3, 3, 3], [5, 5], [1, 4], [14, 6]];
  const HUES = [210, 25, 140, 330, 265, 175, 50];
  const { dark, style, axis: axisOf, keepInStep } = window.plotting;
  const drawn = [];

  const color = (index) => `hsl(${HUES[index % HUES.length]} 65% ${dark.matches ? 68 : 38}%)`;
  const rounded = (value) =>
    Math.abs(value) >= 1000 ? Math.round(value).toLocaleString('en') : Number(value.toPrecision(4));
  const two = (number) => String(number).padStart(2, '0');
  const clock = (seconds) => `${Math.floor(seconds / 3600)}:${two(Math.floor((seconds % 3600) / 60))}`;

  /** Returns `[label, values]` for each line. */
  function linesOf({ series, statisticsSeries }) {
    const { min, median, max } = statisticsSeries ?? {};
    if (series.length > MOST_LINES && median?.length > 0) {
      return [
        ['maximum', max],
        ['median', median],
        ['minimum', min],
      ];
    }
    return series.map(({ hostname, id, data }) => [id === undefined ? hostname : `${hostname} ${id}`, data]);
  }

  /** Draws the visible thresholds as lines with their names. */
  function thresholdLines(thresholds) {
    return (plot) => {
      const { ctx, bbox } = plot;
      ctx.save();
      ctx.font = `${11 * devicePixelRatio}px system-ui, sans-serif`;
      for (const name of ['caution', 'alert']) {
        const value = thresholds[name];
        if (!(value > 0) || value >= plot.scales.y.max) continue;
        const y = plot.valToPos(value, 'y', true);
        ctx.strokeStyle = style(name === 'alert' ? '--bad' : '--warn');
        ctx.fillStyle = ctx.strokeStyle;
        ctx.setLineDash([6 * devicePixelRatio, 5 * devicePixelRatio]);
        ctx.beginPath();
        ctx.moveTo(bbox.left, y);
        ctx.lineTo(bbox.left + bbox.width, y);
        ctx.stroke();
        // The names are at opposite ends, so that they do not overlap if two thresholds are close.
        ctx.textAlign = name === 'alert' ? 'left' : 'right';
        ctx.fillText(name, bbox.left + (name === 'alert' ? 4 : bbox.width - 4), y - 3 * devicePixelRatio);
      }
      ctx.restore();
    };
  }

  function draw(figure, metric) {
    const place = figure.querySelector('.canvas');
    const lines = linesOf(metric);
    const length = Math.max(0, ...lines.map(([, values]) => values.length));
    const times = Array.from({ length }, (_, index) => index * metric.timestep);
    const axis = axisOf();
    const thresholds = figure.dataset.thresholds === '' ? undefined : JSON.parse(figure.dataset.thresholds);
    const unit = figure.dataset.unit;
    const options = {
      width: place.clientWidth,
      height: HEIGHT,
      scales: { x: { time: false }, y: { range: (_, __, max) => [0, max > 0 ? max * 1.08 : 1] } },
      axes: [
        {
          ...axis,
          label: 'time since the start (h:min)',
          size: 30,
          values: (_, splits) => splits.map(clock),
          incrs: [60, 120, 300, 600, 1200, 1800, 3600, 7200, 10_800, 21_600, 43_200, 86_400, 172_800, 604_800],
        },
        {
          ...axis,
          label: unit === '' ? figure.dataset.metric : unit,
          size: 56,
          values: (_, splits) => splits.map(rounded),
        },
      ],
      series: [
        { label: 'time', value: (_, value) => (value === null ? '–' : clock(value)) },
        ...lines.map(([label], index) => ({
          label,
          stroke: color(index),
          dash: DASHES[index % DASHES.length],
          width: 1.4,
          points: { show: length < 3 },
          value: (_, value) => (value === null ? '–' : rounded(value)),
        })),
      ],
      hooks: { draw: thresholds === undefined ? [] : [thresholdLines(thresholds)] },
      legend: { live: true },
    };
    const padded = lines.map(([, values]) => Array.from({ length }, (_, index) => values[index] ?? null));
    place.replaceChildren();
    return new uPlot(options, [times, ...padded], place);
  }

  /** Returns a description of a plot for screen readers. */
  function summary({ series }, unit) {
    const known = series.filter(({ statistics }) => statistics !== undefined);
    if (known.length === 0) return '';
    const average = known.reduce((sum, { statistics }) => sum + statistics.avg, 0) / known.length;
    const [min, max] = [
      Math.min(...known.map(({ statistics }) => statistics.min)),
      Math.max(...known.map(({ statistics }) => statistics.max)),
    ];
    const over = known.length === 1 ? known[0].hostname : `${known.length} series`;
    return `average ${rounded(average)}, minimum ${rounded(min)}, maximum ${rounded(max)} ${unit} (${over})`;
  }

  async function load(figure) {
    const words = figure.querySelector('figcaption');
    words.textContent = 'loading …';
    const answer = await fetch(figure.dataset.plot, READ).catch(() => undefined);
    const body = await answer?.json().catch(() => undefined);
    const found = body?.data?.jobMetrics ?? [];
    const { metric } = found.find(({ scope }) => scope === 'node') ?? found[0] ?? {};
    if (metric === undefined || !metric.series.some(({ data }) => data.length > 0)) {
      const why = body?.error?.message ?? body?.error ?? 'the archive has no data for this metric';
      words.textContent = `No plot: ${why}.`;
      figure.classList.add('empty');
      return;
    }
    words.textContent = summary(metric, figure.dataset.unit);
    drawn.push({ figure, metric, canvas: figure.querySelector('.canvas'), plot: draw(figure, metric) });
  }

  const seen = new IntersectionObserver(
    (entries) => {
      for (const { isIntersecting, target } of entries) {
        if (!isIntersecting) continue;
        seen.unobserve(target);
        void load(target);
      }
    },
    { rootMargin: '300px' },
  );

  for (const figure of document.querySelectorAll('[data-plot]')) {
    if (figure.dataset.large === undefined) {
      seen.observe(figure);
      continue;
    }
    const button = document.createElement('button');
    button.textContent = `Load (about ${figure.dataset.large} MB)`;
    button.addEventListener('click', () => load(figure), { once: true });
    figure.querySelector('figcaption').replaceChildren(button);
  }

  keepInStep(drawn, HEIGHT, ({ figure, metric }) => draw(figure, metric));
})();
