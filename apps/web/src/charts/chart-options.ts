import type uPlot from 'uplot';

/** Something that happened, drawn as a line through the chart. */
export type ChartMark = { readonly at: number; readonly label: string; readonly colour: 'accent' | 'good' | 'bad' | 'warn' };

export type ChartPoint = { readonly at: number; readonly value: number };

export type ChartColours = Readonly<Record<'ink' | 'line' | 'accent' | 'good' | 'bad' | 'warn', string>>;

/** Reads the tokens as the canvas needs them: it knows no CSS variables. */
export function readColours(element: Element): ChartColours {
  const style = getComputedStyle(element);
  const read = (name: string): string => style.getPropertyValue(`--${name}`).trim();
  return { ink: read('ink-soft'), line: read('line'), accent: read('accent'), good: read('good'), bad: read('bad'), warn: read('warn') };
}

export type ChartSetup = {
  readonly width: number;
  readonly height: number;
  readonly colours: ChartColours;
  readonly formatValue: (value: number) => string;
  readonly formatTime: (at: number) => string;
  /** Ticks at powers of two, as bytes are counted. */
  readonly binary: boolean;
  /** The sample under the pointer; `undefined` when it left. */
  readonly onHover: (index: number | undefined) => void;
  /** Read at each drawing: they change without a new chart. */
  readonly view: () => { readonly marks: readonly ChartMark[]; readonly fromAt: number; readonly toAt: number; readonly atLeast: number };
};

function drawMarks(plot: uPlot, { colours, view }: ChartSetup): void {
  const { ctx, bbox } = plot;
  ctx.save();
  ctx.lineWidth = devicePixelRatio;
  ctx.setLineDash([4 * devicePixelRatio, 3 * devicePixelRatio]);
  for (const { at, colour } of view().marks) {
    const x = plot.valToPos(at / 1000, 'x', true);
    if (x < bbox.left || x > bbox.left + bbox.width) continue;
    ctx.strokeStyle = colours[colour];
    ctx.beginPath();
    ctx.moveTo(x, bbox.top);
    ctx.lineTo(x, bbox.top + bbox.height);
    ctx.stroke();
  }
  ctx.restore();
}

const BINARY_STEPS = Array.from({ length: 50 }, (_, exponent) => 2 ** exponent);

const FONT = '11px ui-sans-serif, system-ui, sans-serif';

/** A line over time: few ticks, hairlines, no legend; the numbers stand in the page as text. */
export function chartOptions(setup: ChartSetup): uPlot.Options {
  const { width, height, colours, formatValue, formatTime, view, binary, onHover } = setup;
  const axis = { stroke: colours.ink, font: FONT, grid: { stroke: colours.line, width: 1 }, ticks: { show: false } };
  return {
    width,
    height,
    legend: { show: false },
    cursor: { y: false, drag: { x: false, y: false }, points: { size: 6 } },
    // Room for half a label of time at the end.
    padding: [8, 26, 0, 0],
    scales: {
      x: { time: true, range: () => [view().fromAt / 1000, view().toAt / 1000] },
      y: { range: (_plot, _low, high) => [0, Math.max(high * 1.15, view().atLeast)] },
    },
    axes: [
      { ...axis, space: 70, size: 24, grid: { show: false }, values: (_plot, seconds) => seconds.map((at) => formatTime(at * 1000)) },
      {
        ...axis,
        space: 36,
        size: 68,
        ...(binary ? { incrs: BINARY_STEPS } : {}),
        values: (_plot, values) => values.map((value) => formatValue(value)),
      },
    ],
    series: [
      {},
      { stroke: colours.accent, width: 1.5, fill: `color-mix(in oklch, ${colours.accent} 14%, transparent)`, points: { show: false } },
    ],
    hooks: { draw: [(plot) => drawMarks(plot, setup)], setCursor: [({ cursor }) => onHover(cursor.idx ?? undefined)] },
  };
}
