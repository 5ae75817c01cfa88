'use client';

import 'uplot/dist/uPlot.min.css';
import { Card } from '@cloudless/ui';
import { useTheme } from 'next-themes';
import { useEffect, useEffectEvent, useRef, useState } from 'react';
import uPlot from 'uplot';
import { useFormat } from '#web/format/use-format.ts';
import { chartOptions, readColours, type ChartMark, type ChartPoint } from './chart-options.ts';

export type TimeChartProps = {
  /** The quantity with its unit. */
  readonly title: string;
  /** The newest value as text; also what is read aloud. */
  readonly now: string;
  /** Oldest first. */
  readonly points: readonly ChartPoint[];
  readonly marks?: readonly ChartMark[];
  readonly formatValue: (value: number) => string;
  /** The value axis reaches this at least. */
  readonly atLeast?: number;
  readonly fromAt: number;
  readonly toAt: number;
  readonly height?: number;
  /** Ticks at powers of two, as bytes are counted. */
  readonly binary?: boolean;
};

const NO_MARKS: readonly ChartMark[] = [];
const toColumns = (points: readonly ChartPoint[]): uPlot.AlignedData => [
  points.map(({ at }) => at / 1000),
  points.map(({ value }) => value),
];

/** A mark this near to the pointer is named with the value. */
const NEAR_MS = 6000;

function nearMark({ at }: ChartPoint, marks: readonly ChartMark[]): string {
  const mark = marks.find((each) => Math.abs(each.at - at) < NEAR_MS);
  return mark === undefined ? '' : ` · ${mark.label}`;
}

/** One quantity over time, with marks for what happened. */
export function TimeChart({
  title,
  now,
  points,
  marks = NO_MARKS,
  formatValue,
  atLeast = 0,
  fromAt,
  toAt,
  height = 148,
  binary = false,
}: TimeChartProps) {
  const place = useRef<HTMLDivElement>(null);
  const plot = useRef<uPlot>(undefined);
  const format = useFormat();
  const { resolvedTheme } = useTheme();
  const [hovered, setHovered] = useState<number>();
  const point = hovered === undefined ? undefined : points[hovered];
  const view = useEffectEvent(() => ({ marks, fromAt, toAt, atLeast }));
  const columns = useEffectEvent(() => toColumns(points));
  const showValue = useEffectEvent(formatValue);
  useEffect(() => {
    const element = place.current;
    if (element === null) return;
    const made = new uPlot(
      chartOptions({
        width: element.clientWidth,
        height,
        colours: readColours(element),
        formatValue: (value) => showValue(value),
        formatTime: format.hourAndMinute,
        view: () => view(),
        binary,
        onHover: setHovered,
      }),
      columns(),
      element,
    );
    plot.current = made;
    const observer = new ResizeObserver(() => made.setSize({ width: element.clientWidth, height }));
    observer.observe(element);
    return () => {
      observer.disconnect();
      made.destroy();
      plot.current = undefined;
    };
  }, [height, resolvedTheme, format, binary]);
  useEffect(() => plot.current?.setData(toColumns(points)), [points, marks, fromAt, toAt]);
  return (
    <Card className="p-3">
      <div className="flex items-baseline justify-between gap-2">
        <h3 className="text-sm text-ink-soft">{title}</h3>
        <p className="truncate font-medium">
          {point === undefined ? now : `${format.timeOfDay(point.at)} · ${formatValue(point.value)}${nearMark(point, marks)}`}
        </p>
      </div>
      <div ref={place} role="img" aria-label={`${title}: ${now}`} className="mt-1 min-h-37 overflow-hidden" />
    </Card>
  );
}
