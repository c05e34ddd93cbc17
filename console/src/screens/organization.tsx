import { useQuery } from '@tanstack/react-query'
import { useParams } from '@tanstack/react-router'
import { useState } from 'react'
import { call } from '../api/call.ts'
import type { Organization } from '../api/types.ts'
import { Act, useAct } from '../parts/act.tsx'
import { Confirm } from '../parts/confirm.tsx'
import { Id } from '../parts/copy.tsx'
import { Field } from '../parts/field.tsx'
import { Page } from '../parts/page.tsx'
import { Failed, Loading } from '../parts/state.tsx'
import { Time } from '../parts/time.tsx'
import { useSession } from '../session/session.ts'
import { w } from '../words/words.ts'
import { LookInside } from './look-inside.tsx'
import { OrganizationLoadCard } from './organization-load.tsx'
import { OrganizationMark, PLANS } from './organizations.tsx'

export function Screen() {
  const { id } = useParams({ from: '/organizations/$id' })
  const { data, error, refetch } = useQuery({
    queryKey: ['organization', id],
    queryFn: ({ signal }) => call<Organization>('GET', `/organizations/${encodeURIComponent(id)}`, { signal }),
  })
  if (data === undefined)
    return (
      <Page title={w.organizations.title}>
        {error === null ? <Loading /> : <Failed error={error} again={() => void refetch()} scope="operator" />}
      </Page>
    )
  return <OrganizationPage organization={data} />
}

function OrganizationPage({ organization }: { organization: Organization }) {
  const session = useSession()
  const [isLooking, setLooking] = useState(false)
  const isOperator = session.kind === 'operator' && session.organization === null
  return (
    <Page
      title={organization.name}
      beside={<OrganizationMark status={organization.status} />}
      acts={
        isOperator &&
        organization.status !== 'deleted' && (
          <button type="button" className="button main-act" onClick={() => setLooking(true)}>
            {w.lookInside.act}
          </button>
        )
      }
    >
      <div className="stack">
        <section className="card">
          <dl>
            <dt>{w.organizationPage.id}</dt>
            <dd>
              <Id id={organization.id} />
            </dd>
            <dt>{w.organizations.slug}</dt>
            <dd>
              <code>{organization.slug}</code>
            </dd>
            <dt>{w.organizations.plan}</dt>
            <dd>{organization.plan}</dd>
            <dt>{w.organizationPage.owner}</dt>
            <dd>{organization.ownerEmail ?? w.unknown}</dd>
            <dt>{w.organizationPage.namespaces}</dt>
            <dd>{organization.namespaceAllowlist.join(', ')}</dd>
            <dt>{w.organizations.created}</dt>
            <dd>
              <Time at={organization.createdAt} absolute />
            </dd>
          </dl>
        </section>
        {isOperator && <OrganizationLoadCard id={organization.id} />}
        {isOperator && organization.status !== 'deleted' && <Acts organization={organization} />}
      </div>
      {isLooking && <LookInside organization={organization} onClose={() => setLooking(false)} />}
    </Page>
  )
}

/** Beside suspending: it slows an organization down and breaks nothing. */
function EmitLimit({ organization: { id, limits } }: { organization: Organization }) {
  const [text, setText] = useState(String(limits.emitsPerSecond ?? ''))
  const limit = /^[1-9]\d{0,6}$/.test(text.trim()) ? Number(text) : undefined
  const set = (emitsPerSecond: number | null) =>
    call('PATCH', `/organizations/${id}`, { body: { limits: { emitsPerSecond } } })
  const change = useAct(() => set(limit ?? null))
  const lift = useAct(
    () => set(null),
    () => setText(''),
  )
  return (
    <div className="row">
      <Field label={w.organizationPage.limit} help={w.organizationPage.limitHelp} value={text} onChange={setText} />
      <Act act={change} disabled={limit === undefined || limit === limits.emitsPerSecond}>
        {limit === undefined ? w.organizationPage.limitRate : w.organizationPage.limitTo(limit)}
      </Act>
      {limits.emitsPerSecond !== null && <Act act={lift}>{w.organizationPage.lift}</Act>}
    </div>
  )
}

function Acts({ organization }: { organization: Organization }) {
  const path = `/organizations/${organization.id}`
  const [namespace, setNamespace] = useState('')
  const [plan, setPlan] = useState(organization.plan)
  const [isSuspending, setSuspending] = useState(false)
  const change = useAct(() => call('PATCH', path, { body: { plan } }))
  const grant = useAct(
    () => call('POST', `${path}/namespaces`, { body: { namespace } }),
    () => setNamespace(''),
  )
  const activate = useAct(() => call('POST', `${path}/activate`))
  return (
    <section className="card stack">
      <fieldset className="row">
        <legend>{w.organizationPage.plan}</legend>
        {PLANS.map(each => (
          <label key={each} className="row">
            <input type="radio" name="plan" checked={plan === each} onChange={() => setPlan(each)} />
            {each}
          </label>
        ))}
        <Act act={change} disabled={plan === organization.plan}>
          {w.organizationPage.changePlan}
        </Act>
      </fieldset>
      <EmitLimit organization={organization} />
      <div className="row">
        <Field label={w.organizationPage.namespace} value={namespace} onChange={setNamespace} />
        <Act act={grant} disabled={namespace.trim() === ''}>
          {w.organizationPage.grantAct}
        </Act>
      </div>
      <div className="row">
        {organization.status === 'suspended' ? (
          <Act act={activate} look="main-act">
            {w.organizationPage.activate}
          </Act>
        ) : (
          <button type="button" className="button grave" onClick={() => setSuspending(true)}>
            {w.organizationPage.suspend}
          </button>
        )}
      </div>
      {isSuspending && (
        <Confirm
          title={w.organizationPage.suspend}
          help={w.organizationPage.suspendHelp}
          name={organization.name}
          act={w.organizationPage.suspend}
          work={() => call('POST', `${path}/suspend`)}
          onDone={() => {}}
          onClose={() => setSuspending(false)}
        />
      )}
    </section>
  )
}
