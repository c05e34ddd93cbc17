/** Text from outside: payloads, answers of receivers, headers. Always a text node; what cannot be seen is shown. */
import { useState } from 'react'
import { indented } from '../api/exact-json.ts'
import { w } from '../words/words.ts'
import { Copy } from './copy.tsx'

const SHOWN_CHARACTERS = 300_000

/** Control characters as their symbols, and marks that change the direction of text as their number. */
export function visible(text: string): string {
  return text
    .replace(/[\u0000-\u0008\u000b-\u001f]/g, each => String.fromCodePoint(0x2400 + each.charCodeAt(0)))
    .replace(/\u007f/g, '\u2421')
    .replace(
      /[\u0080-\u009f\u200b-\u200f\u202a-\u202e\u2060-\u2069\ufeff]/g,
      each => `⟨U+${each.charCodeAt(0).toString(16).toUpperCase().padStart(4, '0')}⟩`,
    )
}

export function TextBox({ text, label, json }: { text: string; label: string; json?: boolean }) {
  const [isIndented, setIndented] = useState(json === true)
  const shown = visible(isIndented ? indented(text) : text)
  return (
    <div className="stack tight">
      {/* biome-ignore lint/a11y/noNoninteractiveTabindex: a part that scrolls must be reachable with the keyboard */}
      <section className="text-box" tabIndex={0} aria-label={label}>
        <pre>{shown.length > SHOWN_CHARACTERS ? `${shown.slice(0, SHOWN_CHARACTERS)} …` : shown}</pre>
      </section>
      <div className="row">
        <Copy text={text} />
        {json === true && (
          <button
            type="button"
            className="button small"
            aria-pressed={!isIndented}
            onClick={() => setIndented(!isIndented)}
          >
            {w.acts.raw}
          </button>
        )}
      </div>
    </div>
  )
}

export function Headers({ headers, label }: { headers: Record<string, string>; label: string }) {
  const text = Object.entries(headers)
    .map(([name, value]) => `${name}: ${value === '[redacted]' ? '•••' : value}`)
    .join('\n')
  return (
    // biome-ignore lint/a11y/noNoninteractiveTabindex: a part that scrolls must be reachable with the keyboard
    <section className="text-box" tabIndex={0} aria-label={label}>
      <pre>{visible(text)}</pre>
    </section>
  )
}
