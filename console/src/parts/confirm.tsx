import { useState } from 'react'
import { w } from '../words/words.ts'
import { Act, useAct } from './act.tsx'
import { Dialog } from './dialog.tsx'
import { Field } from './field.tsx'

/** For what cannot be undone: the name is typed, and the button says what happens. */
export function Confirm({
  title,
  help,
  name,
  act,
  work,
  onDone,
  onClose,
}: {
  title: string
  help: string
  name: string
  act: string
  work(): Promise<unknown>
  onDone(): void
  onClose(): void
}) {
  const [typed, setTyped] = useState('')
  const done = useAct(work, () => {
    onClose()
    onDone()
  })
  return (
    <Dialog title={title} onClose={onClose}>
      <p>{help}</p>
      <Field label={w.acts.typeToConfirm(name)} value={typed} onChange={setTyped} />
      <div className="row">
        <Act act={done} look="grave" disabled={typed !== name}>
          {act}
        </Act>
      </div>
    </Dialog>
  )
}
