/** What all plots of the pages have in common. */
(() => {
  const style = (name) => getComputedStyle(document.documentElement).getPropertyValue(name).trim();

  window.plotting = {
    dark: matchMedia('(prefers-color-scheme: dark)'),
    /** A colour of the style sheet, as it is now. */
    style,
    /** What an axis has beside its label, size and values. */
    axis: () => ({
      stroke: style('--muted'),
      grid: { stroke: style('--line'), width: 1 },
      ticks: { stroke: style('--line'), width: 1 },
      font: '11px system-ui',
      labelFont: '12px system-ui',
      labelSize: 18,
    }),
  };
})();
