/** `client.events.custom.federation`: sharing versions with other organizations and with endpoints outside. */
import { at, createCalls } from './call.ts'
import type { Send } from './transport.ts'
import type {
  CallOptions,
  ExternalPeer,
  Group,
  Invitation,
  Json,
  Member,
  NewExternalPeer,
  Paging,
  Push,
  Relay,
} from './types.ts'

type RelayQuery = Paging & { status?: Relay['status']; memberId?: string; pushId?: string; sourceEventId?: string }

export function createFederation(send: Send) {
  const calls = createCalls(send, '/events/custom/federation')
  const groups = (id: string, ...rest: string[]) => `/groups${at(id)}${rest.join('')}`
  const member = (groupId: string, id: string, rest = '') => `${groups(groupId, '/members', at(id))}${rest}`
  return {
    groups: {
      create: (input: { name: string; description?: string }, options?: CallOptions) =>
        calls.postOnce<Group>('/groups', input, options),
      list: (query: Paging & { includeArchived?: boolean } = {}, options: CallOptions = {}) =>
        calls.list<Group>('/groups', query, options),
      get: (id: string, options?: CallOptions) => calls.get<Group & { members: Member[] }>(groups(id), options),
      update: (id: string, patch: { name?: string; description?: string | null }, options?: CallOptions) =>
        calls.patch<Group>(groups(id), patch, options),
      /** Final: nothing is shared by it any more. */
      archive: (id: string, options?: CallOptions) => calls.delete<Group>(groups(id), options),
      invite: (id: string, input: { memberOrganizationId: string }, options?: CallOptions) =>
        calls.post<Member>(groups(id, '/invite'), input, options),
      accept: (id: string, input: { inboundNamespace?: string | null } = {}, options?: CallOptions) =>
        calls.post<Member>(groups(id, '/accept'), input, options),
      decline: (id: string, options?: CallOptions) => calls.post<Member>(groups(id, '/decline'), undefined, options),
      leave: (id: string, options?: CallOptions) => calls.post<Member>(groups(id, '/leave'), undefined, options),
    },
    /** Invitations without an answer. */
    invitations: (query: Paging = {}, options: CallOptions = {}) =>
      calls.list<Invitation>('/invitations', query, options),
    members: {
      list: (groupId: string, query: Paging & { status?: Member['status'] } = {}, options: CallOptions = {}) =>
        calls.list<Member>(groups(groupId, '/members'), query, options),
      update: (groupId: string, id: string, patch: { inboundNamespace: string | null }, options?: CallOptions) =>
        calls.patch<Member>(member(groupId, id), patch, options),
      pause: (groupId: string, id: string, options?: CallOptions) =>
        calls.post<Member>(member(groupId, id, '/pause'), undefined, options),
      resume: (groupId: string, id: string, options?: CallOptions) =>
        calls.post<Member>(member(groupId, id, '/resume'), undefined, options),
      remove: (groupId: string, id: string, options?: CallOptions) =>
        calls.delete<Member>(member(groupId, id), options),
    },
    pushes: {
      /** Shares one published version, with its schema at this time. */
      declare: (groupId: string, input: { registrationId: string }, options?: CallOptions) =>
        calls.post<Push>(groups(groupId, '/pushes'), input, options),
      list: (groupId: string, query: Paging & { includeInactive?: boolean } = {}, options: CallOptions = {}) =>
        calls.list<Push>(groups(groupId, '/pushes'), query, options),
      remove: (id: string, options?: CallOptions) => calls.delete<Push>(`/pushes${at(id)}`, options),
    },
    externalPeers: {
      /** The only answer with the secret. */
      add: (groupId: string, input: NewExternalPeer, options?: CallOptions) =>
        calls.postOnce<ExternalPeer>(groups(groupId, '/external-peers'), input, options),
      rotateSecret: (id: string, options?: CallOptions) =>
        calls.postOnce<ExternalPeer>(`/external-peers${at(id)}/rotate-secret`, undefined, options),
      test: (id: string, options?: CallOptions) =>
        calls.post<Json>(`/external-peers${at(id)}/test`, undefined, options),
      remove: (id: string, options?: CallOptions) => calls.delete<Member>(`/external-peers${at(id)}`, options),
    },
    relays: {
      list: (groupId: string, query: RelayQuery = {}, options: CallOptions = {}) =>
        calls.list<Relay>(groups(groupId, '/relays'), query, options),
      retry: (id: string, options?: CallOptions) => calls.post<Relay>(`/relays${at(id)}/retry`, undefined, options),
    },
  }
}
