import type { MetadataRoute } from 'next';

/** What makes the dashboard installable as an app. */
export default function manifest(): MetadataRoute.Manifest {
  return {
    name: 'Cloudless',
    short_name: 'Cloudless',
    start_url: '/',
    display: 'standalone',
    background_color: '#faf8f5',
    theme_color: '#1f5670',
    icons: [{ src: '/icon.svg', sizes: 'any', type: 'image/svg+xml', purpose: 'any' }],
  };
}
