import { ExternalLink } from 'lucide-react';
import { buttonClasses } from '@cloudless/ui';

/** Leads to the stable address of an app, in a tab of its own. */
export const OpenLink = ({ url, label, primary = false }: { readonly url: string; readonly label: string; readonly primary?: boolean }) => (
  <a href={url} target="_blank" rel="noreferrer" className={buttonClasses({ variant: primary ? 'primary' : 'secondary' })}>
    <ExternalLink aria-hidden />
    {label}
  </a>
);
