/** Two JSON texts as lines: what both have, what is new, and what is gone. */
import { indented } from '../api/exact-json.ts'
import { w } from '../words/words.ts'
import { linesOf } from './line-diff.ts'

export function Difference({ before, after, label }: { before: string; after: string; label: string }) {
  const lines = linesOf(indented(before), indented(after))
  if (lines.every(({ kind }) => kind === 'same')) return <p className="quiet">{w.type.same}</p>
  return (
    // biome-ignore lint/a11y/noNoninteractiveTabindex: a part that scrolls must be reachable with the keyboard
    <section className="text-box" tabIndex={0} aria-label={label}>
      <pre>
        {lines.map(({ kind, text }, at) => (
          // biome-ignore lint/suspicious/noArrayIndexKey: a line is what it is by its place
          <span key={at} className={`diff ${kind}`}>
            {`${kind === 'added' ? '+' : kind === 'removed' ? '-' : ' '} ${text}\n`}
          </span>
        ))}
      </pre>
    </section>
  )
}
