import { Card } from '@cloudless/ui';
import type { ReactNode } from 'react';

export type Fact = { readonly name: string; readonly value: ReactNode };

/** Names and values, one under the other on a phone. */
export const Facts = ({ facts }: { readonly facts: readonly Fact[] }) => (
  <Card className="px-4">
    <dl>
      {facts.map(({ name, value }) => (
        <div key={name} className="grid gap-x-4 border-b py-2 last:border-b-0 sm:grid-cols-[12rem_minmax(0,1fr)]">
          <dt className="text-ink-soft">{name}</dt>
          <dd className="wrap-anywhere">{value}</dd>
        </div>
      ))}
    </dl>
  </Card>
);
