/** The common parts of all plots. */
(() => {
  const RESIZED_AFTER_MS = 100;
  const dark = matchMedia('(prefers-color-scheme: dark)');
  const style = (name) => getComputedStyle(document.documentElement).getPropertyValue(name).trim();

  window.plotting = {
    dark,
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
    /**
     * Keeps plots in step with the window and the color scheme. Each entry of `drawn` has a `canvas` and its `plot`.
     * `draw` takes an entry and returns its plot, drawn again.
     */
    keepInStep(drawn, height, draw) {
      let timer;
      addEventListener('resize', () => {
        clearTimeout(timer);
        timer = setTimeout(() => {
          for (const { canvas, plot } of drawn) plot.setSize({ width: canvas.clientWidth, height });
        }, RESIZED_AFTER_MS);
      });
      dark.addEventListener('change', () => {
        for (const one of drawn) {
          one.plot.destroy();
          one.plot = draw(one);
        }
      });
    },
  };
})();
