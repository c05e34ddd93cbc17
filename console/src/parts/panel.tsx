/** A part of the page beside its list: one entry of it, with a button that closes it. */
import type { ReactNode } from 'react'
import { w } from '../words/words.ts'

export function Panel({ title, onClose, children }: { title: string; onClose(): void; children: ReactNode }) {
  return (
    <section className="card stack" aria-label={title}>
      <div className="row">
        <h2>{title}</h2>
        <button type="button" className="button small" style={{ marginInlineStart: 'auto' }} onClick={onClose}>
          {w.delivery.close}
        </button>
      </div>
      {children}
    </section>
  )
}

/** Names and values; entries without a value are left out. */
export function Facts({ rows }: { rows: ReadonlyArray<readonly [name: string, value: ReactNode]> }) {
  return (
    <dl>
      {rows
        .filter(([, value]) => value !== null && value !== undefined)
        .map(([name, value]) => (
          <div key={name} style={{ display: 'contents' }}>
            <dt>{name}</dt>
            <dd>{value}</dd>
          </div>
        ))}
    </dl>
  )
}
