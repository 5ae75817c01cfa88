'use client';

import type { ProjectId } from '@cloudless/proto';
import { Button } from '@cloudless/ui';
import { Trash2 } from 'lucide-react';
import { useTranslations } from 'next-intl';
import { useId } from 'react';
import { useSession } from '#web/session/session.tsx';

type Props = { readonly projects: readonly ProjectId[]; readonly onChange: (projects: ProjectId[] | undefined) => void };

/** The projects that a rule names, by name where it is known. Without the last of them the rule is for all. */
export function ProjectsFields({ projects, onChange }: Props) {
  const t = useTranslations('lending');
  const { project } = useSession();
  const heading = useId();
  return (
    <section aria-labelledby={heading} className="flex flex-col gap-2 rounded-lg border p-3">
      <h3 id={heading} className="font-medium">
        {t('projects')}
      </h3>
      <p className="text-xs text-ink-soft">{t('projectsHint')}</p>
      <ul className="flex flex-col gap-1">
        {projects.map((id) => {
          const name = id === project.id ? project.name : id;
          const rest = projects.filter((each) => each !== id);
          return (
            <li key={id} className="flex items-center gap-2">
              <span className="min-w-0 flex-1 break-all">{name}</span>
              <Button
                size="sm"
                variant="ghost"
                icon={<Trash2 aria-hidden />}
                aria-label={t('removeProject', { name })}
                onClick={() => onChange(rest.length === 0 ? undefined : rest)}
              >
                {t('remove')}
              </Button>
            </li>
          );
        })}
      </ul>
    </section>
  );
}
