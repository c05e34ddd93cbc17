import { useNavigate } from '@tanstack/react-router'
import { useState } from 'react'
import type { Environment, Organization } from '../api/types.ts'
import { Act, useAct } from '../parts/act.tsx'
import { Dialog } from '../parts/dialog.tsx'
import { Field } from '../parts/field.tsx'
import { lookInside } from '../session/session.ts'
import { w } from '../words/words.ts'

/** Reading is the usual way; changes need a reason that the organization can read. */
export function LookInside({ organization, onClose }: { organization: Organization; onClose(): void }) {
  const navigate = useNavigate()
  const [environment, setEnvironment] = useState<Environment>('live')
  const [write, setWrite] = useState(false)
  const [reason, setReason] = useState('')
  const act = useAct(
    () =>
      lookInside({ organizationId: organization.id, environment, write, ...(write ? { reason: reason.trim() } : {}) }),
    () => {
      onClose()
      void navigate({ to: '/' })
    },
  )
  return (
    <Dialog title={w.lookInside.title(organization.name)} onClose={onClose}>
      <p>{w.lookInside.help}</p>
      <fieldset className="row">
        <legend>{w.keys.environment}</legend>
        {(['live', 'test'] as const).map(each => (
          <label key={each} className="row">
            <input type="radio" name="inside" checked={environment === each} onChange={() => setEnvironment(each)} />
            {w.environment[each]}
          </label>
        ))}
      </fieldset>
      <label className="row">
        <input type="checkbox" checked={write} onChange={event => setWrite(event.target.checked)} />
        {w.lookInside.write}
      </label>
      {write && (
        <Field label={w.lookInside.reason} help={w.lookInside.reasonHelp} value={reason} onChange={setReason} />
      )}
      <div className="row">
        <Act act={act} look={write ? 'grave' : 'main-act'} disabled={write && reason.trim() === ''}>
          {write ? w.lookInside.beginWrite : w.lookInside.begin}
        </Act>
      </div>
    </Dialog>
  )
}
