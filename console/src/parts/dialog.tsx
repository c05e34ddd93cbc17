import { type ReactNode, useEffect, useId, useRef } from 'react'
import { w } from '../words/words.ts'

/** A native dialog: focus stays inside, Escape closes it, and focus returns to where it was. */
export function Dialog({ title, onClose, children }: { title: string; onClose(): void; children: ReactNode }) {
  const dialog = useRef<HTMLDialogElement>(null)
  const heading = useId()
  useEffect(() => {
    const shown = dialog.current
    if (shown === null || shown.open) return
    shown.showModal()
    // The browser would choose the button that closes.
    shown.querySelector<HTMLElement>('input, textarea')?.focus()
  }, [])
  return (
    <dialog ref={dialog} aria-labelledby={heading} onClose={onClose}>
      <div className="stack">
        <div className="row">
          <h2 id={heading}>{title}</h2>
          <button
            type="button"
            className="button small"
            style={{ marginInlineStart: 'auto' }}
            onClick={() => dialog.current?.close()}
          >
            {w.acts.close}
          </button>
        </div>
        {children}
      </div>
    </dialog>
  )
}
