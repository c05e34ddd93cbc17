import { useState } from 'react'
import { w } from '../words/words.ts'

const SAID_MS = 2_000

export function Copy({ text, label }: { text: string; label?: string }) {
  const [copied, setCopied] = useState(false)
  const copy = async () => {
    await navigator.clipboard.writeText(text)
    setCopied(true)
    setTimeout(() => setCopied(false), SAID_MS)
  }
  return (
    <button type="button" className="button small" onClick={() => void copy().catch(() => setCopied(false))}>
      <span aria-live="polite">{copied ? w.acts.copied : (label ?? w.acts.copy)}</span>
    </button>
  )
}

/** An id in full, with a button that copies it. */
export function Id({ id }: { id: string }) {
  return (
    <span className="row">
      <code>{id}</code>
      <Copy text={id} />
    </span>
  )
}
