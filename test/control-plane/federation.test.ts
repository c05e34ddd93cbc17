/** The state machine of a membership (docs/specification/federation.md#members), walked at random and compared with a small model of it. */
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals'
import fc from 'fast-check'
import { type ControlPlane, createControlPlane } from '../../src/control-plane/control-plane.ts'
import type { FederationMember } from '../../src/model/federation.ts'
import { createIds } from '../../src/model/ids.ts'
import type { Plan } from '../../src/model/plans.ts'
import { createValidators } from '../../src/registry/validators.ts'
import { type ControlProcess, clock, openControlProcess, random } from './control-plane-harness.ts'

let process: ControlProcess
let plane: ControlPlane
/** Moved by hand: invitations run out by it. */
let nowMs = clock.nowMs()
beforeAll(async () => {
  process = await openControlProcess()
  const hand = { ...clock, nowMs: () => nowMs }
  plane = createControlPlane({
    ...process,
    ...{
      secretKey: 'the secret of the tests',
      checkUrl: () => undefined,
      validators: createValidators({ cacheMax: 10 }),
    },
    ...{ ids: createIds({ clock: hand, random }), clock: hand, random },
  })
})
afterAll(() => process?.close())

const CALLER = { actorId: 'key_of_the_test', requestId: 'req_of_the_test' }
const caller = (organizationId: string) => ({ ...CALLER, organizationId })
const DAY_MS = 86_400_000

type Command =
  | 'invite'
  | 'accept'
  | 'decline'
  | 'leave'
  | 'withdraw'
  | 'pause'
  | 'pauseOwn'
  | 'resume'
  | 'resumeOwn'
  | 'upgrade'
  | 'downgrade'
  | 'wait'
const COMMANDS: Command[] = [
  ...(['invite', 'accept', 'decline', 'leave', 'withdraw', 'pause', 'pauseOwn', 'resume', 'resumeOwn'] as const),
  ...(['upgrade', 'downgrade', 'wait'] as const),
]

/** The table of the specification, without any of its implementation. */
interface Model {
  status: FederationMember['status'] | 'none'
  pausedBy: 'owner' | 'member' | 'plan' | null
  removed: FederationMember['removeReason']
  enterprise: boolean
  /** Of the invitation, in days. */
  age: number
  rows: number
}

const INITIAL: Model = { status: 'none', pausedBy: null, removed: null, enterprise: true, age: 0, rows: 0 }
const REFUSED = 'refused'
const gone = (model: Model, removed: Model['removed']): Model => ({
  ...model,
  status: 'removed',
  pausedBy: null,
  removed,
})
const takesPart = ({ status }: Model) => status === 'accepted' || status === 'paused'

function step(model: Model, command: Command): Model | typeof REFUSED {
  const pending = model.status === 'pending' && model.age < 14
  const byMember = ['accept', 'decline', 'leave', 'pauseOwn', 'resumeOwn']
  if (byMember.includes(command) && !model.enterprise) return REFUSED
  switch (command) {
    case 'invite':
      return pending || takesPart(model)
        ? REFUSED
        : { ...model, status: 'pending', pausedBy: null, removed: null, age: 0, rows: model.rows + 1 }
    case 'accept':
      if (model.status === 'accepted') return model
      return pending ? { ...model, status: 'accepted' } : REFUSED
    case 'decline':
      return pending ? gone(model, 'declined') : REFUSED
    case 'leave':
      return takesPart(model) ? gone(model, 'left') : REFUSED
    case 'withdraw':
      return pending || takesPart(model) ? gone(model, 'removed') : REFUSED
    case 'pause':
    case 'pauseOwn': {
      const side = command === 'pause' ? 'owner' : 'member'
      if (model.status === 'paused' && model.pausedBy === side) return model
      return model.status === 'accepted' ? { ...model, status: 'paused', pausedBy: side } : REFUSED
    }
    case 'resume':
    case 'resumeOwn': {
      const side = command === 'resume' ? 'owner' : 'member'
      if (model.status === 'accepted') return model
      if (model.status !== 'paused' || model.pausedBy !== side) return REFUSED
      return model.enterprise ? { ...model, status: 'accepted', pausedBy: null } : { ...model, pausedBy: 'plan' }
    }
    case 'upgrade':
      return {
        ...model,
        enterprise: true,
        ...(model.pausedBy === 'plan' ? { status: 'accepted' as const, pausedBy: null } : {}),
      }
    case 'downgrade':
      return {
        ...model,
        enterprise: false,
        ...(model.status === 'accepted' ? { status: 'paused' as const, pausedBy: 'plan' as const } : {}),
      }
    case 'wait':
      return model.status === 'pending' ? { ...model, age: model.age + 5 } : model
  }
}

async function organization(plan: Plan): Promise<string> {
  const slug = `o${random.bytes(6).toString('hex')}`
  return (await plane.organizations.create(CALLER, { name: slug, slug, plan })).organization.id
}

/** Whether the real thing took the command. */
async function run(command: Command, owner: string, group: string, peer: string): Promise<boolean> {
  const { members } = plane.federation
  const ofOwner = [caller(owner), owner, group] as const
  const ofPeer = [caller(peer), peer, group] as const
  const memberId = rowsOf(group, peer).at(-1)?.id ?? 'cefm_none'
  const calls: Record<Command, () => Promise<unknown>> = {
    invite: () => members.invite(...ofOwner, peer),
    accept: () => members.accept(...ofPeer),
    decline: () => members.decline(...ofPeer),
    leave: () => members.leave(...ofPeer),
    withdraw: () => members.remove(...ofOwner, memberId),
    pause: () => members.pause(...ofOwner, memberId),
    pauseOwn: () => members.pause(...ofPeer, memberId),
    resume: () => members.resume(...ofOwner, memberId),
    resumeOwn: () => members.resume(...ofPeer, memberId),
    upgrade: () => plane.organizations.patch(CALLER, peer, { plan: 'ENTERPRISE' }),
    downgrade: () => plane.organizations.patch(CALLER, peer, { plan: 'PRO' }),
    wait: async () => {
      nowMs += 5 * DAY_MS
    },
  }
  return calls[command]().then(
    () => true,
    error => {
      if ((error as { code?: string }).code === undefined) throw error
      return false
    },
  )
}

const rowsOf = (group: string, peer: string) =>
  process.view.federation.members(group).filter(each => each.memberOrganizationId === peer)

describe('a membership', () => {
  it('has the state of the table after any calls of owner, member and operator', async () => {
    const owner = await organization('ENTERPRISE')
    const anything = fc.array(fc.constantFrom(...COMMANDS), { minLength: 5, maxLength: 20 })
    // Half of the walks begin where there is most to do.
    const commands = fc.oneof(
      anything,
      anything.map((rest): Command[] => ['invite', 'accept', ...rest]),
    )
    await fc.assert(
      fc.asyncProperty(commands, async sequence => {
        const peer = await organization('ENTERPRISE')
        const { id: group } = await plane.federation.groups.create(caller(owner), owner, {
          name: `g ${random.bytes(6).toString('hex')}`,
        })
        let model = INITIAL
        for (const command of sequence) {
          const expected = step(model, command)
          const taken = await run(command, owner, group, peer)
          expect([command, taken]).toEqual([command, expected !== REFUSED])
          if (expected !== REFUSED) model = expected
          expect(seen(group, peer)).toEqual(shownOf(model))
        }
        // The owner has room for the next run.
        await plane.federation.groups.archive(caller(owner), owner, group)
      }),
      { numRuns: 60, endOnFailure: true },
    )
  }, 120_000)

  it('called upon by both sides at once is in one state, which one of the orders explains', async () => {
    const owner = await organization('ENTERPRISE')
    const pairs = fc.tuple(
      fc.constantFrom<Command[]>(['invite'], ['invite', 'accept'], ['invite', 'accept', 'pause']),
      fc.uniqueArray(fc.constantFrom(...COMMANDS.filter(each => each !== 'wait')), { minLength: 2, maxLength: 2 }),
    )
    await fc.assert(
      fc.asyncProperty(pairs, async ([before, [one, other]]) => {
        const peer = await organization('ENTERPRISE')
        const { id: group } = await plane.federation.groups.create(caller(owner), owner, {
          name: `g ${random.bytes(6).toString('hex')}`,
        })
        let model = INITIAL
        for (const command of before) {
          await run(command, owner, group, peer)
          model = step(model, command) as Model
        }
        await Promise.all([run(one!, owner, group, peer), run(other!, owner, group, peer)])
        const inOrder = (...commands: Command[]) =>
          commands.reduce((standing, command) => {
            const next = step(standing, command)
            return next === REFUSED ? standing : next
          }, model)
        expect([shownOf(inOrder(one!, other!)), shownOf(inOrder(other!, one!))]).toContainEqual(seen(group, peer))
        await plane.federation.groups.archive(caller(owner), owner, group)
      }),
      { numRuns: 60, endOnFailure: true },
    )
  }, 120_000)
})

/** The newest row, and the number of rows. */
function seen(group: string, peer: string) {
  const rows = rowsOf(group, peer)
  const row = rows.at(-1)
  return {
    status: row?.status ?? 'none',
    pausedBy: row?.pauseReason ?? null,
    removed: row?.removeReason ?? null,
    rows: rows.length,
  }
}
/** An invitation that ran out stays pending in the records until it is swept. */
const shownOf = ({ status, pausedBy, removed, rows }: Model) => ({ status, pausedBy, removed, rows })

it('an invitation that ran out is refused by the clock, and swept', async () => {
  const [owner, peer] = [await organization('ENTERPRISE'), await organization('ENTERPRISE')]
  const { id: group } = await plane.federation.groups.create(caller(owner), owner, { name: 'Swept' })
  const { members } = plane.federation
  const { inviteExpiresAt, invitedAt } = await members.invite(caller(owner), owner, group, peer)
  expect(Date.parse(inviteExpiresAt!) - Date.parse(invitedAt)).toBe(14 * DAY_MS)
  nowMs = Date.parse(inviteExpiresAt!)
  for (const answer of [members.accept, members.decline])
    await expect(answer(caller(peer), peer, group)).rejects.toMatchObject({ code: 'invitation_expired' })
  const sweep = createControlPlane({
    ...process,
    ...{
      secretKey: 'the secret of the tests',
      checkUrl: () => undefined,
      validators: createValidators({ cacheMax: 10 }),
      timeScale: 0.001,
    },
    ...{ ids: createIds({ clock, random }), clock: { ...clock, nowMs: () => nowMs }, random },
  }).federation.startSweep()
  for (let tries = 0; tries < 100 && seen(group, peer).status !== 'removed'; tries++) await clock.sleep(50)
  sweep.close()
  expect(seen(group, peer)).toEqual({ status: 'removed', pausedBy: null, removed: 'expired', rows: 1 })
  await expect(members.accept(caller(peer), peer, group)).rejects.toMatchObject({ code: 'invitation_expired' })
  // Asked again, it has another row.
  await members.invite(caller(owner), owner, group, peer)
  await members.accept(caller(peer), peer, group)
  expect(seen(group, peer)).toEqual({ status: 'accepted', pausedBy: null, removed: null, rows: 2 })
})
