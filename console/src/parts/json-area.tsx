/** A field for JSON. Its editor is a part of its own: until that is there, a plain field takes the text. */
import { lazy, Suspense } from 'react'
import type { Completing } from '../form/complete.ts'
import type { Note } from './json-editor.tsx'

const JsonEditor = lazy(() => import('./json-editor.tsx'))

export function JsonArea({
  label,
  rows,
  value,
  notes = [],
  schema,
  onChange,
}: {
  label: string
  rows: number
  value: string
  notes?: readonly Note[]
  /** What may be written where; it is completed while typing. */
  schema?: Completing | undefined
  onChange(text: string): void
}) {
  return (
    <div className="field">
      <span className="label">{label}</span>
      <Suspense
        fallback={
          <textarea
            aria-label={label}
            rows={rows}
            spellCheck={false}
            value={value}
            onChange={event => onChange(event.target.value)}
          />
        }
      >
        <JsonEditor label={label} value={value} notes={notes} schema={schema} onChange={onChange} />
      </Suspense>
    </div>
  )
}
