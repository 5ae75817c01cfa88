export type Picture = { readonly scene: string; readonly look: string; readonly width: number; readonly file: string };

const escape = (text: string): string => text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('"', '&quot;');

const figure = ({ look, width, file }: Picture): string =>
  `<figure><a href="${escape(file)}"><img src="${escape(file)}" width="${Math.round(width / 3)}" loading="lazy" alt=""></a><figcaption>${escape(look)}</figcaption></figure>`;

/** One page with every picture, a row a scene. */
export function contactSheet(pictures: readonly Picture[]): string {
  const rows = [...Map.groupBy(pictures, (picture) => picture.scene)].map(
    ([scene, own]) => `<h2>${escape(scene)}</h2><div>${own.map(figure).join('')}</div>`,
  );
  return `<!doctype html><html lang="en"><meta charset="utf-8"><title>Gallery</title>
<style>body{font:14px system-ui;margin:24px;background:#888}div{display:flex;gap:12px;align-items:start}figure{margin:0}</style>
<h1>Every page, in every state</h1>
${rows.join('\n')}
</html>
`;
}
