'use client';

import type { LendingHours, LendingRule } from '@cloudless/proto';
import { Field, FieldInput, Switch } from '@cloudless/ui';
import { useTranslations } from 'next-intl';
import { clockToMinute, minuteToClock, WEEK } from './lending-text.ts';

const MIB = 2 ** 20;
const GIB = 2 ** 30;
const NIGHT: LendingHours = { days: [...WEEK], fromMinute: 22 * 60, untilMinute: 7 * 60 };

type Props = { readonly rule: LendingRule; readonly onChange: (rule: LendingRule) => void };

/** Without what is empty: an empty rule lends everything, always. */
function withField<K extends keyof LendingRule>(rule: LendingRule, name: K, value: LendingRule[K] | undefined): LendingRule {
  const { [name]: _before, ...rest } = rule;
  return value === undefined || value === false ? (rest as LendingRule) : { ...rest, [name]: value };
}
const positive = (text: string, unit: number): number | undefined => (Number(text) > 0 ? Math.round(Number(text) * unit) : undefined);

/** What an owner lends of a device, and when. */
export function LendingFields({ rule, onChange }: Props) {
  const t = useTranslations('lending');
  const set = <K extends keyof LendingRule>(name: K, value: LendingRule[K] | undefined): void => onChange(withField(rule, name, value));
  return (
    <div className="flex flex-col gap-4">
      <div className="grid gap-3 sm:grid-cols-3">
        <Field label={t('cpu')} hint={t('ceilingHint')}>
          <FieldInput
            type="number"
            inputMode="decimal"
            min={0.1}
            step={0.1}
            value={rule.cpuMillicores === undefined ? '' : rule.cpuMillicores / 1000}
            onChange={(event) => set('cpuMillicores', positive(event.target.value, 1000))}
          />
        </Field>
        <Field label={t('memory')} hint={t('ceilingHint')}>
          <FieldInput
            type="number"
            inputMode="decimal"
            min={0.0625}
            step={0.0625}
            value={rule.memoryBytes === undefined ? '' : Math.round((rule.memoryBytes / GIB) * 10_000) / 10_000}
            onChange={(event) => set('memoryBytes', atLeast(positive(event.target.value, GIB), 64 * MIB))}
          />
        </Field>
        <Field label={t('disk')} hint={t('diskHint')}>
          <FieldInput
            type="number"
            inputMode="decimal"
            min={0.25}
            step={0.25}
            value={rule.storageBytes === undefined ? '' : Math.round((rule.storageBytes / GIB) * 100) / 100}
            onChange={(event) => set('storageBytes', atLeast(positive(event.target.value, GIB), 256 * MIB))}
          />
        </Field>
      </div>
      <Switch label={t('hoursOnly')} checked={rule.hours !== undefined} onCheckedChange={(on) => set('hours', on ? [NIGHT] : undefined)} />
      {rule.hours?.map((window, index) => (
        <HoursFields key={index} window={window} onChange={(next) => set('hours', rule.hours?.with(index, next))} />
      ))}
      <Switch label={t('mainsOnly')} checked={rule.mainsOnly === true} onCheckedChange={(on) => set('mainsOnly', on)} />
      <Switch label={t('unmeteredOnly')} checked={rule.unmeteredOnly === true} onCheckedChange={(on) => set('unmeteredOnly', on)} />
      <div className="grid gap-3 sm:grid-cols-2">
        <Field label={t('battery')}>
          <FieldInput
            type="number"
            min={1}
            max={100}
            value={rule.batteryAtLeastPercent ?? ''}
            onChange={(event) => set('batteryAtLeastPercent', positive(event.target.value, 1))}
          />
        </Field>
        <Field label={t('idle')} hint={t('idleHint')}>
          <FieldInput
            type="number"
            min={1}
            max={1440}
            value={rule.idleMinutes ?? ''}
            onChange={(event) => set('idleMinutes', positive(event.target.value, 1))}
          />
        </Field>
      </div>
      <Field label={t('networks')} hint={t('networksHint')}>
        <FieldInput
          defaultValue={rule.networks?.join(', ') ?? ''}
          onChange={(event) => {
            const names = event.target.value.split(',').map((name) => name.trim());
            const known = names.filter((name) => name !== '');
            set('networks', known.length === 0 ? undefined : known);
          }}
        />
      </Field>
    </div>
  );
}

const atLeast = (value: number | undefined, least: number): number | undefined =>
  value === undefined ? undefined : Math.max(value, least);

function HoursFields({ window, onChange }: { readonly window: LendingHours; readonly onChange: (window: LendingHours) => void }) {
  const t = useTranslations('lending');
  const toggle = (day: number): void => {
    const days = window.days.includes(day)
      ? window.days.filter((each) => each !== day)
      : [...window.days, day].toSorted((one, other) => one - other);
    if (days.length > 0) onChange({ ...window, days });
  };
  return (
    <div className="flex flex-col gap-2 rounded-lg border p-3">
      <div role="group" aria-label={t('days')} className="flex flex-wrap gap-1">
        {WEEK.map((day) => (
          <button
            key={day}
            type="button"
            aria-pressed={window.days.includes(day)}
            onClick={() => toggle(day)}
            className="min-h-8 min-w-10 rounded-md border px-2 text-sm aria-pressed:border-accent aria-pressed:bg-accent aria-pressed:text-on-accent max-sm:min-h-11"
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
      <p className="text-xs text-ink-soft">{t('hoursHint')}</p>
    </div>
  );
}
