import { useQuery } from '@tanstack/react-query'
import { call } from '../api/call.ts'
import { FederationPicture, type PicturedMember } from '../event/federation-picture.tsx'
import { Act, useAct } from '../parts/act.tsx'
import { Mark } from '../parts/mark.tsx'
import { Page } from '../parts/page.tsx'
import { Empty, Failed, Loading } from '../parts/state.tsx'
import { Time } from '../parts/time.tsx'
import { mayChange, useSession } from '../session/session.ts'
import { w } from '../words/words.ts'

interface Group {
  id: string
  name: string
  description: string | null
  status: string
  callerRole: string
  memberCount: number
  pushCount: number
}

interface Member {
  id: string
  peerType: string
  memberOrganizationId: string | null
  external: { label: string } | null
  status: string
  health: 'healthy' | 'failing'
  lastRelayAt: string | null
}

interface Invitation {
  id: string
  groupId: string
  groupName: string
  ownerOrganizationName: string
}

interface Push {
  id: string
  namespace: string
  name: string
  version: string
  sourceCanonicalName: string
}

const PATH = '/events/custom/federation'

export function Screen() {
  const groups = useQuery({
    queryKey: ['federation', 'groups'],
    queryFn: ({ signal }) => call<Group[]>('GET', `${PATH}/groups`, { query: { limit: 100 }, signal }),
  })
  const invitations = useQuery({
    queryKey: ['federation', 'invitations'],
    queryFn: ({ signal }) => call<Invitation[]>('GET', `${PATH}/invitations`, { signal }),
  })
  return (
    <Page title={w.federation.title}>
      <div className="stack">
        {(invitations.data ?? []).map(invitation => (
          <Invited key={invitation.id} invitation={invitation} />
        ))}
        {groups.data === undefined ? (
          groups.error === null ? (
            <Loading />
          ) : (
            <Failed error={groups.error} again={() => void groups.refetch()} scope="federation:manage" />
          )
        ) : groups.data.length === 0 ? (
          <Empty>
            <p>{w.federation.empty}</p>
          </Empty>
        ) : (
          groups.data.map(group => <One key={group.id} group={group} />)
        )}
      </div>
    </Page>
  )
}

function Invited({ invitation }: { invitation: Invitation }) {
  const session = useSession()
  const path = `${PATH}/groups/${invitation.groupId}`
  const accept = useAct(() => call('POST', `${path}/accept`, { body: {} }))
  const decline = useAct(() => call('POST', `${path}/decline`))
  return (
    <section className="banner warn">
      <strong>{invitation.groupName}</strong> {w.federation.from(invitation.ownerOrganizationName)}
      {mayChange(session, 'federation:manage') && (
        <div className="row">
          <Act act={accept} look="main-act">
            {w.federation.accept}
          </Act>
          <Act act={decline}>{w.federation.decline}</Act>
        </div>
      )}
    </section>
  )
}

function One({ group }: { group: Group }) {
  const members = useQuery({
    queryKey: ['federation', group.id, 'members'],
    queryFn: ({ signal }) =>
      call<Member[]>('GET', `${PATH}/groups/${group.id}/members`, { query: { limit: 100 }, signal }),
  })
  const pushes = useQuery({
    queryKey: ['federation', group.id, 'pushes'],
    queryFn: ({ signal }) =>
      call<Push[]>('GET', `${PATH}/groups/${group.id}/pushes`, { query: { limit: 100 }, signal }),
  })
  const error = members.error ?? pushes.error
  return (
    <section className="card stack">
      <div className="row">
        <h2>{group.name}</h2>
        <span className="quiet">
          {w.federation.role}: {w.federation.roles[group.callerRole] ?? group.callerRole}
        </span>
      </div>
      {group.description !== null && <p>{group.description}</p>}
      {error !== null && <Failed error={error} again={() => void members.refetch()} scope="federation:manage" />}
      {members.data !== undefined && (
        <FederationPicture
          owner={group.name}
          shared={pushes.data?.length ?? group.pushCount}
          members={members.data.filter(({ status }) => status !== 'removed').map(pictured)}
        />
      )}
      <h3>{w.federation.members}</h3>
      <ul className="lines">
        {(members.data ?? []).map(member => (
          <li key={member.id} className="row">
            <Mark tone={member.health === 'failing' ? 'bad' : member.status === 'accepted' ? 'good' : 'calm'}>
              {member.health === 'failing'
                ? w.federation.failing
                : (w.federation.roles[member.status] ?? member.status)}
            </Mark>
            <span>{member.external?.label ?? <code>{member.memberOrganizationId}</code>}</span>
            {member.lastRelayAt !== null && (
              <span className="quiet">
                {w.federation.lastRelay} <Time at={member.lastRelayAt} />
              </span>
            )}
          </li>
        ))}
      </ul>
      <h3>{w.federation.pushes}</h3>
      {pushes.data?.length === 0 && <p className="quiet">{w.federation.noPushes}</p>}
      <ul>
        {(pushes.data ?? []).map(({ id, namespace, name, version }) => (
          <li key={id}>
            <code>{`${namespace}.${name}@${version}`}</code>
          </li>
        ))}
      </ul>
    </section>
  )
}

const pictured = ({ id, external, memberOrganizationId, status, health }: Member): PicturedMember => ({
  ...{ id, name: external?.label ?? memberOrganizationId ?? id },
  tone: health === 'failing' ? 'bad' : status === 'accepted' ? 'good' : 'calm',
  state: health === 'failing' ? w.federation.failing : (w.federation.roles[status] ?? status),
})
