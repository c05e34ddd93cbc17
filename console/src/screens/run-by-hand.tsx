/** Starts the live version with parameters of the caller, and opens its run. */
import { useNavigate } from '@tanstack/react-router'
import { useId, useState } from 'react'
import type { Workflow } from '../api/automate-types.ts'
import { call } from '../api/call.ts'
import { treeOf } from '../form/edit-json.ts'
import { Act, useAct } from '../parts/act.tsx'
import { Dialog } from '../parts/dialog.tsx'
import { w } from '../words/words.ts'

export function RunByHand({ workflow }: { workflow: Workflow }) {
  const [isOpen, setOpen] = useState(false)
  return (
    <>
      <button type="button" className="button main-act" onClick={() => setOpen(true)}>
        {w.workflow.run}
      </button>
      {isOpen && <Start workflow={workflow} onClose={() => setOpen(false)} />}
    </>
  )
}

function Start({ workflow, onClose }: { workflow: Workflow; onClose(): void }) {
  const navigate = useNavigate()
  const id = useId()
  const [params, setParams] = useState('{}')
  const start = useAct(
    () => call<{ runId: string }>('POST', `/workflows/${workflow.id}/run`, { body: `{"params":${params}}` }),
    ({ runId }) => {
      onClose()
      void navigate({ to: '/runs/$id', params: { id: runId } })
    },
  )
  return (
    <Dialog title={w.workflow.runTitle(workflow.name)} onClose={onClose}>
      <div className="field">
        <label htmlFor={id}>{w.workflow.params}</label>
        <textarea
          id={id}
          rows={8}
          spellCheck={false}
          value={params}
          onChange={event => setParams(event.target.value)}
        />
      </div>
      <div className="row">
        <Act act={start} look="main-act" disabled={treeOf(params)?.type !== 'object'}>
          {w.workflow.start}
        </Act>
      </div>
    </Dialog>
  )
}
