import { Link, useNavigate } from '@tanstack/react-router'
import { useState } from 'react'
import { call } from '../api/call.ts'
import type { Organization } from '../api/types.ts'
import { Act, useAct } from '../parts/act.tsx'
import { Copy } from '../parts/copy.tsx'
import { Dialog } from '../parts/dialog.tsx'
import { Field } from '../parts/field.tsx'
import { type Column, List, useList } from '../parts/list.tsx'
import { Mark } from '../parts/mark.tsx'
import { Page } from '../parts/page.tsx'
import { Time } from '../parts/time.tsx'
import { signIn } from '../session/session.ts'
import { w } from '../words/words.ts'
import { OrganizationsLoad } from './organizations-load.tsx'

export const PLANS = ['FREE', 'BASIC', 'PRO', 'ENTERPRISE'] as const

export function OrganizationMark({ status }: { status: Organization['status'] }) {
  return (
    <Mark tone={status === 'active' ? 'good' : status === 'suspended' ? 'warn' : 'calm'}>
      {w.organizations.statuses[status] ?? status}
    </Mark>
  )
}

const COLUMNS: ReadonlyArray<Column<Organization>> = [
  {
    name: w.organizations.name,
    kind: 'grow',
    show: ({ id, name }) => (
      <Link to="/organizations/$id" params={{ id }}>
        {name}
      </Link>
    ),
  },
  { name: w.organizations.slug, wide: true, show: ({ slug }) => <code>{slug}</code> },
  { name: w.organizations.plan, show: ({ plan }) => plan },
  { name: w.organizations.status, show: ({ status }) => <OrganizationMark status={status} /> },
  { name: w.organizations.created, wide: true, show: ({ createdAt }) => <Time at={createdAt} /> },
]

export function Screen() {
  const navigate = useNavigate({ from: '/organizations' })
  const [isMaking, setMaking] = useState(false)
  const list = useList<Organization>('/organizations', {})
  return (
    <Page
      title={w.organizations.title}
      acts={
        <button type="button" className="button main-act" onClick={() => setMaking(true)}>
          {w.organizations.add}
        </button>
      }
    >
      <div className="stack">
        {list.rows.length > 0 && <OrganizationsLoad />}
        <List
          label={w.organizations.label}
          list={list}
          columns={COLUMNS}
          idOf={each => each.id}
          onOpen={({ id }) => void navigate({ to: '/organizations/$id', params: { id } })}
          empty={
            <p>
              {w.organizations.empty} <Link to="/start">{w.nav.start}</Link>
            </p>
          }
          scope="operator"
        />
      </div>
      {isMaking && <NewOrganization onClose={() => setMaking(false)} />}
    </Page>
  )
}

function NewOrganization({ onClose }: { onClose(): void }) {
  const [name, setName] = useState('')
  const [plan, setPlan] = useState<string>('ENTERPRISE')
  const [ownerEmail, setOwnerEmail] = useState('')
  const navigate = useNavigate()
  const make = useAct(() =>
    call<{ organization: Organization; apiKey: string }>('POST', '/organizations', {
      body: { name, plan, ...(ownerEmail.trim() === '' ? {} : { ownerEmail: ownerEmail.trim() }) },
    }),
  )
  const use = useAct(
    (apiKey: string) => signIn({ apiKey }),
    () => {
      onClose()
      void navigate({ to: '/' })
    },
  )
  const made = make.data
  return (
    <Dialog title={w.organizations.addTitle} onClose={onClose}>
      {made === undefined ? (
        <>
          <Field label={w.organizations.name} value={name} onChange={setName} />
          <Field label={w.organizations.owner} value={ownerEmail} isOptional onChange={setOwnerEmail} />
          <fieldset className="row">
            <legend>{w.organizations.plan}</legend>
            {PLANS.map(each => (
              <label key={each} className="row">
                <input type="radio" name="plan" checked={plan === each} onChange={() => setPlan(each)} />
                {each}
              </label>
            ))}
          </fieldset>
          <div className="row">
            <Act act={make} look="main-act" disabled={name.trim() === ''}>
              {w.organizations.act}
            </Act>
          </div>
        </>
      ) : (
        <>
          <p>{w.organizations.made}</p>
          <div className="row" role="status">
            <code>{made.apiKey}</code>
            <Copy text={made.apiKey} />
          </div>
          <div className="row">
            <Act act={{ ...use, mutate: () => use.mutate(made.apiKey) }} look="main-act">
              {w.organizations.useKey}
            </Act>
          </div>
        </>
      )}
    </Dialog>
  )
}
