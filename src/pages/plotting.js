/** The common parts of all plots. */
(() => {
  const style = (name) => getComputedStyle(document.documentElement).getPropertyValue(name).trim();

  window.plotting = {
    dark: matchMedia('(prefers-color-scheme: dark)'),
    /** Returns the current value of a color of the style sheet. */
    style,
    /** Returns the properties that all axes share. */
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
