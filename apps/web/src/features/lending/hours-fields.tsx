'use client';

import { MAX_LENDING_HOURS, type LendingHours } from '@cloudless/proto';
import { Button, Field, FieldInput } from '@cloudless/ui';
import { Plus, Trash2 } from 'lucide-react';
import { useTranslations } from 'next-intl';
import { clockToMinute, minuteToClock, WEEK } from './lending-text.ts';

export const NIGHT: LendingHours = { days: [...WEEK], fromMinute: 22 * 60, untilMinute: 7 * 60 };
const WEEKEND: LendingHours = { days: [6, 7], fromMinute: 7 * 60, untilMinute: 22 * 60 };

type Props = { readonly hours: readonly LendingHours[]; readonly onChange: (hours: LendingHours[]) => void };

/** Windows of hours; it lends in each of them. The last one goes with the switch above. */
export function HoursFields({ hours, onChange }: Props) {
  const t = useTranslations('lending');
  return (
    <div className="flex flex-col gap-3">
      {hours.map((window, index) => (
        <div key={index} role="group" aria-label={t('window', { number: index + 1 })} className="flex flex-col gap-2 rounded-lg border p-3">
          <WindowFields window={window} onChange={(next) => onChange(hours.with(index, next))} />
          {hours.length === 1 ? null : (
            <Button
              size="sm"
              variant="ghost"
              icon={<Trash2 aria-hidden />}
              className="self-start"
              onClick={() => onChange(hours.toSpliced(index, 1))}
            >
              {t('removeWindow', { number: index + 1 })}
            </Button>
          )}
        </div>
      ))}
      <p className="text-xs text-ink-soft">{t('hoursHint')}</p>
      {hours.length < MAX_LENDING_HOURS ? (
        <Button size="sm" icon={<Plus aria-hidden />} className="self-start" onClick={() => onChange([...hours, WEEKEND])}>
          {t('addWindow')}
        </Button>
      ) : null}
    </div>
  );
}

function WindowFields({ window, onChange }: { readonly window: LendingHours; readonly onChange: (window: LendingHours) => void }) {
  const t = useTranslations('lending');
  const toggle = (day: number): void => {
    const days = window.days.includes(day)
      ? window.days.filter((each) => each !== day)
      : [...window.days, day].toSorted((one, other) => one - other);
    if (days.length > 0) onChange({ ...window, days });
  };
  return (
    <>
      <div role="group" aria-label={t('days')} className="grid grid-cols-7 gap-1 sm:flex sm:flex-wrap">
        {WEEK.map((day) => (
          <button
            key={day}
            type="button"
            aria-pressed={window.days.includes(day)}
            onClick={() => toggle(day)}
            className="min-h-8 rounded-md border text-sm sm:min-w-10 sm:px-2 aria-pressed:border-accent aria-pressed:bg-accent aria-pressed:text-on-accent max-sm:min-h-11"
          >
            {t(`day.${day}`)}
          </button>
        ))}
      </div>
      <div className="grid gap-3 sm:grid-cols-2">
        <Field label={t('from')}>
          <FieldInput
            type="time"
            required
            value={minuteToClock(window.fromMinute)}
            onChange={(event) => onChange({ ...window, fromMinute: clockToMinute(event.target.value) })}
          />
        </Field>
        <Field label={t('until')}>
          <FieldInput
            type="time"
            required
            value={minuteToClock(window.untilMinute)}
            onChange={(event) => onChange({ ...window, untilMinute: clockToMinute(event.target.value) })}
          />
        </Field>
      </div>
    </>
  );
}
