/** A sentence of the catalogue: what stands between backticks is what a person types or meets in a file. */
export const WithCode = ({ text }: { readonly text: string }) =>
  text.split('`').map((part, index) =>
    index % 2 === 0 ? (
      part
    ) : (
      <code key={`${index} ${part}`} translate="no" className="font-mono text-[0.92em]">
        {part}
      </code>
    ),
  );
