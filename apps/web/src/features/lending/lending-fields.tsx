'use client';

import type { LendingRule } from '@cloudless/proto';
import { Field, FieldInput, FieldTextarea, Switch } from '@cloudless/ui';
import { useTranslations } from 'next-intl';
import { HoursFields, NIGHT } from './hours-fields.tsx';
import { ProjectsFields } from './projects-fields.tsx';

const MIB = 2 ** 20;
const GIB = 2 ** 30;

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
      {rule.hours === undefined ? null : <HoursFields hours={rule.hours} onChange={(hours) => set('hours', hours)} />}
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
        <FieldTextarea
          rows={2}
          defaultValue={rule.networks?.join('\n') ?? ''}
          onChange={(event) => {
            const names = event.target.value.split('\n').map((name) => name.trim());
            const known = names.filter((name) => name !== '');
            set('networks', known.length === 0 ? undefined : known);
          }}
        />
      </Field>
      {rule.projects === undefined ? null : <ProjectsFields projects={rule.projects} onChange={(projects) => set('projects', projects)} />}
    </div>
  );
}

const atLeast = (value: number | undefined, least: number): number | undefined =>
  value === undefined ? undefined : Math.max(value, least);
