import { beforeEach, describe, expect, test } from 'vitest'
import { serve } from '../../../node/requests.ts'
import { BAN, type BanStatement } from '../../../protocol/community/ban.ts'
import type { Membership } from '../../../protocol/community/membership.ts'
import type { Envelope } from '../../../protocol/envelope.ts'
import { LEDGER } from '../../../protocol/wire/services.ts'
import {
  type CopyHolder,
  createStage,
  holder,
  noticed,
  patience,
  type Stage,
} from '../../node/ledger/stage.ts'
import { councilAct } from '../../support/acts.ts'
import { invite, join, NOON, type Person } from '../../support/community.ts'
import type { StagedHistory } from '../../support/staged-log.ts'

/** A log that keeps Mallory's ban to itself, in one way or another. */

const MINUTE = 60_000

let stage: Stage
/** Alice's place in her chain, as she goes on. */
let alices: Person
let mallory: Person
let ban: Envelope<BanStatement>
let before: StagedHistory
let after: StagedHistory

beforeEach(async () => {
  stage = await createStage()
  alices = { ...stage.alice }
  const invitation = await invite(alices, 0, NOON)
  const joined = await join(invitation, 'Mallory', NOON)
  mallory = joined.person
  before = stage.founded.and(NOON, invitation.envelope, joined.envelope)
  const fields = { m: mallory.member, why: 'spam' } as const
  ban = await councilAct(stage.alice.community, BAN, fields, NOON, [stage.alice.root])
  after = before.and(NOON, ban)
})

const standing = ({ ledger }: CopyHolder) =>
  (ledger.membership.value as Membership).members.get(mallory.member)?.standing

/** Answers others as a member's session does. */
async function answers({ network, ledger }: CopyHolder): Promise<void> {
  await serve(network, LEDGER, async (_from, { get }) => ({
    entries: await ledger.entries(get as number),
    size: ledger.membership.value.size,
  }))
}

describe('a statement that the log withholds', () => {
  test('from one member alone reaches them with the first other whom they meet', async () => {
    stage.told = { history: after, cp: await after.checkpoint() }
    const alice = await holder(stage, 'Alice')
    await answers(alice)
    stage.told = { history: before, cp: await before.checkpoint() }
    const carol = await holder(stage, 'Carol')
    expect([standing(alice), standing(carol)]).toEqual(['banned', 'active'])
    stage.hub.link(alice.network.peer, carol.network.peer)
    const shown = alice.ledger.checkpoint as Uint8Array
    await carol.ledger.compare(alice.network.peer, shown, stage.relay.peer, patience())
    expect(standing(carol)).toBe('banned')
    // That it gave less than it had signed is said; there are no two histories.
    await carol.pull()
    expect(carol.ledger.standing.value).toBe('behind')
    expect(await noticed(carol)).toEqual([])
  })

  test('from one member, whom it shows another one in its place, convicts it when the two meet', async () => {
    stage.told = { history: after, cp: await after.checkpoint() }
    const alice = await holder(stage, 'Alice')
    await answers(alice)
    const other = before.and(NOON, (await invite(alices, 1, NOON)).envelope)
    stage.told = { history: other, cp: await other.checkpoint() }
    const carol = await holder(stage, 'Carol')
    stage.hub.link(alice.network.peer, carol.network.peer)
    const shown = alice.ledger.checkpoint as Uint8Array
    await carol.ledger.compare(alice.network.peer, shown, stage.relay.peer, patience())
    expect(await noticed(carol)).toEqual(['forked'])
  })

  test('from everybody, after it has promised it, is reported with the promise, and convicts it once it puts another in its place', async () => {
    stage.told = { history: before, cp: await before.checkpoint() }
    const alice = await holder(stage, 'Alice')
    const at = Math.floor(stage.clock.now() / MINUTE) * 60
    const promise = await before.promise(ban, before.size, at)
    stage.take = async () => ({ promise: promise.bytes })
    expect(await alice.ledger.submit(stage.relay.peer, ban, patience())).toEqual({ ok: true, value: true })
    stage.clock.turn(16 * MINUTE)
    await alice.pull()
    expect(alice.ledger.alarms.value).toMatchObject([{ kind: 'promise-unkept', promise: promise.bytes }])
    const other = before.and(NOON, (await invite(alices, 1, NOON)).envelope)
    stage.told = { history: other, cp: await other.checkpoint() }
    await alice.pull()
    expect(await noticed(alice)).toEqual(['promise-unkept', 'promise-broken'])
  })

  test('by not answering is no act that its maker believes done, and takes effect whenever it is given again', async () => {
    stage.told = { history: before, cp: await before.checkpoint() }
    const alice = await holder(stage, 'Alice')
    const submit = () => alice.ledger.submit(stage.relay.peer, ban, patience())
    stage.take = async () => ({ error: 'log-away' })
    expect(await submit()).toEqual({ ok: false, reason: 'log-away' })
    expect(standing(alice)).toBe('active')
    const promise = await before.promise(ban, before.size, NOON)
    stage.take = async () => ({ promise: promise.bytes })
    expect(await submit()).toEqual({ ok: true, value: true })
    stage.told = { history: after, cp: await after.checkpoint() }
    await alice.pull()
    expect(standing(alice)).toBe('banned')
    expect(await noticed(alice)).toEqual([])
  })
})
