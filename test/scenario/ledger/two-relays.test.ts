import { expect, onTestFinished, test } from 'vitest'
import { httpSource } from '../../../node/audit/http-source.ts'
import { askSite } from '../../../node/site-address.ts'
import { BAN } from '../../../protocol/community/ban.ts'
import type { MemberId } from '../../../protocol/ids.ts'
import { parseCheckpoint } from '../../../protocol/log/checkpoint.ts'
import { parseNote } from '../../../protocol/log/signed-note.ts'
import { toLedgerTime } from '../../../protocol/time.ts'
import { LEDGER, PROFILES } from '../../../protocol/wire/services.ts'
import { councilAct } from '../../support/acts.ts'
import { type Invitation, invite, join, type Person } from '../../support/community.ts'
import { PATIENCE } from '../../support/node-peer.ts'
import { enterAs, knockWith, now, type RawClient, rawClient, refused } from '../../support/raw-client.ts'
import { startRelayProcess } from '../../support/relay-process.ts'
import { startSeededRelay } from '../../support/seeded-relay.ts'
import { audit } from './auditor.ts'
import { good } from './book.ts'

/** Two relays serve one community; one of them is its log. The council bans Mallory while two of her guests are coming in. */
test('a ban and a join that race to two relays get one order, which everybody reads the same', async () => {
  const town = await startSeededRelay()
  onTestFinished(() => town.relay.close())
  const { alice, mallory } = town
  const hers = await visit(town.site, (client) => enterAs(client, mallory))
  const invitations: Invitation[] = []
  for (const slot of [0, 1]) {
    const invitation = await invite(mallory, slot, minute())
    expect(await put(hers, invitation.envelope)).toBe('taken')
    invitations.push(invitation)
  }
  const mirror = await startRelayProcess(['--mirror', town.relay.origin])
  onTestFinished(() => mirror.close())
  await grown(mirror.origin, 17)

  const [toMirror, toLog] = invitations as [Invitation, Invitation]
  const [rita, rob] = [await join(toMirror, 'Rita', minute()), await join(toLog, 'Rob', minute())]
  const ban = await councilAct(alice.community, BAN, { m: mallory.member, why: 'abuse', cut: 0 }, minute(), [
    alice.root,
  ])
  const council = await visit(town.site, (client) => enterAs(client, alice))
  const ritas = await visit(await siteOf(mirror.origin), (client) => knockWith(client, toMirror))
  const robs = await visit(town.site, (client) => knockWith(client, toLog))
  const [ofRita, ofRob, ofBan] = await Promise.all([
    put(ritas, rita.envelope),
    put(robs, rob.envelope),
    put(council, ban),
  ])
  // Only the log orders, and the mirror asks it. Who came before the ban was cut by it, who came after it is nobody.
  expect(ofBan).toBe('taken')
  for (const outcome of [ofRita, ofRob]) expect(['taken', 'invitation-void']).toContain(outcome)

  const size = 18 + [ofRita, ofRob].filter((outcome) => outcome === 'taken').length
  const [log, copy] = [await readFrom(town.relay.origin, size), await readFrom(mirror.origin, size)]
  expect([log.findings, copy.findings]).toEqual([[], []])
  expect(copy.head).toEqual(log.head)
  expect(copy.checkpoint?.state).toEqual(log.head.state)
  const standing = ({ member }: Person, { state }: typeof log) =>
    state?.members.get(member as MemberId)?.standing
  for (const seen of [log, copy]) {
    expect(standing(mallory, seen)).toBe('banned')
    expect(standing(rita.person, seen)).toBe(ofRita === 'taken' ? 'cut' : undefined)
    expect(standing(rob.person, seen)).toBe(ofRob === 'taken' ? 'cut' : undefined)
  }
  // The mirror gives the same to its members, and the log's refusals as they are.
  const onMirror = await visit(await siteOf(mirror.origin), (client) => enterAs(client, alice))
  const answers = [await onMirror.ask(LEDGER, { get: 0 }), await council.ask(LEDGER, { get: 0 })]
  expect(answers[0] === 'reset' ? answers[0] : answers[0]?.entries).toEqual(
    answers[1] === 'reset' ? undefined : answers[1]?.entries,
  )
  const wrong = (await invite({ ...alice }, 9, minute())).envelope
  expect(await put(onMirror, wrong)).toBe(await put(council, wrong))
})

/** A member needs only one of the relays: Nora knows the mirror alone. */
test('somebody comes in through a relay that is not the log, and what is not answered may be given again', async () => {
  const town = await startSeededRelay()
  onTestFinished(() => town.relay.close())
  const hers = await visit(town.site, (client) => enterAs(client, town.mallory))
  const mirror = await startRelayProcess(['--mirror', town.relay.origin])
  onTestFinished(() => mirror.close())
  await grown(mirror.origin, 15)
  const site = await siteOf(mirror.origin)
  const invitations: Invitation[] = []
  for (const slot of [0, 1]) {
    const invitation = await invite(town.mallory, slot, minute())
    expect(await put(hers, invitation.envelope)).toBe('taken')
    invitations.push(invitation)
  }
  const [first, second] = invitations as [Invitation, Invitation]

  // The invitation is younger than what the mirror has fetched: it looks for it before it says no.
  const noras = await visit(site, (client) => knockWith(client, first))
  const nora = await join(first, 'Nora', minute())
  expect(await put(noras, nora.envelope)).toBe('taken')
  const noraAgain = await visit(site, (client) => enterAs(client, nora.person))
  expect(await noraAgain.ask(PROFILES, { put: nora.person.profile.bytes })).toEqual({})
  const alices = await visit(town.site, (client) => enterAs(client, town.alice))
  await expect
    .poll(() => alices.ask(PROFILES, { get: [nora.person.member] }), { timeout: PATIENCE })
    .toEqual({ profiles: [nora.person.profile.bytes] })

  // The log dies while Olga is coming in. Nothing is lost by giving the same again.
  const olgas = await visit(site, (client) => knockWith(client, second))
  const olga = await join(second, 'Olga', minute())
  await town.relay.kill()
  expect(await put(olgas, olga.envelope)).toBe('log-away')
  await town.relay.restart()
  expect(await put(olgas, olga.envelope)).toBe('taken')
  expect(await put(olgas, olga.envelope)).toBe('taken')
  const copy = await readFrom(mirror.origin, 19)
  expect(copy.findings).toEqual([])
  for (const { person } of [nora, olga])
    expect(copy.state?.members.get(person.member as MemberId)?.standing).toBe('active')
})

async function visit(
  site: Parameters<typeof rawClient>[0],
  greet: (client: RawClient) => Promise<void>,
): Promise<RawClient> {
  const client = await rawClient(site)
  onTestFinished(() => client.vanish())
  await greet(client)
  return client
}

async function put(client: RawClient, { bytes }: { readonly bytes: Uint8Array }): Promise<unknown> {
  const answer = await client.ask(LEDGER, { put: bytes })
  return answer !== 'reset' && answer.promise ? 'taken' : refused(answer)
}

function siteOf(origin: string) {
  return askSite(new URL(origin), AbortSignal.timeout(PATIENCE))
}

/** The log at this origin, once it has signed or taken over so many entries. */
async function grown(origin: string, size: number) {
  const source = httpSource(new URL('/log/', origin))
  const newest = async () => {
    const note = await source.checkpoint(AbortSignal.timeout(PATIENCE)).catch(() => undefined)
    return note && good(parseCheckpoint(good(parseNote(note)).text)).size
  }
  await expect.poll(newest, { timeout: PATIENCE }).toBe(size)
  return source
}

async function readFrom(origin: string, size: number) {
  return audit(await grown(origin, size))
}

function minute(): number {
  return toLedgerTime(now())
}
